import { numbered, type CardAction, type CardChoice, type FilledCard } from '../../cards/index.js';
import type { Recipient } from '../contract.js';
import { cutLines, cutText, escapeMarkdown, LINE_BREAK, lineToMarkdown, link, toVendorMarkdown } from './markdown.js';
import { sayLink, writePressText } from './press-text.js';
import type { CardCallbackResponse } from './types.js';

/** From our cards and texts to the vendor's requests. Pure. */

/**
 * Longest value of a card variable that has been seen to be drawn: the page says 1 KB, larger ones work, and cards over
 * about 3,000 characters stay blank.
 */
const MAX_CARD_BYTES = 3_000;
/**
 * Longest text of a message: far below the 15,000 bytes that its parameters may have with all escapes, since very long
 * markdown vanishes without an error.
 */
const MAX_MESSAGE_BYTES = 8_000;
const MORE = '……';

/** The variables of the product's card template (`template/README.md`). All of them always, so that an update by key leaves nothing old. */
export function toCardVariables(card: FilledCard): Record<string, string> {
  const open = card.closed === undefined;
  return {
    title: card.title,
    subtitle: card.subtitle ?? '',
    tone: card.tone,
    markdown: cutLines(card.lines.map(lineToMarkdown), MAX_CARD_BYTES, MORE).join(LINE_BREAK),
    fields: JSON.stringify(card.fields),
    form: open && card.choice ? JSON.stringify(toForm(card.choice)) : '',
    submit: open && card.choice ? JSON.stringify({ id: card.choice.submit.key, text: card.choice.submit.label }) : '',
    buttons: buttonsOf(card, []),
    closed: card.closed ?? '',
    url: card.url ?? '',
    summary: card.summary,
  };
}

const buttonsOf = (card: FilledCard, hidden: readonly string[]): string =>
  JSON.stringify(
    card.closed === undefined ? card.actions.filter(({ key }) => !hidden.includes(key)).map(toButton) : [],
  );

/** What some people see instead: private values win over those for everybody, where the template has them switched on for the variable. */
const ownVariables = (card: FilledCard): [userId: string, own: { cardParamMap: { buttons: string } }][] =>
  (card.hides ?? []).map(({ userId, actions }) => [userId, { cardParamMap: { buttons: buttonsOf(card, actions) } }]);

function toPrivateData(card: FilledCard, to: Recipient): object {
  const own = to.kind === 'group' ? ownVariables(card) : [];
  return own.length === 0 ? {} : { privateData: Object.fromEntries(own) };
}

const COLOURS = { primary: 'blue', plain: 'gray', danger: 'red' } as const;

const toButton = (action: CardAction) => ({
  id: action.key,
  text: action.label,
  color: COLOURS[action.style],
  ...(action.url === undefined ? {} : { url: action.url }),
});

const withGroup = ({ text, group }: { text: string; group?: string }) => (group ? `${group} · ${text}` : text);

/** https://open.dingtalk.com/document/development/form-variables */
function toForm(choice: CardChoice): object {
  const multi = choice.mode === 'multi';
  const checked = choice.options.flatMap((option, index) => (option.checked ? [{ index, value: option.id }] : []));
  const chosen = multi
    ? { index: checked.map(({ index }) => index), value: checked.map(({ value }) => value) }
    : checked[0];
  return {
    fields: [
      {
        name: choice.key,
        label: choice.title,
        type: multi ? 'MULTI_SELECT' : 'SELECT',
        required: true,
        options: choice.options.map((option) => ({ value: option.id, text: withGroup(option) })),
        ...(checked.length === 0 ? {} : { defaultValue: chosen }),
      },
    ],
  };
}

/** `createAndDeliver`. https://open.dingtalk.com/document/development/create-and-deliver-cards */
export function toCardRequest(card: FilledCard, cardId: string, to: Recipient, how: CardSettings): object {
  return {
    cardTemplateId: how.cardTemplateId,
    outTrackId: cardId,
    cardData: { cardParamMap: toCardVariables(card) },
    ...toPrivateData(card, to),
    // Without it no click ever arrives.
    ...(how.mode === 'stream'
      ? { callbackType: 'STREAM' }
      : { callbackType: 'HTTP', callbackRouteKey: how.callbackRouteKey }),
    userIdType: 1,
    ...toDelivery(card.summary, to, how.robotCode),
  };
}
export interface CardSettings {
  cardTemplateId: string;
  robotCode: string;
  mode: 'stream' | 'http';
  callbackRouteKey: string;
}

function toDelivery(summary: string, to: Recipient, robotCode: string): object {
  const space = {
    supportForward: false,
    lastMessageI18n: { ZH_CN: summary },
    notification: { alertContent: summary, notificationOff: false },
  };
  switch (to.kind) {
    case 'person':
      return {
        openSpaceId: `dtv1.card//IM_ROBOT.${to.userId}`,
        imRobotOpenSpaceModel: space,
        imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode },
      };
    case 'group':
      return {
        openSpaceId: `dtv1.card//IM_GROUP.${to.chatId}`,
        imGroupOpenSpaceModel: space,
        imGroupOpenDeliverModel: { robotCode },
      };
  }
}

/** `instances/deliver`: a card that exists and has not reached its chat. */
export const toDeliverRequest = (card: FilledCard, cardId: string, to: Recipient, robotCode: string): object => ({
  outTrackId: cardId,
  userIdType: 1,
  ...toDelivery(card.summary, to, robotCode),
});

/** Both options are false by default, which would wipe what is not named. */
const BY_KEY = { updateCardDataByKey: true, updatePrivateDataByKey: true } as const;

