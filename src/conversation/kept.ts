import type { DealDocument } from '../deals/index.js';
import type { Item, SubmissionValue } from '../flow/index.js';
import type { VaultFile } from '../store/index.js';
import type { Turn } from './turn.js';

/** A file in the vault, and what its bytes say it is. */
export type Kept = { file: VaultFile; kind: 'image' | 'pdf' | 'xlsx' | 'csv' | 'audio' | 'other' };

/** What the item takes such a file as; null when it wants something else. */
export function valueFor(item: Item, { file, kind }: Kept): SubmissionValue | null {
  switch (item.kind) {
    case 'photo':
      // What is no picture is judged by the verifier, whose words say what was sent; only clear documents are sent back here.
      return kind === 'pdf' || kind === 'xlsx' || kind === 'csv' || kind === 'audio'
        ? null
        : { kind: 'photo', fileId: file.id, sha256: file.sha256 };
    case 'file':
      return kind === 'image' || kind === 'audio'
        ? null
        : { kind: 'file', fileId: file.id, sha256: file.sha256, name: file.name };
    case 'sheet':
      return kind === 'image' || kind === 'pdf' || kind === 'audio'
        ? null
        : { kind: 'sheet', fileId: file.id, sha256: file.sha256, name: file.name };
    case 'voice':
      return kind === 'audio' || kind === 'other'
        ? { kind: 'voice', fileId: file.id, sha256: file.sha256, name: file.name }
        : null;
    default:
      return null;
  }
}

/** The file that was kept for this item's stage, as the value that the item wants. */
export function keptFor(
  turn: Turn,
  deal: DealDocument,
  item: Item,
): { file: VaultFile; value: SubmissionValue } | null {
  const { kept } = turn.session;
  if (kept === undefined || kept === null || kept.dealId !== deal._id || kept.stageId !== deal.stageId) return null;
  const value = valueFor(item, { file: kept.file, kind: 'pdf' });
  return value === null || item.kind !== 'file' ? null : { file: kept.file, value };
}
