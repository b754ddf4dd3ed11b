import type { Person } from '../org/index.js';
import { stageOf, type DealDocument } from '../deals/index.js';
import type { ConversationDeps } from './context.js';
import { openQuestion, type PersonAsk, type SessionDocument } from './session.js';
import type { Turn } from './turn.js';

/** Asks kept with the person: enough to know what was asked today, by whom, and what came back. */
const MAX_ASKS = 20;

interface Nudged {
  rep: Person;
  stageId: string;
  stage: string;
  deals: DealDocument[];
}

/** What the card of the press speaks of, as it is now; null: it is said already why nothing comes of it. */
async function nudgedOf(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<Nudged | null> {
  const rep = deps.org.person(ids[0] ?? '');
  const stageId = ids[1] ?? '';
  const teamId = rep?.teamId ?? '';
  const regionId = rep?.regionId ?? deps.org.team(teamId)?.regionId ?? '';
  if (rep === undefined || !deps.org.canSee(turn.person.id, { ownerId: rep.id, teamId, regionId })) {
    turn.reply('not-yours', {});
    return null;
  }
  const [, , dealId] = ids;
  const deals = (await deps.deals.openOf(rep.id)).filter(
    (deal) => deal.stageId === stageId && (dealId === undefined || deal._id === dealId),
  );
  if (deals[0] === undefined) {
    turn.text(`${rep.name}在这一步已经没有商机了，不用再催。`);
    return null;
  }
  return { rep, stageId, stage: stageOf(deps.deals.flowOf(deals[0]), stageId)?.name ?? '当前阶段', deals };
}

const aboutWords = (stage: string, clients: readonly string[]): string => `「${stage}」（${clients.join('、')}）`;
const askWords = (ask: PersonAsk): string =>
  `${ask.byName}问：${aboutWords(
    ask.stage,
    ask.deals.map((one) => one.client),
  )}${ask.about === 'state' ? '' : '这几天没动，'}卡在哪了？直接回我这里，我转给${ask.byName}。`;

/**
 * 问一句: an open question of the rep, asked once a day; what they answer comes back to whoever pressed. `ids`: rep, stage, and
 * the deal where one is meant and not all that are silent there.
 */
export async function askRep(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<void> {
  const about = await nudgedOf(deps, turn, ids);
  if (about === null) return;
  const { rep, stageId, stage, deals } = about;
  const session = await deps.sessions.load(rep.id, turn.event.platform);
  const today = deps.calendar.localDate(turn.now);
  const before = session.asked?.findLast(
    (one) =>
      one.by === turn.person.id &&
      one.stageId === stageId &&
      // The second try of the same press is no second question.
      one.id !== turn.event.key &&
      deps.calendar.localDate(one.at) === today,
  );
  if (before !== undefined) {
    const asked = `${deps.words.dayTime(before.at)} 已经问过${rep.name}了`;
    turn.text(
      before.answer === undefined
        ? `${asked}，还没回。回了马上转给你。`
        : `${asked}，${deps.words.dayTime(before.answer.at)} 回的是：${before.answer.text}`,
    );
    return;
  }
  const ask: PersonAsk = {
    id: turn.event.key,
    by: turn.person.id,
    byName: turn.person.name,
    from: fromOf(turn),
    stageId,
    stage,
    deals: deals.map((deal) => ({ id: deal._id, client: deal.clientName })),
    ...(ids[2] === undefined ? {} : { about: 'state' as const }),
    at: turn.now,
    state: 'open',
  };
  await deps.sessions.turn(session, `${turn.event.key}:ask`, (held) => ({
    set: { asked: [...(held.asked ?? []), ask].slice(-MAX_ASKS) },
    send: [
      {
        key: `nudge-word:${turn.event.key}`,
        to: { kind: 'person', personId: rep.id, prefer: turn.event.platform },
        purpose: 'nudge',
        message: { kind: 'text', text: askWords(ask) },
      },
    ],
  }));
  turn.text(`已经替你问了${rep.name}，回了马上转给你。`);
}

/** 我来跟: the card is settled, the rep knows, and the same silence is not reported to this person again. */
export async function takeOn(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<void> {
  const about = await nudgedOf(deps, turn, ids);
  if (about === null) return;
  const { rep, stageId, stage, deals } = about;
  const clients = deals.map((deal) => deal.clientName);
  const session = await deps.sessions.load(rep.id, turn.event.platform);
  await deps.sessions.turn(session, `${turn.event.key}:take`, (held) => ({
    set: {
      taken: [
        ...(held.taken ?? []).filter((one) => one.by !== turn.person.id || one.stageId !== stageId),
        { by: turn.person.id, stageId, at: turn.now },
      ],
    },
    send: [
      {
        key: `nudge-take:${turn.event.key}`,
        to: { kind: 'person', personId: rep.id, prefer: turn.event.platform },
        purpose: 'nudge',
        message: {
          kind: 'text',
          text: `${turn.person.name}会和你一起跟${aboutWords(stage, clients)}，有卡住的地方直接跟${turn.person.name}说。`,
        },
      },
    ],
  }));
  turn.replace('nudge-taken', { rep: rep.name, stage, clients, at: deps.calendar.localTime(turn.now) });
}

/** What somebody above waits to hear: the newest, unless something else was asked of the person after it. */
export function waitingAsk(session: Pick<SessionDocument, 'asked' | 'question'>): PersonAsk | null {
  const ask = session.asked?.findLast((one) => one.state === 'open');
  const question = openQuestion(session);
  return ask === undefined || (question !== null && question.askedAt > ask.at) ? null : ask;
}

/** The next text is the answer: it goes to everybody who asked the same, and stays with the deals. */
export async function answerAsk(deps: ConversationDeps, turn: Turn, ask: PersonAsk, text: string): Promise<void> {
  const together = (turn.session.asked ?? []).filter((one) => one.state === 'open' && one.stageId === ask.stageId);
  const ids = new Set(together.map((one) => one.id));
  turn.asked = (asks) =>
    asks.map((one) => (ids.has(one.id) ? { ...one, state: 'answered', answer: { text, at: turn.now } } : one));
  for (const { from, stage, deals } of together) {
    const clients = deals.map((one) => one.client);
    turn.to({ kind: 'user', ...from }, 'todo', 'nudge-answer', {
      kind: 'text',
      text: `${turn.person.name}回你：${text}\n说的是${aboutWords(stage, clients)}，已记在商机备注里。`,
    });
  }
  for (const id of new Set(together.flatMap((one) => one.deals.map((deal) => deal.id)))) {
    await deps.deals.remark({
      key: `${turn.event.key}:said:${id}`,
      dealId: id,
      by: turn.person.id,
      platform: turn.event.platform,
      askedBy: [...new Set(together.map((one) => one.byName))].join('、'),
      text,
    });
  }
  turn.text(`转给${[...new Set(together.map((one) => one.byName))].join('、')}了。`);
}

/** Put off like any question; 继续 takes it up. */
export function leaveAsk(turn: Turn, ask: PersonAsk): void {
  turn.asked = (asks) => asks.map((one) => (one.id === ask.id ? { ...one, state: 'left' } : one));
  turn.text(`好，先放着。想回${ask.byName}，发「继续」。`);
}

/** True when what was put off last is an answer that somebody waits for: it is asked again. */
export function resumeAsk(turn: Turn): boolean {
  const { asked, question } = turn.session;
  const ask = asked?.findLast((one) => one.state === 'left');
  if (ask === undefined || (question !== undefined && question !== null && question.askedAt > ask.at)) return false;
  turn.asked = (asks) => asks.map((one) => (one.id === ask.id ? { ...one, state: 'open' } : one));
  turn.text(askWords(ask));
  return true;
}

/** Where the answer goes. */
function fromOf({ event: { platform, from, app } }: Turn): PersonAsk['from'] {
  return { platform, userId: from, ...(app === undefined ? {} : { app }) };
}
