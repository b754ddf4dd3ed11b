import { markedText, MARKS, numbered, type CardChoice, type CardLine, type FilledCard } from '../../cards/index.js';
import { cutChars, oneLine } from './text.js';
import type {
  ButtonInteraction,
  CardButton,
  HorizontalContent,
  MultipleInteraction,
  NewsNotice,
  TemplateCard,
  TextNotice,
  VoteInteraction,
} from './types.js';

/**
 * The neutral card as a WeCom template card. Limits in characters unless said otherwise:
 * https://developer.work.weixin.qq.com/document/path/90236
 */
const APP = {
  title: 36,
  desc: 44,
  subTitle: 160,
  horizontals: 6,
  keyname: 5,
  value: 30,
  buttons: 6,
  buttonText: 10,
  /** Select options: 16 (another source says 17). */
  selectOptions: 10,
  selectText: 16,
  selectLists: 3,
  voteOptions: 20,
  voteText: 17,
  /** news_notice. */
  verticals: 4,
  verticalText: 38,
  jumps: 3,
  jumpText: 18,
  /** Not given by the vendor; stands where the buttons stood. */
  replaceText: 20,
};
type Limit = typeof APP;

/** Cards of the AI bot hold less. https://developer.work.weixin.qq.com/document/path/101032 */
const BOT: Limit = {
  ...APP,
  ...{ title: 26, desc: 30, subTitle: 112, value: 26, selectText: 10, voteText: 11, verticalText: 26, jumpText: 13 },
};

export const MAX_ACTIONS = APP.buttons;
export const MAX_OPTIONS = APP.voteOptions;

/** A single choice split over several selectors: the way to leave one untouched. Never reaches the inside. */
export const NO_OPTION = '~none';
/** `key`, `key@2`, `key@3`: question keys of such a choice. */
export const splitQuestion = (key: string, index: number): string => (index === 0 ? key : `${key}@${index + 1}`);
export const joinQuestion = (questionKey: string): string => questionKey.replace(/@[23]$/, '');

const STYLE = { primary: 1, plain: 2, danger: 3 } as const;

/**
 * `send`: a new message. `update`: in place of a card that is there; only then may buttons be greyed with a text.
 * Null when no template card can say it: nothing to press and no address to open, or more options than any selector holds.
 */
export function drawCard(filled: FilledCard, use: 'send' | 'update'): TemplateCard | null {
  return draw(filled, use, APP);
}

/** The same as a card of the AI bot's own; buttons that open an address stand in the list below. */
export function drawBotCard(filled: FilledCard, use: 'send' | 'update'): TemplateCard | null {
  return draw(linksInList(filled), use, BOT);
}

/** Where buttons can have no address: those that open a page stand in the list; the page of the card itself opens anyway. */
function linksInList(card: FilledCard): FilledCard {
  const opening = card.actions.filter(({ url }) => url !== undefined && url !== card.url);
  return {
    ...card,
    actions: card.actions.filter(({ url }) => url === undefined),
    lines: [...card.lines, ...opening.map(({ label: text, url }) => ({ text, ...(url && { url }) }))],
  };
}

function draw(filled: FilledCard, use: 'send' | 'update', limit: Limit): TemplateCard | null {
  const { closed } = filled;
  const card = closed === undefined ? filled : { ...filled, closed: oneLine(closed, limit.replaceText) };
  const isOpen = card.closed === undefined;
  if (isOpen || use === 'update') {
    const { choice } = card;
    if (choice !== undefined) {
      if (fitsSelection(card, choice, limit)) return buttonCard(card, limit);
      if (choice.options.length <= limit.voteOptions) return voteCard(card, choice, limit);
      if (choice.mode === 'single' && selectors(choice, limit).length <= limit.selectLists)
        return selectCard(card, choice, limit);
      return null;
    }
    const news = use === 'send' && isOpen ? newsCard(card, limit) : null;
    if (news !== null) return news;
    if (card.actions.length > 0) return buttonCard(card, limit);
  }
  if (card.url !== undefined && isOpen) return noticeCard(card, card.url, limit);
  if (use === 'update') return buttonCard({ ...card, closed: card.closed ?? '已更新' }, limit);
  return card.url === undefined ? null : noticeCard(card, card.url, limit);
}

