import type { Position } from '../evidence/index.js';
import { sha256, stableId, type CardId } from '../core/index.js';
import { currentVisitOf } from '../deals/index.js';
import type { FilledCard } from '../cards/index.js';
import type { Person } from '../org/index.js';
import type { TodoAnswer, TodoDocument } from '../todos/index.js';
import { settleTodo } from './asks.js';
import type { InboundEvent, Outgoing, PlatformName } from '../platforms/contract.js';
import { onCapture } from './capture.js';
import type { ConversationDeps } from './context.js';
import { onFile } from './files.js';
import { isAsked, onGroup, sayHeard } from './group.js';
import { offerDigest, offerHelp, offerMyDeals, offerTodos } from './offers.js';
import { onPress } from './presses.js';
import { answerWithText, submitValue } from './questions.js';
import { openQuestion, POSITION_LIFE_MS } from './session.js';
import { onText } from './texts.js';
import { checkedIn } from './touch.js';
import { senderOf, Turn } from './turn.js';
import { notTaken, notUnderstood, wantsWords } from './unclear.js';
import { onVoice } from './voice.js';

export interface Handled {
  answer?: { card: FilledCard; messageKey: string };
}

export interface Conversation {
  /** From event to command, from state to card. Safe to run again with the same event. */
  handle(event: InboundEvent): Promise<Handled>;
  /** An event was given up after several tries: its sender hears that what they sent is kept. */
  onParked(event: InboundEvent): Promise<void>;
  /** Somebody answered a to-do outside the chat: the same as a press. Gives the answer that holds, the first. */
  settle(
    command: { key: string; platform: PlatformName },
    todo: TodoDocument,
    person: Person,
    approved: boolean,
    note: string,
  ): Promise<{ answer: TodoAnswer }>;
}

/** Keys of the app menu (scripts/wecom-menu.ts makes it). */
export const MENU = {
  myDeals: 'my-deals',
  myTodos: 'my-todos',
  help: 'help',
  digest: 'digest',
  scan: 'scan',
  photo: 'photo',
} as const;

export function createConversation(deps: ConversationDeps): Conversation {
  return {
    async handle(event) {
      // Told to nobody, and nobody talked to us.
      if (event.body.kind === 'unknown' && event.body.what.startsWith('silent:')) return {};
      const person = deps.org.personByIdentity(event.platform, event.from);
      if (person === undefined) {
        // Anybody of the company may check in somewhere; it is no word to us.
        if (event.body.kind === 'checked-in') return {};
        await onStranger(deps, event);
        return {};
      }
      const session = await deps.sessions.meet(person.id, event);
      // Everything about this event is done and on its way; the process only died before it could say so.
      if (session.applied.some((entry) => entry.key === event.key)) return {};
      const now = deps.clock.now();
      const turn = new Turn(event, person, session, now, deps.cards);
      const { chat, body } = event;
      if (chat.kind === 'group' && isAsked(body)) await onGroup(deps, turn, chat.id, body);
      else {
        await onSingle(deps, turn);
        if (chat.kind === 'group') sayHeard(turn, chat.id);
      }
      const { question } = turn.change;
      if (turn.choosesInPlace && question?.kind === 'item' && event.body.kind === 'press') {
        turn.change.question = { ...question, cardId: event.body.cardId };
      }
      await deps.sessions.turn(session, event.key, (held) => ({
        set: {
          ...turn.change,
          ...(turn.asked && { asked: turn.asked(held.asked ?? []) }),
          platform: event.platform,
          app: event.app ?? null,
          seenAt: now,
        },
        send: turn.sends,
      }));
      return turn.answer === undefined ? {} : { answer: turn.answer };
    },

    async settle(command, todo, person, approved, note) {
      const { answer } = await settleTodo(deps, { ...command, fromPress: false }, todo, person, approved, note);
      return { answer };
    },

    async onParked(event) {
      await deps.send([
        {
          key: `parked:${event.key}`,
          to: senderOf(event),
          message: {
            kind: 'show',
            cardId: stableId<CardId>('c', 'parked', event.key),
            card: deps.cards.fill('busy', { kept: true }),
          },
          purpose: 'reply',
        },
      ]);
    },
  };
}

