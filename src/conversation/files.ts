import { AppError, MINUTE, stableId, type FileId } from '../core/index.js';
import type { GotKind } from '../cards/index.js';
import { currentVisitOf, dealItem, type DealDocument, stageOf, type SubmitCommand } from '../deals/index.js';
import { itemStates, type Flow, type Item, type SubmissionValue } from '../flow/index.js';
import type { MediaRef } from '../platforms/contract.js';
import type { ConversationDeps } from './context.js';
import { keepFor, valueFor, type Kept } from './kept.js';
import { submitValue } from './questions.js';
import { showGap } from './texts.js';
import type { Turn } from './turn.js';
import { whoseIsIt, wrongKind } from './unclear.js';

/** Same limit as the evidence room; told before anything is stored. */
export const MAX_FILE_BYTES = 25 * 1024 * 1024;
export const MAX_FILE_WORDS = '25 MB';

type Got = 'image' | 'file' | 'voice';

/** A picture that was sent as a file is called what it is. */
const wordFor = (got: Got, { kind }: Kept): GotKind => (got === 'file' && kind === 'image' ? 'image' : got);

/** A photo or a file: fetched at once (platform links die), kept as it came, then handed in for what was asked. */
export async function onFile(
  deps: ConversationDeps,
  turn: Turn,
  media: MediaRef,
  got: Got,
  /** The platform's own text of a voice message. */
  heard = '',
): Promise<void> {
  const kept = await keep(deps, turn, media);
  if (kept === null) return;
  // What came as a voice message is a recording; the verifier says what is wrong with its bytes.
  if (got === 'voice') kept.kind = 'audio';
  const asked = await askedFor(deps, turn, kept);
  // What was refused is asked for on its own card, whatever other question is open that can't use the file.
  const again = asked === null || valueFor(asked.item, kept) === null ? await askedAgain(deps, turn, kept) : null;
  if (asked === null && again === null && (await waitsForStage(deps, turn, kept))) return;
  const target = again ?? asked ?? (await wantedNow(deps, turn, kept.kind));
  if (target === null) {
    await unasked(deps, turn, kept, got);
    return;
  }
  const { deal, item } = target;
  const value = valueFor(item, kept);
  if (value === null) {
    wrongKind(turn, deal, item, wordFor(got, kept));
    return;
  }
  if (item.kind === 'photo' && item.demands.freshWithinMs !== undefined && isOld(deps, turn, target.askedAt)) return;
  await handIn(deps, turn, target, value, {
    file: kept.file,
    positions: recentPositions(turn),
    ...(heard === '' ? {} : { voice: { heard: { text: heard, by: turn.event.platform } } }),
  });
}

/** A photo that stood in a chat before it was asked for was not taken for this question: that is said, and it stays open. */
function isOld(deps: ConversationDeps, turn: Turn, askedAt: Date | null): boolean {
  const { body } = turn.event;
  const at = body.kind === 'image' || body.kind === 'file' ? body.quoted?.at : undefined;
  if (at === undefined || askedAt === null || at >= askedAt) return false;
  turn.text(`引用的这张是${deps.words.dayTime(at)} 发的，比这次要照片早。现在当场拍一张，直接发给我。`);
  return true;
}

/** Hands a file in for an item; a question that it does not answer stays open. */
export async function handIn(
  deps: ConversationDeps,
  turn: Turn,
  { deal, item, askedAt }: Target,
  value: SubmissionValue,
  extra: Pick<SubmitCommand, 'file' | 'positions' | 'voice'>,
): Promise<void> {
  const { kind, done } = await submitValue(deps, turn, { dealId: deal._id, itemId: item.id, askedAt }, value, {
    ...extra,
    known: deal,
  });
  if (kind !== 'submitted') return;
  const open = turn.session.question;
  // Another question that is open stays so. More of the same are wanted: the question stays open, so that several photos
  // in a row count one by one.
  const isOther = open?.kind === 'item' && (open.itemId !== item.id || open.dealId !== deal._id);
  const state = itemStates(done.flow, done.deal).find((one) => one.itemId === item.id);
  const isWanted = askedAt !== null && state !== undefined && underWay(done.deal, item.id) < state.need;
  if (open?.kind === 'item' && (isOther || isWanted)) turn.change.question = open;
  turn.remember(done.card.card);
}

/** Pieces that are looked at or have passed. */
export function underWay(deal: DealDocument, itemId: string): number {
  const submissions = currentVisitOf(deal)?.items[itemId]?.submissions ?? [];
  return submissions.filter(({ status }) => status === 'checking' || status === 'passed').length;
}

