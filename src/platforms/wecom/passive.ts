import { writeXml, type XmlTree, type XmlValue } from './xml.js';
import type { TemplateCard } from './types.js';

/**
 * A card as the passive answer to a press: only the presser's copy changes, and it costs no API call.
 * Names differ from the API's: https://developer.work.weixin.qq.com/document/path/90241
 */
const NAMES = new Map([
  ['keyname', 'KeyName'],
  ['checkbox', 'CheckBox'],
]);

function xmlName(jsonName: string): string {
  return (
    NAMES.get(jsonName) ??
    jsonName
      .split('_')
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join('')
  );
}

function toTree(value: unknown): XmlValue {
  if (Array.isArray(value)) return value.map((one) => toTree(one) as XmlTree);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [xmlName(name), toTree(inner)]));
  }
  return value as string | number | boolean;
}

/** Words as the passive answer to something that somebody said. */
export function passiveText(text: string, to: { userId: string; corpId: string; atSeconds: number }): string {
  return writeXml({
    xml: {
      ToUserName: to.userId,
      FromUserName: to.corpId,
      CreateTime: to.atSeconds,
      MsgType: 'text',
      Content: text,
    },
  });
}

/** Null when the passive form cannot say it: its buttons have no address. */
export function passiveUpdate(
  card: TemplateCard,
  to: { userId: string; corpId: string; atSeconds: number },
): string | null {
  const isButtonCard = card.card_type === 'button_interaction';
  const isReplaced = isButtonCard && card.replace_text !== undefined;
  if (isButtonCard && !isReplaced && card.button_list.some((button) => button.url !== undefined)) return null;
  const buttons = isButtonCard
    ? { button_list: card.button_list.map(({ text, style, key }) => ({ text, style, key: key ?? 'link' })) }
    : {};
  const tree = toTree({ ...card, ...buttons, task_id: undefined }) as XmlTree;
  return writeXml({
    xml: {
      ToUserName: to.userId,
      FromUserName: to.corpId,
      CreateTime: to.atSeconds,
      MsgType: 'update_template_card',
      TemplateCard: tree,
    },
  });
}
