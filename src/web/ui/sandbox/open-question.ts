import type { Message } from './types.ts';

/** What a card says and offers, whichever vendor's JSON it is. */
export interface CardFace {
  title: string;
  subtitle: string;
  body: string;
  /** What its buttons send back, `verb:id:id…`; without those that open a page. */
  keys: string[];
}

type WecomCard = {
  main_title?: { title?: string; desc?: string };
  sub_title_text?: string;
  button_list?: { key?: string }[];
  submit_button?: { key?: string };
};
type DingCard = { cardParamMap?: Record<string, string> };

export function faceOf({ card }: Message): CardFace | null {
  if (card === undefined) return null;
  const ding = (card as DingCard).cardParamMap;
  if (ding !== undefined) {
    const buttons = parse<{ id?: string }[]>(ding['buttons']) ?? [];
    const submit = parse<{ id?: string }>(ding['submit']);
    return {
      title: ding['title'] ?? '',
      subtitle: ding['subtitle'] ?? '',
      body: ding['markdown'] ?? '',
      keys: [submit, ...buttons].flatMap((button) => button?.id ?? []),
    };
  }
  const wecom = card as WecomCard;
  return {
    title: wecom.main_title?.title ?? '',
    subtitle: wecom.main_title?.desc ?? '',
    body: wecom.sub_title_text ?? '',
    keys: [wecom.submit_button, ...(wecom.button_list ?? [])].flatMap((button) => button?.key ?? []),
  };
}

function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

export const verbOf = (key: string): string => key.split(':', 1)[0] ?? '';
/** On the cards of one deal in work: its checklist, its questions, what was found in an answer. Nudges, digests and to-dos of others have none of these. */
const AT_WORK = new Set(['ask', 'answer', 'touch', 'skip-date', 'later', 'postpone']);
/** On a card that waits for an answer, and not on a checklist, which only offers them. */
const WAITS = new Set(['later', 'ask-review']);

export const isAtWork = ({ keys }: CardFace): boolean => keys.some((key) => AT_WORK.has(verbOf(key)));

/** The card that a person has just worked with, and the last message of the chat at that moment. */
export interface Touched {
  id: string;
  after: string | undefined;
}

/**
 * The question that is open in a chat with the app: the last card that asks for something, or the checklist opened last.
 * A card that came by itself and tells of other deals (a nudge, a digest, a notice) is none. Pressing a button makes an
 * older card the last one, since the answer to the press stands in its place.
 */
export function openQuestion(
  messages: readonly Message[],
  clients: readonly string[],
  touched?: Touched,
): { client: string; asks: string | null } | null {
  const rank = (message: Message, index: number): number =>
    message.id === touched?.id ? Math.max(index, messages.findIndex(({ id }) => id === touched.after) + 0.5) : index;
  let best: { rank: number; client: string; asks: string | null } | null = null;
  for (const [index, message] of messages.entries()) {
    const face = message.from === 'bot' ? faceOf(message) : null;
    if (face === null || !isAtWork(face)) continue;
    const client = clientOf(face, clients);
    const at = rank(message, index);
    if (client === null || (best !== null && at <= best.rank)) continue;
    const waits = message.state?.disabled !== true && face.keys.some((key) => WAITS.has(verbOf(key)));
    best = { rank: at, client, asks: waits ? face.title : null };
  }
  return best === null ? null : { client: best.client, asks: best.asks };
}

/** A checklist has its client in the title, a question below it; the longest name is meant (a hospital and its branch). */
function clientOf(face: CardFace, clients: readonly string[]): string | null {
  for (const text of [face.subtitle, face.title]) {
    const found = clients.filter((name) => text.includes(name)).sort((a, b) => b.length - a.length)[0];
    if (found !== undefined) return found;
  }
  return null;
}