/** `media`: null where the file must be in the vault already. */
export async function keep(deps: ConversationDeps, turn: Turn, media: MediaRef | null): Promise<Kept | null> {
  const id = stableId<FileId>('f', turn.event.key);
  const refuse = (state: 'empty' | 'large' | 'unreadable'): null => {
    turn.reply('too-large', { state, limit: MAX_FILE_WORDS });
    return null;
  };
  try {
    // The second try of an event keeps nothing twice: what it fetched is there.
    const kept = await deps.vault.info(id);
    if (kept !== null) {
      const { kind } = await deps.sniff(await deps.vault.read(id));
      return { file: kept, kind: kind === 'empty' ? 'other' : kind };
    }
    if (media === null) return refuse('unreadable');
    const { bytes, name } = await deps.fetchMedia(media);
    if (bytes.byteLength > MAX_FILE_BYTES) return refuse('large');
    const { kind, mime } = await deps.sniff(bytes);
    if (kind === 'empty') return refuse('empty');
    const file = await deps.vault.put(id, bytes, { name: name ?? media.name ?? nameFor(kind), mime, at: turn.now });
    return { file, kind };
  } catch (error) {
    if (error instanceof AppError && error.code === 'media.too_large') return refuse('large');
    if (error instanceof AppError && error.code === 'media.gone') return refuse('unreadable');
    throw error;
  }
}

const nameFor = (kind: string): string =>
  ({ image: '照片.jpg', pdf: '文件.pdf', xlsx: '表格.xlsx', csv: '表格.csv', audio: '录音' })[kind] ?? '文件';

export interface Target {
  deal: DealDocument;
  flow: Flow;
  item: Item;
  askedAt: Date | null;
}

/** The open question; one that was put off, when the file fits it. */
async function askedFor(deps: ConversationDeps, turn: Turn, kept: Kept): Promise<Target | null> {
  const { question } = turn.session;
  if (question?.kind !== 'item') return null;
  const deal = await deps.deals.get(question.dealId);
  const found = deal === null ? null : dealItem(deps.deals.flowOf(deal), deal, question.itemId);
  if (deal === null || found === null || deal.ownerId !== turn.person.id) return null;
  if (question.paused === true && valueFor(found.item, kept) === null) return null;
  return {
    deal,
    flow: deps.deals.flowOf(deal),
    item: found.item,
    askedAt: later(question.askedAt, againAt(deal, question.itemId)),
  };
}

/** The last verdict of an item that asked for another piece. */
export function againAt(deal: DealDocument, itemId: string): Date | null {
  const submissions = currentVisitOf(deal)?.items[itemId]?.submissions ?? [];
  return submissions
    .filter(({ status }) => status === 'failed' || status === 'unchecked')
    .reduce<Date | null>(
      (last, { askedAgainAt }) => (askedAgainAt === undefined ? last : later(askedAgainAt, last)),
      null,
    );
}

export const later = (at: Date, other: Date | null): Date => (other !== null && other > at ? other : at);

/**
 * A verdict that asks for another one is the question put anew: what comes next counts as asked for from the verdict's
 * time on. Where freshness is demanded that holds for as long as a question would, and not a minute more.
 */
async function askedAgain(deps: ConversationDeps, turn: Turn, kept: Kept): Promise<Target | null> {
  const deal = await dealInHand(deps, turn);
  if (deal === null) return null;
  const flow = deps.deals.flowOf(deal);
  const states = itemStates(flow, deal);
  const found = (stageOf(flow, deal.stageId ?? '')?.items ?? []).flatMap((item, n) => {
    const askedAt = againAt(deal, item.id);
    const done = states[n]?.state === 'passed' || states[n]?.state === 'exempt';
    if (askedAt === null || done || valueFor(item, kept) === null) return [];
    const window = item.kind === 'photo' ? item.demands.freshWithinMs : undefined;
    const over = window !== undefined && turn.now.getTime() - askedAt.getTime() > window;
    return over ? [] : [{ deal, flow, item, askedAt }];
  });
  return found.sort((a, b) => b.askedAt.getTime() - a.askedAt.getTime())[0] ?? null;
}

/** The deal that is worked on, when it is the sender's and goes on. */
async function dealInHand(deps: ConversationDeps, turn: Turn): Promise<DealDocument | null> {
  const { dealId } = turn.session;
  const deal = dealId === undefined || dealId === null ? null : await deps.deals.get(dealId);
  return deal === null || deal.ownerId !== turn.person.id || deal.status !== 'open' ? null : deal;
}