async function onSingle(deps: ConversationDeps, turn: Turn): Promise<void> {
  const { body, chat } = turn.event;
  const said = 'quoted' in body ? (body.quoted?.said ?? '') : '';
  // Where words are waited for, those are the answer, and what they point at only shows what is meant.
  if (said !== '' && chat.kind === 'single' && (await wantsWords(deps, turn, said))) {
    await onText(deps, turn, said);
    return;
  }
  switch (body.kind) {
    case 'text':
      await onText(deps, turn, body.text);
      return;
    case 'press':
      await onPress(deps, turn, body);
      return;
    case 'image':
      await onFile(deps, turn, body.media, 'image');
      return;
    case 'file':
      await onFile(deps, turn, body.media, 'file');
      return;
    case 'voice':
      await onVoice(deps, turn, body);
      return;
    case 'link':
      await onLink(deps, turn, body.url, body.title ?? '');
      return;
    case 'location':
      await onLocation(deps, turn, body);
      return;
    case 'checked-in':
      await onCheckIn(deps, turn);
      return;
    case 'scan':
      await onScan(deps, turn, body.text);
      return;
    case 'menu':
      await onMenu(deps, turn, body.key);
      return;
    case 'capture':
      await onCapture(deps, turn, body);
      return;
    case 'entered':
      // Opening the chat is no question: only the very first time is answered.
      if (turn.session.ver === 1) offerHelp(turn, 'hello');
      return;
    case 'unknown':
      await notTaken(deps, turn, body.is ?? 'unknown');
      return;
  }
}

async function onMenu(deps: ConversationDeps, turn: Turn, key: string): Promise<void> {
  switch (key) {
    case MENU.myDeals:
      await offerMyDeals(deps, turn);
      return;
    case MENU.myTodos:
      await offerTodos(deps, turn);
      return;
    case MENU.digest:
      offerDigest(deps, turn);
      return;
    case MENU.help:
      offerHelp(turn, 'help');
      return;
    default:
      await notUnderstood(deps, turn);
  }
}

async function onLink(deps: ConversationDeps, turn: Turn, url: string, title: string): Promise<void> {
  const question = openQuestion(turn.session);
  if (question?.kind === 'item') {
    const answered = await answerWithText(deps, turn, question, url);
    if (answered.kind === 'asked' && title !== '' && turn.change.question?.kind === 'item') {
      turn.change.question.draft['title'] ??= title;
    }
    if (answered.kind !== 'not-an-answer') return;
  }
  await notTaken(deps, turn, 'link');
}

async function onLocation(
  deps: ConversationDeps,
  turn: Turn,
  place: Extract<InboundEvent['body'], { kind: 'location' }>,
): Promise<void> {
  const again = await keepPosition(deps, turn, {
    lat: place.lat,
    lng: place.lng,
    datum: place.datum,
    source: 'location-message',
    at: turn.now,
    ...(place.accuracyMetres === undefined ? {} : { accuracyMetres: place.accuracyMetres }),
  });
  if (again === 0 && (await checkedIn(deps, turn))) return;
  turn.text(again > 0 ? '位置收到，补给刚才那张照片，正在重新核验。' : '位置收到，10 分钟内拍的照片会用上它。');
}

