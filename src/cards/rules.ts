import type { Condition, Template } from './template.js';
import type { CardAction, FilledCard, Mark } from './types.js';

/** A card file, read and checked: what `fill` works from. */
export interface CardRules {
  name: string;
  /** By the data's state; a card without states has one, ''. */
  states: Readonly<Record<string, ContentRules>>;
}

export interface ContentRules {
  title: Template;
  subtitle?: Template;
  tone: FilledCard['tone'];
  lines: Repeated<LineRule>[];
  fields: Repeated<FieldRule>[];
  actions: Repeated<ActionRule>[];
  choice?: ChoiceRule;
  picture?: { url: Template; ratio: number };
  url?: Template;
  closed?: Template;
  summary: Template;
}

/** Once, or once for each item of a list; of several ways of saying it the first whose condition holds. */
export interface Repeated<R> {
  each?: string;
  ways: (R & { when: Condition[] })[];
}

export interface LineRule {
  text: Template;
  /** A fixed mark, or the name of the word that holds it. */
  mark?: { fixed: Mark } | { word: string };
  url?: Template;
}

export interface FieldRule {
  label: Template;
  value: Template;
  url?: Template;
}

export interface ActionRule {
  label: Template;
  style: CardAction['style'];
  /** Name of an action of the vocabulary; a button with only an address has none. */
  action?: string;
  url?: Template;
}

export interface ChoiceRule {
  title: Template;
  mode: 'single' | 'multi';
  each: string;
  id: Template;
  text: Template;
  group?: Template;
  checked?: Condition[];
  submit: ActionRule;
}
