import { MINUTE } from '../core/index.js';
import { dealItem, type DealDocument } from '../deals/index.js';
import type { SubmissionValue } from '../flow/index.js';
import type { PlatformName } from '../platforms/contract.js';
import type { ConversationDeps } from './context.js';
import { submitValue, type Answered, type ItemQuestion } from './submit.js';
import type { Turn } from './turn.js';

type Touch = Extract<SubmissionValue, { kind: 'touch' }>;

/** A position sent just before 现场签到 was pressed is of the same visit. */
const POSITION_BEFORE_MS = 10 * MINUTE;

/** What is to be written after the way of the touch was chosen. */
export function touchWords(witness: string, platform: PlatformName): string {
  if (witness !== 'check-in') return '写一句谈了什么，比如：和设备科主任通了 10 分钟电话，约周四上门。';
  // DingTalk's bot gets no positions: its camera opens the page of the code.
  const proof = {
    wecom: '发一个定位给我，或者扫这个客户的拜访二维码',
    dingtalk: '用钉钉「签到」签一下，或者扫这个客户的拜访二维码',
  }[platform];
  return `到现场了，打开签到页点一下。打不开就${proof}；再写一句见了谁、谈了什么，比如：见了设备科主任，看了机房，约周四带方案来。`;
}

/** Where the person is, as far as they showed it since the question was put. */
function placeOf(turn: Turn, question: ItemQuestion): Touch['place'] {
  const { code } = question.draft;
  if (code !== undefined) return { kind: 'code', code };
  const since = question.askedAt.getTime() - POSITION_BEFORE_MS;
  const sent = turn.change.positions ?? turn.session.positions;
  const last = sent.findLast(({ at }) => (at?.getTime() ?? 0) >= since);
  return last === undefined ? undefined : { kind: 'position', lat: last.lat, lng: last.lng, datum: last.datum };
}

/** The sentence of a touch; of a check-in with the place. What is written stays when only the place is lacking. */
export async function handInTouch(
  deps: ConversationDeps,
  turn: Turn,
  question: ItemQuestion,
  { witness, note }: Pick<Touch, 'witness' | 'note'>,
  known: DealDocument,
): Promise<Answered> {
  const place = witness === 'check-in' ? placeOf(turn, question) : undefined;
  const value: Touch = { kind: 'touch', witness, note, ...(place === undefined ? {} : { place }) };
  const answered = await submitValue(deps, turn, question, value, { known, expectedCode: deps.visitCode(known._id) });
  const { decision } = answered.done;
  if (answered.kind === 'again' && decision?.outcome === 'asked_again' && decision.code === 'value.place') {
    turn.change.question = { ...question, draft: { ...question.draft, note } };
  }
  return answered;
}

/** A position or a scanned code while a check-in is asked for. False: it was for something else. */
export async function checkedIn(
  deps: ConversationDeps,
  turn: Turn,
  scanned?: { deal: DealDocument; code: string },
): Promise<boolean> {
  const { question } = turn.session;
  if (question?.kind !== 'item' || question.draft['witness'] !== 'check-in') return false;
  const deal = scanned?.deal ?? (await deps.deals.get(question.dealId));
  if (deal === null || deal._id !== question.dealId || deal.ownerId !== turn.person.id) return false;
  if (dealItem(deps.deals.flowOf(deal), deal, question.itemId)?.item.kind !== 'touch') return false;
  if (scanned !== undefined && scanned.code !== deps.visitCode(deal._id)) {
    turn.text(`这不是${deal.clientName}的拜访二维码。`);
    return true;
  }
  const asked = scanned === undefined ? question : { ...question, draft: { ...question.draft, code: scanned.code } };
  const { note } = question.draft;
  if (note === undefined) {
    turn.change.question = asked;
    turn.text('到场记下了。再写一句见了谁、谈了什么。');
    return true;
  }
  const answered = await handInTouch(deps, turn, asked, { witness: 'check-in', note }, deal);
  if (answered.kind === 'submitted') turn.remember(answered.done.card.card);
  return true;
}
