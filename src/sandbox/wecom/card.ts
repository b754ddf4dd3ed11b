import { bytesOf, isJson, type Json, list, text } from '../json.js';

/**
 * The field rules of template cards (https://developer.work.weixin.qq.com/document/path/90236). Only what the vendor has an
 * error for is refused; the advised display lengths come back as warnings, and fields that a type does not offer are left
 * out, as its client does.
 */

export const CARD_TYPES = [
  'text_notice',
  'news_notice',
  'button_interaction',
  'vote_interaction',
  'multiple_interaction',
] as const;
export type CardType = (typeof CARD_TYPES)[number];

/** Types that call back and can be updated without an action menu. */
export const INTERACTIVE: readonly string[] = ['button_interaction', 'vote_interaction', 'multiple_interaction'];

const NOTICE = [
  'source',
  'action_menu',
  'main_title',
  'quote_area',
  'horizontal_content_list',
  'jump_list',
  'card_action',
];
const OFFERED: Record<CardType, readonly string[]> = {
  text_notice: [...NOTICE, 'emphasis_content', 'sub_title_text', 'task_id'],
  news_notice: [...NOTICE, 'card_image', 'image_text_area', 'vertical_content_list', 'task_id'],
  button_interaction: [
    'source',
    'action_menu',
    'main_title',
    'quote_area',
    'sub_title_text',
    'horizontal_content_list',
    'card_action',
    'task_id',
    'button_selection',
    'button_list',
    'replace_text',
  ],
  vote_interaction: ['source', 'main_title', 'task_id', 'checkbox', 'submit_button', 'replace_text'],
  multiple_interaction: ['source', 'main_title', 'task_id', 'select_list', 'submit_button', 'replace_text'],
};

const MAX_KEY_BYTES = 1_024;
const MAX_ID_BYTES = 128;
const TASK_ID = /^[0-9A-Za-z_@-]{1,128}$/;

export interface CheckedCard {
  type: CardType;
  /** As a client holds it. */
  card: Json;
  taskId?: string;
  /** Can be pressed and updated. */
  interactive: boolean;
  warnings: string[];
}

export interface CardRefusal {
  errcode: number;
  errmsg: string;
}

export interface CardContext {
  /** An update needs no task_id. */
  update: boolean;
  mediaExists: (mediaId: string) => boolean;
  userExists: (userId: string) => boolean;
  /** A card of the AI bot: less is shown, and its buttons only call back. https://developer.work.weixin.qq.com/document/path/101032 */
  bot?: boolean;
}

class Refused extends Error {
  readonly errcode: number;
  constructor(errcode: number, what: string) {
    super(what);
    this.errcode = errcode;
  }
}

export function checkCard(value: unknown, context: CardContext): CheckedCard | CardRefusal {
  try {
    return new Checker(context).check(value);
  } catch (error) {
    if (error instanceof Refused) return { errcode: error.errcode, errmsg: error.message };
    throw error;
  }
}

class Checker {
  readonly #context: CardContext;
  readonly #warnings: string[] = [];
  constructor(context: CardContext) {
    this.#context = context;
  }

  check(value: unknown): CheckedCard {
    if (!isJson(value)) throw new Refused(40063, 'template_card is empty');
    if ('template_card' in value) throw new Refused(41016, 'missing title');
    const type = CARD_TYPES.find((known) => known === value.card_type);
    if (type === undefined) throw new Refused(42031, 'invalid template_card.card_type');
    const card = this.#offered(type, value);
    const menu = this.#actionMenu(card);
    this.#source(card);
    this.#mainTitle(type, card);
    this.#quoteArea(card);
    this.#horizontal(card);
    this.#jumpList(card);
    this.#cardAction(type, card);
    this.#pictures(type, card);
    this.#vertical(card);
    this.#buttons(type, card, menu);
    this.#choices(type, card);
    const interactive = INTERACTIVE.includes(type) || menu.length > 0;
    const taskId = this.#taskId(card, interactive);
    return { type, card, interactive, warnings: this.#warnings, ...(taskId === undefined ? {} : { taskId }) };
  }

  #offered(type: CardType, value: Json): Json {
    const card: Json = { card_type: type };
    for (const [key, field] of Object.entries(value)) {
      if (key === 'card_type') continue;
      if (OFFERED[type].includes(key)) card[key] = field;
      else this.#warnings.push(`${type} does not offer ${key}`);
    }
    return card;
  }

