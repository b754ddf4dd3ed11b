/** Shapes of WeCom's own API, as far as they are used. https://developer.work.weixin.qq.com/document/path/90236 */

export interface WecomSettings {
  corpId: string;
  agentId: string;
  /** Secret of the app. */
  secret: string;
  /** Token of the callback. */
  token: string;
  /** EncodingAESKey of the callback, 43 characters. */
  encodingAesKey: string;
  /** `https://qyapi.weixin.qq.com`, or a stand-in. */
  apiBase: string;
}

/** A further app of the same company. */
export type AppSettings = Pick<WecomSettings, 'agentId' | 'secret' | 'token' | 'encodingAesKey'>;

/** Keys of one callback URL; the directory's callback has its own. */
export interface CallbackKeys {
  corpId: string;
  /** Token set in the console. */
  token: string;
  /** EncodingAESKey, 43 characters. */
  encodingAesKey: string;
}

/** What became of one callback, for counting; `kind` is the vendor's word for it, of a fixed set. */
export type CountCallback = (kind: string, outcome: 'event' | 'ignored' | 'unknown' | 'malformed' | 'refused') => void;

/** Every answer; HTTP 200 with another errcode than 0 is a refusal. */
export interface ApiAnswer {
  errcode: number;
  errmsg: string;
  [field: string]: unknown;
}

export interface TitlePart {
  title: string;
  desc?: string;
}

export interface HorizontalContent {
  /** 1 opens `url`. */
  type?: 1;
  keyname: string;
  value: string;
  url?: string;
}

export interface CardButton {
  /** 1 opens `url`, nothing comes back. */
  type?: 1;
  text: string;
  /** 1 filled, 2 plain, 3 red, 4 grey. */
  style: 1 | 2 | 3 | 4;
  key?: string;
  url?: string;
}

export interface CardOption {
  id: string;
  text: string;
}

interface CardBase {
  main_title: TitlePart;
  card_action?: { type: 1; url: string };
  /** Never in an update. */
  task_id?: string;
}

export interface TextNotice extends CardBase {
  card_type: 'text_notice';
  sub_title_text?: string;
  horizontal_content_list?: HorizontalContent[];
  card_action: { type: 1; url: string };
}

export interface ButtonInteraction extends CardBase {
  card_type: 'button_interaction';
  sub_title_text?: string;
  horizontal_content_list?: HorizontalContent[];
  button_selection?: {
    question_key: string;
    title: string;
    disable?: boolean;
    option_list: CardOption[];
    selected_id?: string;
  };
  button_list: CardButton[];
  replace_text?: string;
}

export interface VoteInteraction extends Omit<CardBase, 'card_action'> {
  card_type: 'vote_interaction';
  checkbox: {
    question_key: string;
    /** 0 one option, 1 several. */
    mode: 0 | 1;
    disable?: boolean;
    option_list: (CardOption & { is_checked: boolean })[];
  };
  submit_button: { text: string; key: string };
  replace_text?: string;
}

export interface MultipleInteraction extends Omit<CardBase, 'card_action'> {
  card_type: 'multiple_interaction';
  select_list: {
    question_key: string;
    title: string;
    disable?: boolean;
    selected_id?: string;
    option_list: CardOption[];
  }[];
  submit_button: { text: string; key: string };
  replace_text?: string;
}

export interface NewsNotice extends CardBase {
  card_type: 'news_notice';
  card_image: { url: string; aspect_ratio: number };
  vertical_content_list?: { title: string }[];
  horizontal_content_list?: HorizontalContent[];
  /** 1 opens `url`. */
  jump_list?: { type: 1; title: string; url: string }[];
  card_action: { type: 1; url: string };
}

export type TemplateCard = TextNotice | NewsNotice | ButtonInteraction | VoteInteraction | MultipleInteraction;
