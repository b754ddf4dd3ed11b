/**
 * The neutral card: what a card says and offers, filled and ready, without a word about how a platform draws it.
 * Renderings: WeCom template card, DingTalk card, phone page, plain text.
 */

/** A verdict is never shown by colour alone: the mark is drawn with its word. */
export type Mark = 'passed' | 'failed' | 'checking' | 'review' | 'unchecked' | 'partly' | 'open' | 'exempt';

export interface CardLine {
  text: string;
  mark?: Mark;
  /** Absolute https? address; the line becomes a link where the platform can. */
  url?: string;
}

export interface CardField {
  label: string;
  value: string;
  url?: string;
}

export interface CardAction {
  /** Comes back in the press; ≤ 200 bytes, `[0-9A-Za-z_:.@-]`. Holds ids, never positions. */
  key: string;
  label: string;
  style: 'primary' | 'plain' | 'danger';
  /** With an address the button opens it and nothing comes back. */
  url?: string;
}

/** One question with options; submitted with `submit`. At most one on a card. */
export interface CardChoice {
  /** Comes back with the chosen ids in `InboundPress.choices[key]`. */
  key: string;
  title: string;
  mode: 'single' | 'multi';
  /** id ≤ 128 bytes, unique on the card. */
  options: { id: string; text: string; group?: string; checked?: boolean }[];
  submit: CardAction;
}

/** At the head of a card that only tells; where a platform shows none, the card says the same without it. */
export interface CardPicture {
  /** Absolute, opens without a login. */
  url: string;
  /** Width by height. */
  ratio: number;
}

export interface FilledCard {
  /** Name of the card file it was made from: `checklist`, `gap`, `digest` … */
  name: string;
  title: string;
  /** Right of or under the title: `第 2 天 / 标准 5 工作日`. */
  subtitle?: string;
  tone: 'plain' | 'good' | 'warn' | 'bad';
  lines: CardLine[];
  fields: CardField[];
  actions: CardAction[];
  choice?: CardChoice;
  picture?: CardPicture;
  /** Opened by a tap on the card as a whole. */
  url?: string;
  /** When set, nothing can be pressed any more and the buttons are replaced by this text: `已提交`. */
  closed?: string;
  /** What the push notification and the chat list show; ≤ 40 characters. */
  summary: string;
  /**
   * In a group: people (ids of the platform) who have no use for some of the buttons. Hidden from them where the platform can show each
   * their own card; elsewhere everybody sees them, and a press says why not.
   */
  hides?: readonly { userId: string; actions: readonly string[] }[];
}
