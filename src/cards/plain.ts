import type { CardAction, CardLine, FilledCard } from './types.js';
import { MARKS } from './vocabulary-parts.js';

/** A marked line as every rendering writes it: the sign, the words, and the verdict's word unless the words say it already. */
export function markedText(line: CardLine): string {
  if (line.mark === undefined) return line.text;
  const { sign, word } = MARKS[line.mark];
  // A tick, an empty box and a count speak for themselves; the others are never told by colour alone.
  const spoken = line.mark === 'passed' || line.mark === 'open' || line.mark === 'partly';
  return `${sign} ${line.text}${spoken || line.text.includes(word) ? '' : ` · ${word}`}`;
}

/** What a digit stands for in plain text: first the options of the question, then the buttons that come back. */
export type Numbered =
  | { number: number; kind: 'option'; id: string; text: string }
  | { number: number; kind: 'action'; key: string; text: string };

export function numbered(card: FilledCard): Numbered[] {
  if (card.closed !== undefined) return [];
  const options = card.choice?.options ?? [];
  // With a question there is no submit to press: the digits of the options are the submission.
  const buttons = card.actions.filter((action) => action.url === undefined);
  return [
    ...options.map(({ id, text }, index) => ({ number: index + 1, kind: 'option' as const, id, text })),
    ...buttons.map(({ key, label }, index) => ({
      number: options.length + index + 1,
      kind: 'action' as const,
      key,
      text: label,
    })),
  ];
}

/** The whole card in words, for chats that cannot draw it. */
export function renderPlain(card: FilledCard): string {
  const parts: string[] = [`【${card.title}】${card.subtitle ?? ''}`];
  for (const line of card.lines) parts.push(withAddress(markedText(line), line.url));
  for (const field of card.fields) parts.push(withAddress(`${field.label}：${field.value}`, field.url));
  if (card.choice !== undefined && card.closed === undefined) parts.push(card.choice.title);
  if (card.closed !== undefined) parts.push(`（${card.closed}）`);
  else parts.push(...renderActions(card));
  if (card.url !== undefined && !card.actions.some((action) => action.url === card.url)) parts.push(card.url);
  return parts.join('\n');
}

function renderActions(card: FilledCard): string[] {
  const digits = numbered(card);
  const links = card.actions.filter((action): action is CardAction & { url: string } => action.url !== undefined);
  const parts = links.map((action) => withAddress(action.label, action.url));
  if (digits.length === 0) return parts;
  parts.push(card.choice?.mode === 'multi' ? '回复数字，多选用空格隔开：' : '回复数字：');
  let group: string | undefined;
  for (const entry of digits) {
    const option = entry.kind === 'option' ? card.choice?.options.find(({ id }) => id === entry.id) : undefined;
    if (option?.group !== undefined && option.group !== group) parts.push(`〔${option.group}〕`);
    group = option?.group;
    parts.push(`${entry.number} ${entry.text}${option?.checked === true ? ' ✓' : ''}`);
  }
  return parts;
}

function withAddress(text: string, url: string | undefined): string {
  return url === undefined ? text : `${text} ${url}`;
}