/**
 * As the answer to a press, which has no addresses for buttons. Null where the list has no room for them, or nothing
 * would be left to press: then the card changes by a call.
 */
export function drawAnswer(card: FilledCard): TemplateCard | null {
  const drawn = drawCard(card, 'update');
  if (drawn?.card_type !== 'button_interaction' || drawn.replace_text !== undefined) return drawn;
  if (card.actions.every(({ url }) => url === undefined)) return drawn;
  const listed = linksInList(card);
  const rows = listed.fields.length + listed.lines.filter(({ url }) => url !== undefined).length;
  const presses = listed.actions.length + (card.choice === undefined ? 0 : 1);
  return rows > APP.horizontals || presses === 0 ? null : drawCard(listed, 'update');
}

function mainTitle(card: FilledCard, desc: string | undefined, limit: Limit) {
  const title = oneLine(card.title, limit.title);
  return desc === undefined || desc === '' ? { title } : { title, desc: oneLine(desc, limit.desc) };
}

function action(card: FilledCard): { card_action?: { type: 1; url: string } } {
  return card.url === undefined ? {} : { card_action: { type: 1, url: card.url } };
}

function noticeCard(card: FilledCard, url: string, limit: Limit): TextNotice {
  const closed = card.closed === undefined ? [] : [{ text: card.closed }];
  return {
    card_type: 'text_notice',
    main_title: mainTitle(card, card.subtitle, limit),
    ...body({ ...card, lines: [...card.lines, ...closed] }, limit),
    card_action: { type: 1, url },
  };
}

/** A picture at the head of what only tells; null where something is to be pressed, or nothing opens. */
function newsCard(card: FilledCard, limit: Limit): NewsNotice | null {
  const { picture, url, actions } = card;
  const links = actions.flatMap(({ label, url: to }) => (to === undefined ? [] : [{ label, url: to }]));
  if (picture === undefined || url === undefined || links.length < actions.length) return null;
  const { lines, rows } = parts(card, limit);
  const told = lines.map((line) => ({ title: oneLine(markedText(line), limit.verticalText) }));
  return {
    card_type: 'news_notice',
    main_title: mainTitle(card, card.subtitle, limit),
    card_image: { url: picture.url, aspect_ratio: picture.ratio },
    ...(told.length === 0 ? {} : { vertical_content_list: told.slice(0, limit.verticals) }),
    ...(rows.length === 0 ? {} : { horizontal_content_list: rows }),
    ...(links.length === 0
      ? {}
      : {
          jump_list: links
            .slice(0, limit.jumps)
            .map(({ label, url: to }) => ({ type: 1 as const, title: oneLine(label, limit.jumpText), url: to })),
        }),
    card_action: { type: 1, url },
  };
}

function buttonCard(card: FilledCard, limit: Limit): ButtonInteraction {
  const { choice, closed } = card;
  const buttons: CardButton[] = [...(choice === undefined ? [] : [choice.submit]), ...card.actions]
    .slice(0, limit.buttons)
    .map(({ label, style, key, url }) => ({
      ...(url === undefined ? {} : { type: 1 as const }),
      text: oneLine(label, limit.buttonText),
      style: STYLE[style],
      ...(url === undefined ? { key } : { url }),
    }));
  // The list may not be empty, also when all buttons are replaced by a text.
  if (buttons.length === 0) buttons.push({ text: oneLine(closed ?? '', limit.buttonText), style: 2, key: 'closed' });
  const selected = choice?.options.find((option) => option.checked)?.id;
  return {
    card_type: 'button_interaction',
    main_title: mainTitle(card, card.subtitle, limit),
    ...body(card, limit),
    ...action(card),
    ...(choice === undefined
      ? {}
      : {
          button_selection: {
            question_key: choice.key,
            title: oneLine(choice.title, limit.desc),
            ...(closed === undefined ? {} : { disable: true }),
            option_list: choice.options.map(({ id, text }) => ({ id, text: oneLine(text, limit.selectText) })),
            ...(selected === undefined ? {} : { selected_id: selected }),
          },
        }),
    button_list: buttons,
    ...(closed === undefined ? {} : { replace_text: closed }),
  };
}

