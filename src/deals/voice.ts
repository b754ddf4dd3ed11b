import type { CardData } from '../cards/index.js';
import type { EvidenceId, PersonId } from '../core/index.js';
import type { Mention } from '../evidence/index.js';
import type { Item } from '../flow/index.js';
import type { DealDocument, DealNote, EvidenceDocument } from './model.js';

/** A recording that waits for nothing but a word on consent is asked for that word, not called unchecked. */
export function asksConsent(item: Item, codes: readonly string[]): boolean {
  return item.kind === 'voice' && codes.includes('voice.consent');
}

export function consentCard(
  deal: DealDocument,
  item: Item,
  submissionId: EvidenceId,
  more: Pick<CardData['voice-consent'], 'state' | 'say' | 'at'>,
): CardData['voice-consent'] {
  return {
    dealId: deal._id,
    itemId: item.id,
    client: deal.clientName,
    item: item.name,
    submissionId,
    ownAllowed: item.kind === 'voice' && item.demands.accepts.includes('self'),
    ...more,
  };
}

/** What was heard, by ids that hold as long as the verdict does. */
export function mentionsOf({ verdict }: Pick<EvidenceDocument, 'verdict'>): Mention[] {
  const found = verdict?.facts['mentions'];
  return Array.isArray(found) ? (found as Mention[]) : [];
}

const mentionId = (index: number): string => `m${index}`;

export function wordsCard(
  deal: DealDocument,
  item: { id: string; name: string },
  submissionId: EvidenceId,
  mentions: readonly Mention[],
  state: 'offer' | 'noted' = 'offer',
): CardData['voice-words'] {
  return {
    dealId: deal._id,
    itemId: item.id,
    client: deal.clientName,
    item: item.name,
    submissionId,
    state,
    mentions: mentions.map(({ name, quote }, n) => ({ id: mentionId(n), name, quote })),
  };
}

/** The mentions behind the ids that were chosen on the card. */
export function chosenMentions(mentions: readonly Mention[], ids: readonly string[]): Mention[] {
  return mentions.filter((_, n) => ids.includes(mentionId(n)));
}

/** Those that are not among the deal's notes yet, ready to be added. */
export function freshNotes(
  deal: DealDocument,
  { evidenceId, by, at, mentions }: { evidenceId: EvidenceId; by: PersonId; at: Date; mentions: readonly Mention[] },
): DealNote[] {
  const known = new Set(deal.notes?.map(({ id }) => id));
  return mentions
    .map(({ name, quote }) => ({ id: `${evidenceId}:${name}`, at, by, keyword: name, quote, evidenceId }))
    .filter(({ id }) => !known.has(id));
}
