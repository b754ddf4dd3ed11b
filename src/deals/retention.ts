import type { Connection } from 'mongoose';
import { DAY, type FileId, type Log } from '../core/index.js';
import type { Vault } from '../store/index.js';
import type { EvidenceDocument } from './model.js';

/** How long files are kept, days; 0: for ever. By what they are: photos show places and people, documents are contracts. */
export interface Retention {
  photoDays: number;
  documentDays: number;
  /** Somebody's voice. */
  recordingDays: number;
}

const CLASSES = [
  ['photoDays', ['photo']],
  ['documentDays', ['file', 'sheet']],
  ['recordingDays', ['voice']],
] as const;
/** What came in a chat and was handed in for nothing (the wrong thing, a photo nobody asked for); a month to find it again. */
const STRAY_DAYS = 30;
/** Files are removed one by one, and a night has hours. */
const BATCH = 200;

/**
 * Removes the files that were kept long enough. The evidence stays: verdict, facts, hashes, who judged; it says when its file went. Safe to
 * break off and to run again. Gives the number of evidence whose file is gone now.
 */
export async function forgetFiles(
  deps: { connection: Connection; vault: Vault; log: Log },
  keep: Retention,
  now: Date,
): Promise<number> {
  const rows = deps.connection.collection('evidence');
  let gone = 0;
  for (const [name, kinds] of CLASSES) {
    const days = keep[name];
    if (days === 0) continue;
    const before = new Date(now.getTime() - days * DAY);
    const old = {
      itemKind: { $in: [...kinds] },
      at: { $lt: before },
      'file.id': { $exists: true },
      // Not there; said so that an index can answer.
      'file.goneAt': null,
    };
    for (;;) {
      const batch = (await rows
        .find(old as never)
        .sort({ at: 1 })
        .limit(BATCH)
        .toArray()) as unknown as EvidenceDocument[];
      if (batch.length === 0) break;
      for (const { _id, file } of batch) {
        if (file === undefined) continue;
        // First the file, then the word that it is gone: broken off between the two, the next night says it.
        if (!(await wantedElsewhere(file.id, before))) await deps.vault.remove(file.id);
        await rows.updateOne({ _id: _id }, { $set: { 'file.goneAt': now } });
        gone += 1;
      }
    }
  }
  if (gone > 0) deps.log.info({ gone }, 'files kept long enough were removed; verdicts and hashes stay');
  return gone;

  /** The same file can serve a younger evidence. */
  async function wantedElsewhere(id: FileId, before: Date): Promise<boolean> {
    return (await rows.countDocuments({ 'file.id': id, at: { $gte: before }, 'file.goneAt': null })) > 0;
  }
}

/**
 * Removes files that came and were handed in for nothing, once they are a month old; no class of evidence would ever remove them. `keptElsewhere`:
 * those that wait for an item. Safe to break off and to run again. Gives the number removed.
 */
export async function forgetStrays(
  deps: { connection: Connection; vault: Vault; log: Log },
  keptElsewhere: ReadonlySet<FileId>,
  now: Date,
): Promise<number> {
  const { connection, vault, log } = deps;
  const rows = connection.collection('evidence');
  const before = new Date(now.getTime() - STRAY_DAYS * DAY);
  let gone = 0;
  let ids = await vault.unclaimed(before, BATCH, null);
  while (ids.length > 0) {
    const owners = await rows.find({ 'file.id': { $in: ids } } as never, { projection: { 'file.id': 1 } }).toArray();
    const owned = new Set(owners.map((row) => (row as unknown as { file: { id: FileId } }).file.id));
    // Whatever is evidence goes with its class.
    await vault.claim(ids.filter((id) => owned.has(id)));
    for (const id of ids.filter((one) => !owned.has(one) && !keptElsewhere.has(one))) {
      await vault.remove(id);
      gone += 1;
    }
    ids = await vault.unclaimed(before, BATCH, ids.at(-1) ?? null);
  }
  if (gone > 0) log.info({ gone }, 'files that were handed in for nothing were removed');
  return gone;
}