  #advise(path: string, value: unknown, app: number, bot = app): void {
    const characters = this.#of(app, bot);
    const length = [...text(value)].length;
    if (length > characters) this.#warnings.push(`${path} has ${length} characters, ${characters} are shown`);
  }

  #of(app: number, bot: number): number {
    return this.#context.bot === true ? bot : app;
  }

  #taskId(card: Json, interactive: boolean): string | undefined {
    const given = card.task_id;
    if (given === undefined || given === '') {
      if (interactive && !this.#context.update) throw new Refused(42014, 'invalid task_id');
      return undefined;
    }
    if (typeof given !== 'string' || !TASK_ID.test(given)) throw new Refused(42014, 'invalid task_id');
    return given;
  }

  #source(card: Json): void {
    if (isJson(card.source)) this.#advise('source.desc', card.source.desc, 20, 13);
  }

  #mainTitle(type: CardType, card: Json): void {
    const main = isJson(card.main_title) ? card.main_title : {};
    const title = text(main.title);
    this.#advise('main_title.title', title, 36, 26);
    this.#advise('main_title.desc', main.desc, 44, 30);
    this.#advise('sub_title_text', card.sub_title_text, 160, 112);
    const enough = type === 'text_notice' ? title !== '' || text(card.sub_title_text) !== '' : title !== '';
    if (!enough) throw new Refused(42033, 'invalid template_card.main_title.title');
    if (isJson(card.emphasis_content)) {
      this.#advise('emphasis_content.title', card.emphasis_content.title, 14, 10);
      this.#advise('emphasis_content.desc', card.emphasis_content.desc, 22, 15);
    }
  }

  #actionMenu(card: Json): string[] {
    if (card.action_menu === undefined) return [];
    const items = isJson(card.action_menu) ? list(card.action_menu.action_list) : [];
    if (items.length < 1 || items.length > 3) throw new Refused(40058, 'invalid action_menu.action_list size');
    const keys: string[] = [];
    for (const item of items) {
      const { text: label, key } = isJson(item) ? item : {};
      if (text(label) === '') throw new Refused(42038, 'invalid action_menu.action_list.text');
      keys.push(this.#key(key, 'action_menu.action_list.key'));
    }
    if (new Set(keys).size !== keys.length) throw new Refused(42051, 'action_menu key conflict');
    return keys;
  }

  #key(value: unknown, path: string): string {
    const key = text(value);
    if (key === '' || bytesOf(key) > MAX_KEY_BYTES) throw new Refused(42039, `invalid ${path}`);
    return key;
  }

  /** Targets of a tap: 1 opens an address, 2 a mini-program. */
  #target(value: Json, path: string): void {
    if (value.type === 1) this.#url(value.url, `${path}.url`);
    if (value.type === 2 && text(value.appid) === '') throw new Refused(42030, `invalid ${path}.appid`);
  }

  #url(value: unknown, path: string, errcode = 42028): void {
    if (!/^https?:\/\/./i.test(text(value))) throw new Refused(errcode, `invalid ${path}`);
  }

  #quoteArea(card: Json): void {
    if (isJson(card.quote_area)) this.#target(card.quote_area, 'quote_area');
  }

  #horizontal(card: Json): void {
    const items = list(card.horizontal_content_list);
    if (items.length > 6) throw new Refused(42035, 'invalid horizontal_content_list size');
    for (const item of items) {
      if (!isJson(item)) throw new Refused(42027, 'invalid horizontal_content_list.keyname');
      const path = 'horizontal_content_list';
      if (text(item.keyname) === '') throw new Refused(42027, `invalid ${path}.keyname`);
      this.#advise(`${path}.keyname`, item.keyname, 5);
      this.#advise(`${path}.value`, item.value, 30, 26);
      if (item.type === 1) this.#url(item.url, `${path}.url`);
      if (item.type === 2 && this.#context.bot === true) throw new Refused(40058, `invalid ${path}.type`);
      if (item.type === 2 && !this.#context.mediaExists(text(item.media_id))) {
        throw new Refused(42029, `invalid ${path}.media_id`);
      }
      if (item.type === 3 && !this.#context.userExists(text(item.userid))) {
        throw new Refused(42050, `invalid ${path}.userid`);
      }
    }
  }

  #jumpList(card: Json): void {
    const items = list(card.jump_list);
    if (items.length > 3) throw new Refused(42042, 'invalid jump_list size');
    for (const item of items) {
      if (!isJson(item) || text(item.title) === '') throw new Refused(42033, 'invalid jump_list.title');
      this.#advise('jump_list.title', item.title, 18, 13);
      this.#target(item, 'jump_list');
    }
  }

  #cardAction(type: CardType, card: Json): void {
    const action = card.card_action;
    const required = type === 'text_notice' || type === 'news_notice';
    if (action === undefined && !required) return;
    const allowed = required ? [1, 2] : [0, 1, 2];
    if (!isJson(action) || !allowed.some((kind) => kind === (action.type ?? 0))) {
      throw new Refused(42045, 'invalid template_card.card_action');
    }
    this.#target(action, 'card_action');
  }

  #pictures(type: CardType, card: Json): void {
    if (type !== 'news_notice') return;
    const { card_image: image, image_text_area: area } = card;
    if (!isJson(image) && !isJson(area)) throw new Refused(42044, 'invalid card_image.url');
    if (isJson(image)) {
      this.#url(image.url, 'card_image.url', 42044);
      const ratio = image.aspect_ratio ?? 1.3;
      if (typeof ratio !== 'number' || ratio < 1.3 || ratio >= 2.25) {
        this.#warnings.push('card_image.aspect_ratio is outside 1.3 to 2.25');
      }
    }
    if (isJson(area)) {
      this.#url(area.image_url, 'image_text_area.image_url');
      this.#target(area, 'image_text_area');
    }
  }

  #vertical(card: Json): void {
    const items = list(card.vertical_content_list);
    if (items.length > 4) throw new Refused(42036, 'invalid vertical_content_list size');
    for (const item of items) {
      if (!isJson(item) || text(item.title) === '') throw new Refused(42033, 'invalid vertical_content_list.title');
      this.#advise('vertical_content_list.title', item.title, 38, 26);
      this.#advise('vertical_content_list.desc', item.desc, 160, 112);
    }
  }

  #buttons(type: CardType, card: Json, menu: string[]): void {
    if (type !== 'button_interaction') return;
    const items = list(card.button_list);
    if (items.length < 1 || items.length > 6) throw new Refused(40058, 'invalid button_list size');
    const keys: string[] = [...menu];
    for (const item of items) {
      if (!isJson(item) || text(item.text) === '') throw new Refused(42038, 'invalid button_list.text');
      this.#advise('button_list.text', item.text, 10);
      if ((item.type ?? 0) === 1 && this.#context.bot !== true) this.#url(item.url, 'button_list.url');
      else keys.push(this.#key(item.key, 'button_list.key'));
    }
    if (new Set(keys).size !== keys.length) throw new Refused(42039, 'button_list.key conflict');
  }

  #choices(type: CardType, card: Json): void {
    if (type === 'button_interaction') {
      if (card.button_selection !== undefined)
        this.#selector(card.button_selection, 'button_selection', 10, this.#of(16, 10));
      return;
    }
    if (type === 'vote_interaction') this.#selector(card.checkbox, 'checkbox', 20, this.#of(17, 11));
    if (type === 'multiple_interaction') {
      const selectors = list(card.select_list);
      if (selectors.length < 1 || selectors.length > 3) throw new Refused(42047, 'invalid select_list size');
      const keys = selectors.map((selector) => this.#selector(selector, 'select_list', 10, this.#of(16, 10)));
      if (new Set(keys).size !== keys.length) throw new Refused(42043, 'select_list.question_key conflict');
    }
    if (type === 'vote_interaction' || type === 'multiple_interaction') this.#submit(card);
  }

  #selector(value: unknown, path: string, most: number, characters: number): string {
    if (!isJson(value)) throw new Refused(42043, `invalid ${path}.question_key`);
    const question = text(value.question_key);
    if (question === '' || bytesOf(question) > MAX_KEY_BYTES) throw new Refused(42043, `invalid ${path}.question_key`);
    const options = list(value.option_list);
    if (options.length < 1 || options.length > most) throw new Refused(42037, `invalid ${path}.option_list size`);
    const ids = options.map((option) => {
      const { id, text: label } = isJson(option) ? option : {};
      if (text(id) === '' || bytesOf(text(id)) > MAX_ID_BYTES)
        throw new Refused(42040, `invalid ${path}.option_list.id`);
      if (text(label) === '') throw new Refused(42041, `invalid ${path}.option_list.text`);
      this.#advise(`${path}.option_list.text`, label, characters);
      return text(id);
    });
    if (new Set(ids).size !== ids.length) throw new Refused(42040, `${path}.option_list.id conflict`);
    return question;
  }

  #submit(card: Json): void {
    const submit = isJson(card.submit_button) ? card.submit_button : {};
    const key = text(submit.key);
    if (key === '' || bytesOf(key) > MAX_KEY_BYTES) throw new Refused(42046, 'invalid submit_button.key');
    if (submit.text !== undefined && typeof submit.text !== 'string')
      throw new Refused(42049, 'invalid submit_button.text');
    this.#advise('submit_button.text', submit.text, 10);
  }
}
