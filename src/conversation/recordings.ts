import { asId, type EvidenceId } from '../core/index.js';
import {
  chosenMentions,
  consentCard,
  dealItem,
  mentionsOf,
  wordsCard,
  type DealDocument,
  type EvidenceDocument,
} from '../deals/index.js';
import type { Item } from '../flow/index.js';
import type { ConversationDeps } from './context.js';
import type { Question } from './session.js';
import type { Turn } from './turn.js';

interface Recording {
  deal: DealDocument;
  item: Item;
  evidence: EvidenceDocument;
}

/** The recording of a press: only whoever handed it in may speak for it. */
async function recordingOf(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<Recording | null> {
  const evidence = await deps.verification.get(asId<EvidenceId>(ids[1] ?? '-'));
  const deal = evidence === null || evidence.dealId !== ids[0] ? null : await deps.deals.get(evidence.dealId);
  const found = evidence === null || deal === null ? null : dealItem(deps.deals.flowOf(deal), deal, evidence.itemId);
  if (evidence === null || deal === null || found === null || evidence.request.kind !== 'voice') {
    turn.replace('stale', {});
    return null;
  }
  if (evidence.by !== turn.person.id) {
    turn.reply('not-yours', {});
    return null;
  }
  return { deal, item: found.item, evidence };
}

const STATED = { agreed: '确认对方同意录音', own: '确认是自己口述' } as const;

/** 对方同意录音, 是我自己口述: kept with who and when, and the recording is looked at again. The first word holds. */
export async function stateConsent(
  deps: ConversationDeps,
  turn: Turn,
  ids: readonly string[],
  kind: 'agreed' | 'own',
): Promise<void> {
  const found = await recordingOf(deps, turn, ids);
  if (found === null) return;
  const { deal, item, evidence } = found;
  if (evidence.file?.goneAt === undefined) {
    const { id: by, name: who } = turn.person;
    const statement = { kind, by, at: turn.now };
    const entry = { at: turn.now, who, status: 'unchecked', text: STATED[kind] };
    await deps.verification.addWitness(evidence._id, { statement }, entry);
  }
  const now = await deps.verification.get(evidence._id);
  const holds = now?.voice?.statement;
  const more =
    holds === undefined ? { state: 'dropped' as const } : { state: holds.kind, at: deps.words.dayTime(holds.at) };
  turn.replace('voice-consent', consentCard(deal, item, evidence._id, more));
}

/** 没同意，删掉: the sound goes at once, and the hand-in with it. */
export async function dropRecording(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<void> {
  const found = await recordingOf(deps, turn, ids);
  if (found === null) return;
  const { deal, item, evidence } = found;
  const { statement } = evidence.voice ?? {};
  if (statement !== undefined) {
    const more = { state: statement.kind, at: deps.words.dayTime(statement.at) };
    turn.replace('voice-consent', consentCard(deal, item, evidence._id, more));
    return;
  }
  const entry = { at: turn.now, who: turn.person.name, status: 'withdrawn', text: '对方没同意录音，删掉了' };
  await deps.verification.forget(evidence._id, entry);
  await deps.deals.withdraw({
    key: turn.event.key,
    dealId: deal._id,
    by: turn.person.id,
    platform: turn.event.platform,
    evidenceId: evidence._id,
  });
  turn.replace('voice-consent', consentCard(deal, item, evidence._id, { state: 'dropped' }));
}

/** 打字写内容: the next words are what is said in the recording. */
export async function askWords(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<void> {
  const found = await recordingOf(deps, turn, ids);
  if (found === null) return;
  turn.change.dealId = found.deal._id;
  turn.change.question = {
    kind: 'voice-words',
    dealId: found.deal._id,
    evidenceId: found.evidence._id,
    askedAt: turn.now,
  };
  turn.text('把录音里说的话打出来发给我，主管会对着录音听一遍。');
}

export async function takeWords(
  deps: ConversationDeps,
  turn: Turn,
  { evidenceId }: Extract<Question, { kind: 'voice-words' }>,
  text: string,
): Promise<void> {
  turn.change.question = null;
  const typed = { text, by: turn.person.id, at: turn.now };
  const entry = { at: turn.now, who: turn.person.name, status: 'unchecked', text: `打字写了内容：${text}` };
  await deps.verification.addWitness(evidenceId, { typed }, entry);
  turn.text('记下了，和录音放在一起。正在核验，结果看清单。');
}

/** 记到备注: what the rep confirmed of what was heard. */
export async function noteWords(
  deps: ConversationDeps,
  turn: Turn,
  ids: readonly string[],
  choices: Record<string, string[]>,
): Promise<void> {
  const found = await recordingOf(deps, turn, ids);
  if (found === null) return;
  const { deal, item, evidence } = found;
  const mentions = chosenMentions(mentionsOf(evidence), Object.values(choices).flat());
  if (mentions.length === 0) {
    turn.text('还没选。点选项再提交就行；都不对就不用管。');
    return;
  }
  await deps.deals.note({
    key: turn.event.key,
    dealId: deal._id,
    by: turn.person.id,
    platform: turn.event.platform,
    evidenceId: evidence._id,
    mentions,
  });
  turn.replace('voice-words', wordsCard(deal, item, evidence._id, mentions, 'noted'));
}
