import { tellState } from './texts.js';
import { Turn } from './turn.js';
import type { ConversationDeps } from './context.js';

const ASKED_STATE = /卡在哪儿?|怎么样|进度|到哪一?步|[?？了吗呢]/gu;
const ASKED_RATE = /穿透率/u;

/**
 * In a group the bot is asked about deals and figures; whoever asks sees what they may see. Work is done in the single
 * chat. One question gets one message: where a group is answered through a bot, there is no second one.
 */
export async function onGroup(deps: ConversationDeps, turn: Turn, chatId: string): Promise<void> {
  const { platform } = turn.event;
  const text = await answerInGroup(deps, turn);
  turn.to({ kind: 'group', platform, chatId }, 'reply', 'group:0', { kind: 'text', text });
}

async function answerInGroup(deps: ConversationDeps, turn: Turn): Promise<string> {
  const { body } = turn.event;
  if (body.kind !== 'text') return `${turn.person.name}，材料请在和我的单聊里发，群里只看进度。`;
  if (ASKED_RATE.test(body.text)) return penetrationWords(deps, turn);
  const wanted = body.text.replace(ASKED_STATE, '').trim();
  const clients = deps.org.findClients(wanted).map((client) => client.id);
  const deals = clients.length === 0 ? [] : await deps.deals.find({ clientId: { $in: clients }, status: 'open' }, 10);
  const seen = deals.filter((deal) => deps.org.canSee(turn.person.id, deal));
  if (seen.length === 0) {
    return '发客户名就能看进度，比如「城东医院」；问「本周穿透率」看你负责的。要交材料，到和我的单聊里。';
  }
  const inner = new Turn(turn.event, turn.person, turn.session, turn.now, deps.cards);
  tellState(deps, inner, seen);
  return inner.sends.flatMap(({ message }) => (message.kind === 'text' ? [message.text] : [])).join('\n\n');
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