/** A check-in with the platform's own tool: a witness that this app did not ask. Said only where it helps something. */
async function onCheckIn(deps: ConversationDeps, turn: Turn): Promise<void> {
  const { platform, from, sentAt } = turn.event;
  const record = await deps.readCheckIn(platform, from, sentAt);
  if (record === null) {
    deps.log.warn({ platform, key: turn.event.key }, 'a check-in without a record');
    return;
  }
  const { lat, lng, datum, at, label } = record;
  const again = await keepPosition(deps, turn, { lat, lng, datum, at, source: 'check-in-record' });
  if (again > 0) turn.text(`签到收到（${label}），补给刚才那张照片，正在重新核验。`);
  else await checkedIn(deps, turn);
}

/** For what is handed in soon, and for what was handed in a moment ago without one; gives how many of those. */
async function keepPosition(deps: ConversationDeps, turn: Turn, position: Position): Promise<number> {
  const since = turn.now.getTime() - POSITION_LIFE_MS;
  turn.change.positions = [...turn.session.positions.filter((one) => (one.at?.getTime() ?? 0) > since), position].slice(
    -5,
  );
  return (await deps.verification.addPosition(turn.person.id, position)).length;
}

async function onScan(deps: ConversationDeps, turn: Turn, code: string): Promise<void> {
  const { question, dealId } = turn.session;
  const id = question?.kind === 'item' ? question.dealId : dealId;
  const deal = id === undefined || id === null ? null : await deps.deals.get(id);
  const visit = deal === null ? undefined : currentVisitOf(deal);
  const flow = deal === null ? null : deps.deals.flowOf(deal);
  const stage = flow?.stages.find((one) => one.id === visit?.stageId);
  const item = stage?.items.find((one) => one.kind === 'scan');
  if (deal !== null && (await checkedIn(deps, turn, { deal, code }))) return;
  if (deal === null || item === undefined || deal.ownerId !== turn.person.id) {
    turn.text('这个码现在用不上。先打开要签收的商机，再扫客户的拜访二维码。');
    return;
  }
  const { kind, done } = await submitValue(
    deps,
    turn,
    { dealId: deal._id, itemId: item.id, askedAt: question?.kind === 'item' ? question.askedAt : null },
    { kind: 'scan', code },
    { expectedCode: deps.visitCode(deal._id) },
  );
  if (kind === 'submitted') turn.remember(done.card.card);
}

/** Nobody of ours: a clear answer, and an administrator hears of it once a day. */
async function onStranger(deps: ConversationDeps, event: InboundEvent): Promise<void> {
  const left = deps.org.leftPersonByIdentity(event.platform, event.from);
  const admins = deps.org.withRole('admin', 'operations');
  const day = deps.calendar.localDate(deps.clock.now());
  const to = senderOf(event);
  const card =
    left === undefined
      ? deps.cards.fill('unknown-person', { platform: platformName(event.platform), userId: event.from })
      : deps.cards.fill('left-person', admins[0] === undefined ? {} : { admin: admins[0].name });
  const messages: Outgoing[] = [];
  if (event.from !== '' && event.body.kind !== 'entered') {
    messages.push({
      key: `stranger:${event.key}`,
      to,
      message: { kind: 'show', cardId: stableId<CardId>('c', 'stranger', event.key), card },
      purpose: 'reply',
    });
  }
  if (left === undefined) {
    for (const admin of admins) {
      const key = `stranger-admin:${sha256(event.from).slice(0, 12)}:${event.platform}:${day}:${admin.id}`;
      messages.push({
        key,
        to: { kind: 'person', personId: admin.id, prefer: event.platform },
        message: {
          kind: 'show',
          cardId: stableId<CardId>('c', key),
          card: deps.cards.fill('unknown-person-admin', {
            platform: platformName(event.platform),
            userId: event.from,
            at: deps.words.dayTime(deps.clock.now()),
            ...(event.body.kind === 'text' ? { said: event.body.text.slice(0, 50) } : {}),
          }),
        },
        purpose: 'admin',
      });
    }
  }
  await deps.send(messages);
}

const platformName = (platform: InboundEvent['platform']): string =>
  ({ wecom: '企业微信', dingtalk: '钉钉' })[platform];
