import type { DealId } from '../core/index.js';
import type { DealDocument } from '../deals/index.js';
import type { Item, SubmissionValue } from '../flow/index.js';
import type { VaultFile } from '../store/index.js';
import type { KeptFile } from './session.js';
import type { Turn } from './turn.js';

/** Somebody who collects for many deals in a row keeps the newest. */
const MAX_KEPT = 10;

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

/** Files kept for one deal and stage give way to a newer one. */
export function keepFor(turn: Turn, kept: Kept, dealId: DealId, stageId: string): void {
  const others = keptFiles(turn).filter((one) => one.dealId !== dealId || one.stageId !== stageId);
  turn.change.kept = [...others, { ...kept, dealId, stageId }].slice(-MAX_KEPT);
}

/** The file that was kept for this item's stage, as the value that the item wants. A photo is never old: it is taken when it is asked for. */
export function keptFor(
  turn: Turn,
  deal: DealDocument,
  item: Item,
): { file: VaultFile; value: SubmissionValue } | null {
  if (item.kind === 'photo') return null;
  const kept = keptFiles(turn).find((one) => one.dealId === deal._id && one.stageId === deal.stageId);
  const value = kept === undefined ? null : valueFor(item, kept);
  return kept === undefined || value === null ? null : { file: kept.file, value };
}

export function useUp(turn: Turn, file: VaultFile): void {
  turn.change.kept = keptFiles(turn).filter((one) => one.file.id !== file.id);
}

/** A session of an earlier version kept one file and no list. */
const keptFiles = ({ session: { kept } }: Turn): readonly KeptFile[] => (Array.isArray(kept) ? kept : []);
