import { DAY, HOUR, type CaptureAsk } from '../core/index.js';
import { currentVisitOf, dealItem, type DealDocument } from '../deals/index.js';
import { itemStates, type Flow, type Item } from '../flow/index.js';
import type { ClientPosition, InboundEvent } from '../platforms/contract.js';
import type { ConversationDeps } from './context.js';
import { againAt, handIn, keep, later, recentPositions, underWay, type Target } from './files.js';
import { valueFor } from './kept.js';
import { submitValue, type ItemQuestion } from './submit.js';
import { handInTouch } from './touch.js';
import type { Turn } from './turn.js';

/** What the capture page under a ticket is for, as the deal stands now. */
export interface Capturing extends Target {
  askedAt: Date;
  kind: 'photo' | 'check-in' | 'scan';
  /** `done`: nothing more is wanted. `expired`: asked too long ago. `over`: the stage, the deal or the owner is another now. */
  state: 'open' | 'done' | 'expired' | 'over';
  have: number;
  need: number;
  /** Until when it may be taken. */
  until: Date;
}

/** Without a demanded freshness a ticket opens for a day: by then the nudge has asked anew. */
const LIFE_MS = DAY;
/**
 * What was taken in time and could not be sent from a cellar is taken this much later; the verifier says whether it was in time.
 */
export const CAPTURE_LATE_MS = 12 * HOUR;

/** Null: no such deal or item, or nothing that a page can take. */
export function capturing(deal: DealDocument, flow: Flow, ask: CaptureAsk, now: Date): Capturing | null {
  const item = flow.stages.flatMap(({ items }) => items).find(({ id }) => id === ask.itemId);
  const kind = item === undefined ? null : kindOf(item);
  if (item === undefined || kind === null) return null;
  const askedAt = later(ask.askedAt, againAt(deal, item.id));
  const until = new Date(askedAt.getTime() + lifeOf(item));
  const state = itemStates(flow, deal).find(({ itemId }) => itemId === item.id);
  const need = state?.need ?? 1;
  const have = underWay(deal, item.id);
  const isHere = currentVisitOf(deal)?.id === ask.visitId && dealItem(flow, deal, item.id) !== null;
  const isTheirs = deal.ownerId === ask.personId && deal.status === 'open';
  const isDone = ['passed', 'exempt', 'review'].includes(state?.state ?? '') || have >= need;
  const standing = !isHere || !isTheirs ? 'over' : isDone ? 'done' : now > until ? 'expired' : 'open';
  return { deal, flow, item, askedAt, kind, state: standing, have, need, until };
}

function kindOf(item: Item): Capturing['kind'] | null {
  if (item.kind === 'touch') return item.accepts.includes('check-in') ? 'check-in' : null;
  return item.kind === 'photo' || item.kind === 'scan' ? item.kind : null;
}

const lifeOf = (item: Item): number => (item.kind === 'photo' ? (item.demands.freshWithinMs ?? LIFE_MS) : LIFE_MS);

/** This very submission had its effect before. */
export const wasCaptured = (deal: DealDocument, key: string): boolean =>
  deal.applied.some((entry) => entry.key === key);

type Captured = Extract<InboundEvent['body'], { kind: 'capture' }>;

/** What came from the page: for the item of its ticket, through the same commands as in the chat. */
export async function onCapture(deps: ConversationDeps, turn: Turn, body: Captured): Promise<void> {
  const { ask } = body;
  const deal = ask.personId === turn.person.id ? await deps.deals.get(ask.dealId) : null;
  const at = deal === null ? null : capturing(deal, deps.deals.flowOf(deal), ask, turn.now);
  if (deal === null || at === null) {
    turn.text('这个链接对应的事已经不在了，从清单重新打开。');
    return;
  }
  const isLate = at.state === 'expired' && turn.now.getTime() - at.until.getTime() <= CAPTURE_LATE_MS;
  if (at.state !== 'open' && !isLate && !wasCaptured(deal, turn.event.key)) {
    turn.text(whyNot(at));
    return;
  }
  if (at.kind === 'photo') await onPhoto(deps, turn, at, body);
  else if (at.kind === 'scan') await onCode(deps, turn, at, body);
  else await onCheckIn(deps, turn, at, body);
}

