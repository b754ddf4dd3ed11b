import { asId, type CardId } from '../../core/index.js';

/**
 * Without a card template a button is a link that makes the client say something for the person. What it says is the
 * label, so that the chat reads well, and behind it in 〔〕 what the button means. It is trusted no more than typed text:
 * whoever takes the press checks who pressed, as with every card.
 * https://open.dingtalk.com/document/development/interactive-mode
 */
export interface PressText {
  cardId: CardId;
  action: string;
  choices: Record<string, string[]>;
}

/** Card id and action are of these letters by contract, so the separators cannot occur in them. */
const PRESS = /〔([\w@-]{1,64})\|([\w:.@-]{1,200})(?:\|([^|=〕]{1,128})=([^|〕]{1,128}))?〕$/;

export function writePressText(label: string, cardId: string, action: string, choice?: { key: string; id: string }) {
  return `${label}〔${cardId}|${action}${choice ? `|${choice.key}=${choice.id}` : ''}〕`;
}

export function readPressText(text: string): PressText | null {
  const match = PRESS.exec(text);
  if (match === null) return null;
  const [, cardId = '', action = '', key, id] = match;
  return { cardId: asId(cardId), action, choices: key !== undefined && id !== undefined ? { [key]: [id] } : {} };
}

/** The link whose tap says `text` in the chat. */
export const sayLink = (text: string) => `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent(text)}`;