/** `PUT instances`: changes the card for everybody, and for those who see other buttons. https://open.dingtalk.com/document/development/interactive-card-update-interface */
export const toUpdateRequest = (card: FilledCard, cardId: string, to: Recipient): object => ({
  outTrackId: cardId,
  cardData: { cardParamMap: toCardVariables(card) },
  ...toPrivateData(card, to),
  cardUpdateOptions: BY_KEY,
  userIdType: 1,
});

/** Answer to a click: changes the card of the person who clicked. Not keyed by who that is, and named otherwise than in the calls. */
export function toCallbackResponse(card: FilledCard, userId: string): CardCallbackResponse {
  const own = ownVariables(card).find(([id]) => id === userId)?.[1];
  return {
    cardUpdateOptions: BY_KEY,
    cardData: { cardParamMap: toCardVariables(card) },
    ...(own === undefined ? {} : { userPrivateData: own }),
  };
}

/** A message of the robot: `msgKey` and its parameters, before they become a string. */
export interface RobotMessageOut {
  msgKey: string;
  msgParam: Record<string, string>;
}

export const toText = (text: string): RobotMessageOut => ({
  msgKey: 'sampleText',
  msgParam: { content: cutText(text, MAX_MESSAGE_BYTES, MORE) },
});

export function toMarkdown(title: string, text: string): RobotMessageOut {
  const cut = cutText(text, MAX_MESSAGE_BYTES, `\n${MORE}`);
  return { msgKey: 'sampleMarkdown', msgParam: { title, text: toVendorMarkdown(cut) } };
}

/** The vendor takes at most five buttons on an action card. */
export const MAX_LINK_BUTTONS = 5;

/**
 * A card where no template is published: an action card whose buttons are links. A press is something the client says for
 * the person, and every press can be typed as its number too. In groups such words would not reach the robot, so there
 * only real addresses are buttons.
 * https://open.dingtalk.com/document/development/the-application-robot-in-the-enterprise-sends-a-single-chat
 */
export function toPlainCard(card: FilledCard, cardId: string, to: Recipient): RobotMessageOut {
  const single = to.kind === 'person';
  const presses = pressesOf(card, cardId);
  const links =
    card.closed === undefined ? card.actions.flatMap(({ label, url }) => (url ? [{ label, url }] : [])) : [];
  const buttons = [
    ...(single ? presses.flatMap(({ label, said }) => (said === null ? [] : [{ label, url: sayLink(said) }])) : []),
    ...links,
    ...(card.url && links.length === 0 ? [{ label: '打开', url: card.url }] : []),
  ];
  const lines = [
    `#### ${escapeMarkdown(card.title)}`,
    ...(card.subtitle === undefined ? [] : [escapeMarkdown(card.subtitle)]),
    ...card.lines.map(lineToMarkdown),
    ...card.fields.map(({ label, value, url }) => `**${escapeMarkdown(label)}** ${link(escapeMarkdown(value), url)}`),
    ...(card.closed === undefined ? [] : [`**${escapeMarkdown(card.closed)}**`]),
    ...(card.choice && card.closed === undefined ? [`**${escapeMarkdown(card.choice.title)}**`] : []),
    ...(single ? presses.map(({ number, label }) => `${number} ${escapeMarkdown(label)}`) : []),
    ...(presses.length === 0 ? [] : [hint(card, single)]),
  ];
  return withButtons(card.summary, cutLines(lines, MAX_MESSAGE_BYTES, MORE), buttons);
}

/** What can be typed, and what a tap says instead. Several options cannot be one tap: those are only typed. */
function pressesOf(card: FilledCard, cardId: string): { number: number; label: string; said: string | null }[] {
  const { choice } = card;
  return numbered(card).map((entry) => {
    if (entry.kind === 'action') {
      return { number: entry.number, label: entry.text, said: writePressText(entry.text, cardId, entry.key) };
    }
    const option = choice?.options.find(({ id }) => id === entry.id);
    const said =
      choice?.mode === 'single'
        ? writePressText(entry.text, cardId, choice.submit.key, { key: choice.key, id: entry.id })
        : null;
    return { number: entry.number, label: withGroup({ text: entry.text, group: option?.group }), said };
  });
}

function hint(card: FilledCard, single: boolean): string {
  if (!single) return '请在和我的单聊里操作';
  return card.choice?.mode === 'multi' ? '回复编号，可以选多个，如 1 3' : '点按钮，或回复编号';
}

/** Field names differ with the number of buttons; what does not fit becomes a link in the text. */
function withButtons(
  title: string,
  lines: readonly string[],
  buttons: readonly { label: string; url: string }[],
): RobotMessageOut {
  const shown = buttons.slice(0, MAX_LINK_BUTTONS);
  const more = buttons.slice(MAX_LINK_BUTTONS).map(({ label, url }) => link(escapeMarkdown(label), url));
  const text = [...lines, ...more].join(LINE_BREAK);
  const [first, ...others] = shown;
  if (first === undefined) return { msgKey: 'sampleMarkdown', msgParam: { title, text } };
  if (others.length === 0) {
    return {
      msgKey: 'sampleActionCard',
      msgParam: { title, text, singleTitle: first.label, singleURL: first.url },
    };
  }
  const numbered = shown.flatMap(({ label, url }, index) => [
    [`actionTitle${index + 1}`, label],
    [`actionURL${index + 1}`, url],
  ]);
  return {
    msgKey: `sampleActionCard${shown.length}`,
    msgParam: { title, text, ...(Object.fromEntries(numbered) as Record<string, string>) },
  };
}