/**
 * 自动推进: nobody asked for this file, but it speaks for a later stage (a signed contract). The rule only proposes; the
 * same gate decides. True when that stage must wait: the file is kept for it, and what is missing comes as the gap card.
 */
async function waitsForStage(deps: ConversationDeps, turn: Turn, kept: Kept): Promise<boolean> {
  const deal = kept.kind === 'pdf' ? await dealInHand(deps, turn) : null;
  if (deal === null) return false;
  const flow = deps.deals.flowOf(deal);
  const at = flow.stages.findIndex((stage) => stage.id === deal.stageId);
  const ahead = flow.autoAdvance.filter(({ toStage }) => flow.stages.findIndex(({ id }) => id === toStage) > at);
  if (ahead.length === 0) return false;
  const bytes = await deps.vault.read(kept.file.id);
  for (const rule of ahead) {
    if (!(await deps.fileFits(kept.file, bytes, rule.when))) continue;
    const done = await deps.deals.advance({
      // The event's own key is that of handing the file in, which follows.
      key: `${turn.event.key}:rule`,
      dealId: deal._id,
      known: deal,
      by: turn.person.id,
      platform: turn.event.platform,
      target: rule.toStage,
      cause: 'rule',
    });
    if (done.decision?.outcome !== 'refused') return false;
    const stage = stageOf(flow, rule.toStage)?.name ?? '';
    keepFor(turn, kept, deal._id, rule.toStage);
    turn.text(
      `收到「${kept.file.name}」，是「${stage}」的材料，先替你留着。前面还差这些，补齐了在那一步点一下就交上，不用再发。`,
    );
    showGap(deps, turn, done, rule.toStage);
    return true;
  }
  return false;
}

/** The one item of the present stage that wants such a file. */
async function wantedNow(deps: ConversationDeps, turn: Turn, kind: Kept['kind']): Promise<Target | null> {
  const deal = await dealInHand(deps, turn);
  const visit = deal === null ? undefined : currentVisitOf(deal);
  if (deal === null || visit === undefined) return null;
  const flow = deps.deals.flowOf(deal);
  const stage = stageOf(flow, visit.stageId);
  if (stage === undefined) return null;
  const states = itemStates(flow, deal);
  const fits = stage.items.filter((item, n) => {
    const state = states[n]?.state;
    if (state === 'passed' || state === 'exempt') return false;
    if (kind === 'image') return item.kind === 'photo';
    if (kind === 'pdf') return item.kind === 'file';
    if (kind === 'audio') return item.kind === 'voice';
    return item.kind === 'sheet';
  });
  const [only] = fits;
  return fits.length === 1 && only !== undefined ? { deal, flow, item: only, askedAt: null } : null;
}

/** The stage of the deal in hand has one recording to be handed in. */
export async function wantsRecording(deps: ConversationDeps, turn: Turn): Promise<boolean> {
  return (await wantedNow(deps, turn, 'audio')) !== null;
}

/** Nobody asked for it, and no one item wants it. It is kept where a press can use it; a photo has to be taken when asked. */
async function unasked(deps: ConversationDeps, turn: Turn, kept: Kept, got: Got): Promise<void> {
  const deal = await dealInHand(deps, turn);
  if (deal === null || deal.stageId === null) {
    whoseIsIt(turn, wordFor(got, kept));
    return;
  }
  const flow = deps.deals.flowOf(deal);
  const states = itemStates(flow, deal);
  const items = stageOf(flow, deal.stageId)?.items ?? [];
  const fit = items.filter((item, n) => {
    const done = states[n]?.state === 'passed' || states[n]?.state === 'exempt';
    return !done && valueFor(item, kept) !== null;
  });
  if (fit.length === 0) turn.text(`收到「${kept.file.name}」，这一步没有要它的地方。用到的那一步再发给我。`);
  else if (fit.every((item) => item.kind === 'photo'))
    turn.text('照片收到了。拍给哪一项？先点清单上的按钮，再当场拍一张，这样才算。');
  else {
    keepFor(turn, kept, deal._id, deal.stageId);
    turn.text(`收到「${kept.file.name}」，先替你留着。用在哪一项？点清单上那一项就交上，不用再发。`);
  }
  const done = await deps.deals.show({
    key: `${turn.event.key}:show`,
    dealId: deal._id,
    by: turn.person.id,
    platform: turn.event.platform,
  });
  turn.remember(done.card.card);
}

export function recentPositions(turn: Turn) {
  return turn.session.positions.filter((position) => (position.at?.getTime() ?? 0) > turn.now.getTime() - 10 * MINUTE);
}