/** A selector beside buttons keeps lines and further buttons, which a vote card cannot show. */
function fitsSelection(card: FilledCard, choice: CardChoice, limit: Limit): boolean {
  const hasMore = card.lines.length + card.fields.length + card.actions.length > 0;
  return choice.mode === 'single' && choice.options.length <= limit.selectOptions && hasMore;
}

/** Vote and select cards have a title and a description only: the question first, then what fits of the rest. */
function questionTitle(card: FilledCard, choice: CardChoice, limit: Limit) {
  const rest = [card.subtitle, ...card.lines.map(markedText)].filter((part) => part !== undefined && part !== '');
  return mainTitle(card, [choice.title, ...rest].join(' · '), limit);
}

function voteCard(card: FilledCard, choice: CardChoice, limit: Limit): VoteInteraction {
  const groups = new Set(choice.options.map((option) => option.group ?? ''));
  return {
    card_type: 'vote_interaction',
    main_title: questionTitle(card, choice, limit),
    checkbox: {
      question_key: choice.key,
      mode: choice.mode === 'multi' ? 1 : 0,
      ...(card.closed === undefined ? {} : { disable: true }),
      option_list: choice.options.map(({ id, text, group, checked }) => {
        const named = `${group}·${text}`;
        const showsGroup = groups.size > 1 && group !== undefined && [...named].length <= limit.voteText;
        return { id, text: oneLine(showsGroup ? named : text, limit.voteText), is_checked: checked === true };
      }),
    },
    submit_button: submit(choice, limit),
    ...(card.closed === undefined ? {} : { replace_text: card.closed }),
  };
}

/** Options by group where every group fits a selector, else in order; each selector can also be left untouched. */
function selectors(choice: CardChoice, limit: Limit): { title: string; options: CardChoice['options'] }[] {
  const room = limit.selectOptions - 1;
  const byGroup = new Map<string, CardChoice['options']>();
  for (const option of choice.options) {
    const group = option.group ?? choice.title;
    byGroup.set(group, [...(byGroup.get(group) ?? []), option]);
  }
  if (
    byGroup.size > 1 &&
    byGroup.size <= limit.selectLists &&
    [...byGroup.values()].every((list) => list.length <= room)
  ) {
    return [...byGroup].map(([title, options]) => ({ title, options }));
  }
  return Array.from({ length: Math.ceil(choice.options.length / room) }, (_, index) => ({
    title: `${index * room + 1}–${Math.min((index + 1) * room, choice.options.length)}`,
    options: choice.options.slice(index * room, (index + 1) * room),
  }));
}

function selectCard(card: FilledCard, choice: CardChoice, limit: Limit): MultipleInteraction {
  return {
    card_type: 'multiple_interaction',
    main_title: questionTitle(card, choice, limit),
    select_list: selectors(choice, limit).map(({ title, options }, index) => ({
      question_key: splitQuestion(choice.key, index),
      title: oneLine(title, limit.desc),
      ...(card.closed === undefined ? {} : { disable: true }),
      selected_id: options.find((option) => option.checked)?.id ?? NO_OPTION,
      option_list: [
        { id: NO_OPTION, text: '—' },
        ...options.map(({ id, text }) => ({ id, text: oneLine(text, limit.selectText) })),
      ],
    })),
    submit_button: submit(choice, limit),
    ...(card.closed === undefined ? {} : { replace_text: card.closed }),
  };
}

