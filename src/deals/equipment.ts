import { isDeepStrictEqual } from 'node:util';
import type { Connection } from 'mongoose';
import { asId, type EvidenceId } from '../core/index.js';
import { foldCode } from '../evidence/index.js';
import { findSubmission, type Item } from '../flow/index.js';
import type { Device, DeviceFact, Equipment, Sighting } from '../org/index.js';
import type { DealDocument, EvidenceDocument } from './model.js';

/** The client's equipment list follows the nameplates that passed. */
export interface EquipmentList {
  /** Brings the list in step with one evidence as it stands at the gate now: in, changed, or out again. Any number of times. */
  sync(id: EvidenceId): Promise<void>;
  /** All of it anew from deals and evidence; with `verifyOnly` it only compares. */
  rebuild(options?: { verifyOnly?: boolean }): Promise<{ compared: number; different: string[] }>;
}

export function showsDevice(item: Item | undefined): boolean {
  return item?.kind === 'photo' && (item.demands.nameplate?.length ?? 0) > 0;
}

/** A list of the client's devices is asked for. */
export function wantsDevices(item: Item): boolean {
  return item.kind === 'sheet' && (item.demands.columns ?? []).some((column) => column.includes('型号'));
}

/** `BC-5390 2 台`, the most numerous first. */
export function deviceWords(devices: readonly Device[]): string[] {
  const counts = new Map<string, number>();
  for (const { model } of devices) if (model !== null) counts.set(model.value, (counts.get(model.value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([model, count]) => `${model} ${count} 台`);
}

/** Shorter serial numbers (a running number of one maker) are told apart by the model as well. */
const MIN_LONE_SERIAL = 6;

/** What an evidence says about a device; null while its photo has not passed, or shows neither model nor serial. Pure. */
export function sightingOf(deal: DealDocument, evidence: EvidenceDocument): Sighting | null {
  const submission = findSubmission(deal, evidence._id)?.submission;
  const { request, clientId } = evidence;
  if (request.kind !== 'photo' || (request.demands.nameplate?.length ?? 0) === 0) return null;
  if (submission?.status !== 'passed') return null;
  const fact = (name: 'model' | 'serial'): DeviceFact | null => {
    const found = evidence.verdict?.facts[name];
    const read = typeof found === 'string' && found !== '' ? found : null;
    const corrected = evidence.corrected?.[name];
    if (corrected !== undefined) return { value: corrected.value, read, sure: 'corrected', by: corrected.by };
    if (read === null) return null;
    const agreed = evidence.verdict?.findings.some(
      ({ code, status }) => code === `photo.nameplate_${name}` && status === 'passed',
    );
    if (agreed === true) return { value: read, read, sure: 'readings' };
    return {
      value: read,
      read,
      sure: 'person',
      ...(submission.judgedBy === undefined ? {} : { by: submission.judgedBy }),
    };
  };
  const model = fact('model');
  const serial = fact('serial');
  if (model === null && serial === null) return null;
  const { _id, dealId, by, at, ownerId, teamId, regionId } = evidence;
  return { _id, clientId, key: keyOf(_id, model, serial), model, serial, dealId, by, at, ownerId, teamId, regionId };
}

/** Look-alikes (O and 0) are the same device read twice; without a serial number every photo is one of its own. */
function keyOf(id: EvidenceId, model: DeviceFact | null, serial: DeviceFact | null): string {
  if (serial === null) return id;
  const folded = foldCode(serial.value);
  return folded.length >= MIN_LONE_SERIAL ? folded : `${foldCode(model?.value ?? '')}/${folded}`;
}

export function createEquipmentList({
  connection,
  equipment,
}: {
  connection: Connection;
  equipment: Equipment;
}): EquipmentList {
  const evidenceRows = connection.collection('evidence');
  const deals = connection.collection('deals');

  async function wanted(evidence: EvidenceDocument): Promise<Sighting | null> {
    const deal = (await deals.findOne({ _id: evidence.dealId })) as unknown as DealDocument | null;
    return deal === null ? null : sightingOf(deal, evidence);
  }

  async function write(id: EvidenceId, sighting: Sighting | null): Promise<void> {
    if (sighting === null) await equipment.remove(id);
    else await equipment.put(sighting);
  }

  return {
    async sync(id) {
      const evidence = (await evidenceRows.findOne({ _id: id })) as unknown as EvidenceDocument | null;
      await write(id, evidence === null ? null : await wanted(evidence));
    },
    async rebuild({ verifyOnly = false } = {}) {
      let compared = 0;
      const different: string[] = [];
      const settle = async (id: EvidenceId, made: Sighting | null): Promise<void> => {
        const kept = await equipment.get(id);
        if (kept === null && made === null) return;
        compared += 1;
        if (isDeepStrictEqual(kept, made)) return;
        different.push(id);
        if (!verifyOnly) await write(id, made);
      };
      const photos = evidenceRows.find({ itemKind: 'photo', 'request.demands.nameplate': { $exists: true } } as never);
      const known = new Set<string>();
      for await (const row of photos) {
        const evidence = row as unknown as EvidenceDocument;
        known.add(evidence._id);
        await settle(evidence._id, await wanted(evidence));
      }
      const strays: EvidenceId[] = [];
      for await (const { _id } of equipment.all()) if (!known.has(_id)) strays.push(asId<EvidenceId>(_id));
      for (const id of strays) await settle(id, null);
      return { compared, different };
    },
  };
}
