import { parseActionKey } from '../cards/index.js';
import { stableId, type CardId } from '../core/index.js';
import type { Address, InboundBody } from '../platforms/contract.js';
import type { ConversationDeps } from './context.js';
import { bringDigest, stopDigest } from './group-digest.js';
import { GROUP_PRESSES, groupDeals } from './group-deals.js';
import type { Turn } from './turn.js';

const WANTS_DIGEST = /日报[^，。]*(?:发到|发在|发|到)这|绑定[^，。]*群/u;
const WANTS_NO_DIGEST = /(?:不要|别|不用|取消|停)[^，。]*日报|日报[^，。]*(?:不要|别|不用|取消|停)/u;
const ASKED_STATE = /卡在哪儿?|怎么样|进度|到哪一?步|[?？了吗呢]/gu;
const ASKED_RATE = /穿透率/u;

type Asked = Extract<InboundBody, { kind: 'text' | 'press' }>;

/** Anything else is material that stands in the group: it is handed in by whoever points at it, as if sent to the bot alone. */
export const isAsked = (body: InboundBody): body is Asked => body.kind === 'text' || body.kind === 'press';

/**
 * In a group the bot is asked about deals and figures; whoever asks or presses sees what they may see. Work is done in the
 * single chat. One question gets one message: where a group is answered through a bot, there is no second one.
 */
export async function onGroup(deps: ConversationDeps, turn: Turn, chatId: string, body: Asked): Promise<void> {
  if (body.kind === 'press') {
    await onGroupPress(deps, turn, body.action);
    return;
  }
  const group = groupOf(turn, chatId);
  const say = (text: string): void => turn.to(group, 'reply', 'group:0', { kind: 'text', text });
  if (WANTS_NO_DIGEST.test(body.text)) say(await stopDigest(deps, turn, chatId));
  else if (WANTS_DIGEST.test(body.text)) say(await bringDigest(deps, turn, chatId, body.text));
  else if (ASKED_RATE.test(body.text)) say(await penetrationWords(deps, turn));
  else {
    const deals = await dealsNamed(deps, turn, body.text);
    if (deals.length === 0) {
      say(
        '发客户名就能看进度，比如「城东医院」；问「本周穿透率」看你负责的；说「日报发到这里」，每天的日报就来这个群。要交材料，到和我的单聊里。',
      );
      return;
    }
    const card = groupDeals(deps, turn, deals);
    const cardId = stableId<CardId>('c', turn.event.key, card.name, 0);
    turn.to(group, 'reply', 'group:0', { kind: 'show', cardId, card });
  }
}

/** What became of material is said to its sender alone; the group sees that it was heard. */
export function sayHeard(turn: Turn, chatId: string): void {
  const text = `${turn.person.name}，收到，结果在和我的单聊里说。`;
  turn.to(groupOf(turn, chatId), 'reply', 'group:0', { kind: 'text', text });
}

const groupOf = (turn: Turn, chatId: string): Address => ({ kind: 'group', platform: turn.event.platform, chatId });

async function dealsNamed(deps: ConversationDeps, turn: Turn, text: string) {
  const clients = deps.org.findClients(text.replace(ASKED_STATE, '').trim()).map((client) => client.id);
  const deals = clients.length === 0 ? [] : await deps.deals.find({ clientId: { $in: clients }, status: 'open' }, 10);
  return deals.filter((deal) => deps.org.canSee(turn.person.id, deal));
}

/** Only what the answers in groups offer; everything else is somebody's own work. */
async function onGroupPress(deps: ConversationDeps, turn: Turn, action: string): Promise<void> {
  const parsed = parseActionKey(action);
  const offered = Object.entries(GROUP_PRESSES).find(([verb]) => verb === parsed?.verb);
  if (parsed !== null && offered !== undefined) await offered[1](deps, turn, parsed.ids);
  else turn.text('群里的这个按钮按不了，到和我的单聊里做。');
}

/** Of what the asker leads; whoever leads nothing gets their own. */
async function penetrationWords(deps: ConversationDeps, turn: Turn): Promise<string> {
  const scope = deps.org.scopeOf(turn.person.id);
  const names = [
    ...scope.regionIds.map((id) => deps.org.region(id)?.name ?? id),
    ...scope.teamIds.map((id) => deps.org.team(id)?.name ?? id),
  ];
  const whose = scope.all ? '全公司' : names.length === 0 ? turn.person.name : names.join('、');
  const { penetration } = await deps.insights.figures(scope, turn.now);
  const { value, fraction, previous } = penetration;
  if (penetration.percent === null) return `${whose}：应发生的还太少，穿透率现在算不出来。`;
  const detail = [
    fraction,
    previous === null || previous.percent === null ? null : `${previous.label} ${previous.value}`,
  ];
  const inBrackets = detail.filter((part) => part !== null && part !== '').join('，');
  return `${whose}：过程穿透率 ${value}${inBrackets === '' ? '' : `（${inBrackets}）`}\n${deps.pages.home(turn.event.platform)}`;
}