/** Why nothing more is taken under this ticket, with what to do. */
export function whyNot({ state, item, deal }: Pick<Capturing, 'state' | 'item' | 'deal'>): string {
  switch (state) {
    case 'done':
      return `「${item.name}」已经交了，不用再交。`;
    case 'expired':
      return `这次的时间过了。在清单上再点一下「${item.name}」，现场重来一次。`;
    case 'over':
      return `${deal.clientName}已经不在这一步了，回聊天里看清单。`;
    case 'open':
      return '';
  }
}

async function onPhoto(deps: ConversationDeps, turn: Turn, at: Capturing, body: Captured): Promise<void> {
  const kept = await keep(deps, turn, body.media ?? null);
  if (kept === null) return;
  const value = valueFor(at.item, kept);
  if (value === null) {
    turn.text('这不是照片。在页面里重新拍一张。');
    return;
  }
  const place = positionOf(turn, body.position);
  const positions = [...recentPositions(turn), ...(place === null ? [] : [place])];
  await handIn(deps, turn, at, value, { file: kept.file, positions });
}

async function onCode(deps: ConversationDeps, turn: Turn, at: Capturing, { code = '' }: Captured): Promise<void> {
  const about = { dealId: at.deal._id, itemId: at.item.id, askedAt: at.askedAt };
  const expectedCode = deps.visitCode(at.deal._id);
  const { kind, done } = await submitValue(deps, turn, about, { kind: 'scan', code }, { expectedCode, known: at.deal });
  if (kind === 'submitted') turn.remember(done.card.card);
}

async function onCheckIn(deps: ConversationDeps, turn: Turn, at: Capturing, body: Captured): Promise<void> {
  const { deal, item, askedAt } = at;
  if (body.code !== undefined && body.code !== deps.visitCode(deal._id)) {
    turn.text(`这不是${deal.clientName}的拜访二维码。`);
    return;
  }
  const place = positionOf(turn, body.position);
  if (place !== null) turn.change.positions = [...turn.session.positions, place].slice(-5);
  if (place === null && body.code === undefined) {
    turn.text('没有位置，也没有扫码，还不算到场。');
    return;
  }
  const open = turn.session.question;
  const earlier = open?.kind === 'item' && open.dealId === deal._id && open.itemId === item.id ? open.draft : {};
  const note = body.note ?? earlier['note'];
  const question: ItemQuestion = {
    kind: 'item',
    dealId: deal._id,
    visitId: body.ask.visitId,
    itemId: item.id,
    askedAt,
    step: 1,
    draft: { witness: 'check-in', ...(body.code === undefined ? {} : { code: body.code }) },
  };
  turn.change.dealId = deal._id;
  turn.change.question = question;
  if (note === undefined) {
    turn.text('到场记下了。再写一句见了谁、谈了什么。');
    return;
  }
  const answered = await handInTouch(deps, turn, question, { witness: 'check-in', note }, deal);
  if (answered.kind === 'submitted') turn.remember(answered.done.card.card);
}

const DOUBTS = {
  cached: '手机给的是存着的旧位置，没有用上它。走到信号好的地方再来一次。',
  mock: '手机说这个位置是模拟的，没有用上它。关掉模拟定位再来一次。',
} as const;

/** What a photo is judged by; a doubtful one is left out, and the person hears why. */
function positionOf(turn: Turn, position: (ClientPosition & { at: Date }) | undefined) {
  if (position === undefined) return null;
  if (position.doubt !== undefined) {
    turn.text(DOUBTS[position.doubt]);
    return null;
  }
  const { lat, lng, datum, accuracyMetres, at } = position;
  return {
    lat,
    lng,
    datum,
    source: 'capture-page' as const,
    at,
    ...(accuracyMetres === undefined ? {} : { accuracyMetres }),
  };
}
