import type { Connection } from 'mongoose';
import type { ClientId, DealId, EvidenceId, PersonId } from '../core/index.js';
import type { IndexSpec } from '../store/index.js';
import type { Placed } from './types.js';

/** Model or serial number of a device: as it was read, how sure that is, and what somebody made of it. */
export interface DeviceFact {
  /** As it counts: the correction, else the reading. */
  value: string;
  /** As the machine read it; null: it read nothing, somebody wrote it. */
  read: string | null;
  /** `readings`: two readings agreed. `person`: somebody confirmed the photo. `corrected`: somebody wrote it. */
  sure: 'readings' | 'person' | 'corrected';
  /** Who confirmed or corrected. */
  by?: PersonId;
}

/** One nameplate on one photo: where an entry of a client's equipment list comes from. One document an evidence. */
export interface Sighting extends Placed {
  _id: EvidenceId;
  clientId: ClientId;
  /** Sightings of one client with the same key are one device. */
  key: string;
  model: DeviceFact | null;
  serial: DeviceFact | null;
  dealId: DealId;
  by: PersonId;
  at: Date;
}

/** A device at a client's, with the photos that show it, the latest first. */
export interface Device {
  key: string;
  model: DeviceFact | null;
  serial: DeviceFact | null;
  sightings: Sighting[];
}

/** 设备清单: what is known to stand at a client's. */
export interface Equipment {
  /** Writes or replaces what one evidence shows; a second try changes nothing. */
  put(sighting: Sighting): Promise<void>;
  /** The evidence counts no more. */
  remove(id: EvidenceId): Promise<void>;
  get(id: EvidenceId): Promise<Sighting | null>;
  /** Devices of a client, the one seen last first; only from photos of which `seen` says yes. */
  ofClient(clientId: ClientId, seen?: (sighting: Sighting) => boolean): Promise<Device[]>;
  /** Every entry, for comparing with where it comes from. */
  all(): AsyncIterable<Sighting>;
}

export const equipmentIndexes: Record<string, readonly IndexSpec[]> = {
  equipment: [{ key: { clientId: 1, at: -1 }, name: 'client' }],
};

/** Photos of one client; a hospital's whole inventory would be some thousands. */
const MOST = 5_000;

export function createEquipment({ connection }: { connection: Connection }): Equipment {
  const rows = connection.collection('equipment');
  return {
    async put({ _id, ...sighting }) {
      await rows.replaceOne({ _id: _id }, sighting, { upsert: true });
    },
    async remove(id) {
      await rows.deleteOne({ _id: id as never });
    },
    async get(id) {
      return (await rows.findOne({ _id: id })) as unknown as Sighting | null;
    },
    async ofClient(clientId, seen = () => true) {
      const found = await rows.find({ clientId }).sort({ at: -1 }).limit(MOST).toArray();
      return devicesOf((found as unknown as Sighting[]).filter(seen));
    },
    async *all() {
      for await (const row of rows.find({})) yield row as unknown as Sighting;
    },
  };
}

/** Sightings, the latest first, as devices: the same serial number twice is one device, and the latest word on it counts. Pure. */
export function devicesOf(sightings: readonly Sighting[]): Device[] {
  const devices = new Map<string, Device>();
  for (const sighting of sightings) {
    const { key, model, serial } = sighting;
    const device = devices.get(key);
    if (device === undefined) devices.set(key, { key, model, serial, sightings: [sighting] });
    else {
      device.sightings.push(sighting);
      device.model = weightier(device.model, model);
      device.serial = weightier(device.serial, serial);
    }
  }
  return [...devices.values()];
}

/** A correction outlives later readings of the same plate: whoever looked knew better than the machine. */
function weightier(later: DeviceFact | null, earlier: DeviceFact | null): DeviceFact | null {
  if (later === null) return earlier;
  return earlier?.sure === 'corrected' && later.sure !== 'corrected' ? earlier : later;
}