const submit = ({ submit: { label, key } }: CardChoice, limit: Limit) => ({
  text: oneLine(label, limit.buttonText),
  key,
});

/** Lines with an address and fields stand in the list below, everything else in the text above it. */
function body(
  card: FilledCard,
  limit: Limit,
): { sub_title_text?: string; horizontal_content_list?: HorizontalContent[] } {
  const { lines, rows } = parts(card, limit);
  const text = subTitle(lines, moreActions(card, limit), limit);
  return {
    ...(text === '' ? {} : { sub_title_text: text }),
    ...(rows.length === 0 ? {} : { horizontal_content_list: rows }),
  };
}

/** What the list below holds, and what is left for the text. */
function parts(card: FilledCard, limit: Limit): { lines: CardLine[]; rows: HorizontalContent[] } {
  const linked = card.lines.filter((line): line is CardLine & { url: string } => line.url !== undefined);
  const rows: HorizontalContent[] = [
    ...linked.map((line) => linkedRow(line, limit)),
    ...card.fields.map(({ label, value, url }) => ({
      ...(url === undefined ? {} : { type: 1 as const }),
      keyname: oneLine(label, limit.keyname),
      value: oneLine(value, limit.value),
      ...(url === undefined ? {} : { url }),
    })),
  ];
  const lost = [
    ...linked.map((line) => ({ ...line, url: undefined })),
    ...card.fields.map(({ label, value }) => ({ text: `${label}：${value}` })),
  ].slice(limit.horizontals);
  return {
    lines: [...card.lines.filter((line) => line.url === undefined), ...lost],
    rows: rows.slice(0, limit.horizontals),
  };
}

/** The sign or the day in front of a line is its key; the verdict's word stays in the text. */
function linkedRow(line: CardLine & { url: string }, limit: Limit): HorizontalContent {
  const text = markedText(line);
  const sign =
    line.mark === undefined
      ? /^(?:\p{Extended_Pictographic}\uFE0F?|\d{2}-\d{2}(?=\s))/u.exec(text)?.[0]
      : MARKS[line.mark].sign;
  const value = sign === undefined ? text : text.slice(sign.length).trimStart();
  return {
    type: 1,
    keyname: oneLine(sign ?? '查看', limit.keyname),
    value: oneLine(value, limit.value),
    url: line.url,
  };
}

/** More buttons than a card holds are answered by their digit. */
function moreActions(card: FilledCard, limit: Limit): string[] {
  const drawn = new Set(
    card.actions.slice(0, limit.buttons - (card.choice === undefined ? 0 : 1)).map(({ key }) => key),
  );
  const left = numbered(card).filter((entry) => entry.kind === 'action' && !drawn.has(entry.key));
  return left.length === 0 ? [] : [`还可回复：${left.map(({ number, text }) => `${number} ${text}`).join('　')}`];
}

/** All lines if they fit; else the passed ones become a count, and then the last ones do. What is left to do is seen longest. */
function subTitle(lines: readonly CardLine[], tail: readonly string[], limit: Limit): string {
  const fits = (parts: readonly string[]) => [...[...parts, ...tail].join('\n')].length <= limit.subTitle;
  let parts = lines.map(markedText);
  if (!fits(parts)) {
    const passed = lines.filter((line) => line.mark === 'passed').length;
    const rest = lines.filter((line) => line.mark !== 'passed').map(markedText);
    parts = passed > 1 ? [`${MARKS.passed.sign} ${MARKS.passed.word} ${passed} 项`, ...rest] : parts;
  }
  for (let left = 1; !fits(parts) && parts.length > 1; left += 1) {
    parts = [...parts.slice(0, left === 1 ? -1 : -2), `…还有 ${left} 项`];
  }
  return cutChars([...parts, ...tail].join('\n'), limit.subTitle);
}
