import type { Connection } from 'mongoose';
import { NotFoundError } from '../core/index.js';
import type { Flow } from '../flow/index.js';

/** Every flow version that a deal may be pinned to: those loaded from files now, and those kept from before. */
export interface Flows {
  /** The version in force for new deals. */
  current(flowId: string): Flow;
  list(): Flow[];
  /** The pinned version; kept in the store, so that a changed file never changes a running deal. */
  version(hash: string): Flow;
}

/** A flow whose file is broken or gone stays in force as it was kept last. */
export async function createFlows(connection: Connection, loaded: readonly Flow[], now: Date): Promise<Flows> {
  const collection = connection.collection('flow_versions');
  const versions = new Map<string, Flow>();
  const current = new Map<string, Flow>();
  for (const kept of await collection.find({}).sort({ keptAt: 1 }).toArray()) {
    const flow = kept['flow'] as Flow;
    versions.set(String(kept._id), flow);
    current.set(flow.id, flow);
  }
  for (const flow of loaded) {
    if (versions.has(flow.hash)) continue;
    await collection.updateOne({ _id: flow.hash as never }, { $setOnInsert: { flow, keptAt: now } }, { upsert: true });
    versions.set(flow.hash, flow);
  }
  for (const flow of loaded) current.set(flow.id, flow);
  return {
    current(flowId) {
      const flow = current.get(flowId);
      if (flow === undefined) throw new NotFoundError('flow.unknown', `no flow ${flowId}`);
      return flow;
    },
    list: () => [...current.values()],
    version(hash) {
      const flow = versions.get(hash);
      if (flow === undefined) throw new NotFoundError('flow.version_unknown', `no flow version ${hash}`);
      return flow;
    },
  };
}
