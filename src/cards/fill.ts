import { CHOICE_KEY } from './keys.js';
import { LIMITS } from './limits.js';
import { MARK_OF_WORD } from './read-card.js';
import type { ActionRule, CardRules, ChoiceRule, LineRule, Repeated } from './rules.js';
import { fillTemplate, holds } from './template.js';
import type { Look, Template } from './template.js';
import type { CardAction, CardChoice, CardLine, CardPicture, FilledCard } from './types.js';
import type { Vocabulary } from './words.js';

/** What can be looked up at a place of the card: the words of the card, and inside `每个` those of the item over them. */
interface Scope {
  look: Look;
  action: (name: string) => string;
}

export function fillCard<D>(rules: CardRules, vocabulary: Vocabulary<D>, data: D): FilledCard {
  const state = vocabulary.state(data);
  const content = rules.states[state];
  if (content === undefined) throw new TypeError(`card ${rules.name} has no state ${state}`);
  const card: Scope = {
    look: (name) => vocabulary.words[name]?.get(data),
    action: (name) => vocabulary.actions[name]?.(data) ?? '',
  };
  const openEach = (name: string): Scope[] => {
    const list = vocabulary.lists[name];
    return (list?.open(data) ?? []).map((item) => ({
      look: (word) => (Object.hasOwn(list?.words ?? {}, word) ? item.word(word) : card.look(word)),
      action: (action) => (list?.actions.includes(action) === true ? item.action(action) : card.action(action)),
    }));
  };
  const repeat = <R, T>(repeated: readonly Repeated<R>[], make: (rule: R, scope: Scope) => T): T[] =>
    repeated.flatMap(({ each, ways }) =>
      (each === undefined ? [card] : openEach(each)).flatMap((scope) => {
        const way = ways.find((one) => holds(one.when, scope.look));
        return way === undefined ? [] : [make(way, scope)];
      }),
    );
  const optional = (template: Template | undefined, max: number): string | undefined =>
    (template && fillTemplate(template, card.look, max)) || undefined;

  return {
    name: rules.name,
    title: fillTemplate(content.title, card.look, LIMITS.title),
    subtitle: optional(content.subtitle, LIMITS.subtitle),
    tone: content.tone,
    lines: repeat(content.lines, fillLine).filter((line) => line.text !== ''),
    fields: repeat(content.fields, (rule, scope) => ({
      label: fillTemplate(rule.label, scope.look, LIMITS.fieldLabel),
      value: fillTemplate(rule.value, scope.look, LIMITS.fieldValue) || '—',
      ...address(rule.url, scope),
    })).slice(0, LIMITS.fields),
    actions: repeat(content.actions, (rule, scope) => fillAction(rule, scope, LIMITS.actionLabel))
      // A button that leads nowhere (its address is not known) is not shown.
      .filter((action) => action.key !== '' || action.url !== undefined)
      .slice(0, LIMITS.actions),
    choice: content.choice && fillChoice(content.choice, card, openEach(content.choice.each)),
    picture: content.picture && fillPicture(content.picture, card),
    url: optional(content.url, Infinity),
    closed: optional(content.closed, LIMITS.closed),
    summary: fillTemplate(content.summary, card.look, LIMITS.summary),
  };
}

function fillLine(rule: LineRule, scope: Scope): CardLine {
  const mark =
    rule.mark && ('fixed' in rule.mark ? rule.mark.fixed : MARK_OF_WORD.get(String(scope.look(rule.mark.word))));
  return {
    text: fillTemplate(rule.text, scope.look, LIMITS.line),
    ...(mark && { mark }),
    ...address(rule.url, scope),
  };
}

function fillAction(rule: ActionRule, scope: Scope, max: number): CardAction {
  return {
    key: rule.action === undefined ? '' : scope.action(rule.action),
    label: fillTemplate(rule.label, scope.look, max),
    style: rule.style,
    ...address(rule.url, scope),
  };
}

function fillChoice(rule: ChoiceRule, card: Scope, items: readonly Scope[]): CardChoice | undefined {
  // A question without options cannot be answered.
  if (items.length === 0) return undefined;
  return {
    key: CHOICE_KEY,
    title: fillTemplate(rule.title, card.look, LIMITS.choiceTitle),
    mode: rule.mode,
    options: items.slice(0, LIMITS.options[rule.mode]).map((scope) => {
      const group = rule.group && fillTemplate(rule.group, scope.look, LIMITS.optionText);
      return {
        id: fillTemplate(rule.id, scope.look, Infinity),
        text: fillTemplate(rule.text, scope.look, LIMITS.optionText),
        ...(group && { group }),
        ...(rule.checked && holds(rule.checked, scope.look) && { checked: true }),
      };
    }),
    submit: fillAction(rule.submit, card, LIMITS.submitLabel),
  };
}

/** One whose address is not known is left out. */
function fillPicture({ url: template, ratio }: { url: Template; ratio: number }, { look }: Scope): CardPicture | undefined {
  const url = fillTemplate(template, look, Infinity);
  return url === '' ? undefined : { url, ratio };
}

function address(template: Template | undefined, scope: Scope): { url?: string } {
  const url = template && fillTemplate(template, scope.look, Infinity);
  return url ? { url } : {};
}
