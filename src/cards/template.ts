import { charLength, clip } from './limits.js';
import type { Value } from './words.js';

/**
 * A line of words with blanks: `{客户} · {阶段}[，再拍 {还差} 张]`. Words in square brackets are only said when all their
 * blanks are filled. To print a bracket itself: `\{ \} \[ \]`.
 */
export type Template = readonly Part[];
type Part = { text: string } | { blank: string } | { optional: Template };

export class TemplateError extends Error {}

export function parseTemplate(source: string): Template {
  const [parts, rest] = parseParts(source, 0, false);
  if (rest < source.length) throw new TemplateError('多了一个「]」');
  return parts;
}

function parseParts(source: string, from: number, nested: boolean): [Part[], number] {
  const parts: Part[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push({ text });
    text = '';
  };
  let at = from;
  while (at < source.length) {
    const char = source[at];
    if (char === '\\' && '{}[]\\'.includes(source[at + 1] ?? ' ')) {
      text += source[at + 1] ?? '';
      at += 2;
    } else if (char === '{') {
      const end = source.indexOf('}', at);
      if (end < 0) throw new TemplateError('「{」后面少了「}」');
      flush();
      parts.push({ blank: source.slice(at + 1, end).trim() });
      at = end + 1;
    } else if (char === '}') {
      throw new TemplateError('多了一个「}」');
    } else if (char === '[') {
      if (nested) throw new TemplateError('方括号里不能再套方括号');
      flush();
      const [optional, next] = parseParts(source, at + 1, true);
      if (source[next] !== ']') throw new TemplateError('「[」后面少了「]」');
      if (blanksOf(optional).length === 0) throw new TemplateError('方括号里要有空可填，不然它没有意义');
      parts.push({ optional });
      at = next + 1;
    } else if (char === ']') {
      break;
    } else {
      text += char;
      at += 1;
    }
  }
  flush();
  return [parts, at];
}

export function blanksOf(template: Template): string[] {
  return template.flatMap((part) =>
    'blank' in part ? [part.blank] : 'optional' in part ? blanksOf(part.optional) : [],
  );
}

/** Characters that are there whatever the data: what can be checked before any data exists. */
export function fixedLength(template: Template): number {
  return template.reduce((sum, part) => sum + ('text' in part ? charLength(part.text) : 0), 0);
}

export type Look = (name: string) => Value;

const isFilled = (value: Value): boolean => value !== undefined && value !== null && value !== '' && value !== false;

/**
 * The words with their blanks filled, at most `max` characters. Too long: the longest value is shortened first, because
 * the words around it carry the meaning.
 */
export function fillTemplate(template: Template, look: Look, max: number): string {
  const pieces = fillParts(template, look);
  let excess = pieces.reduce((sum, piece) => sum + charLength(piece.text), 0) - max;
  // Fewer than four characters of a name tell nothing: then the end of the text goes.
  const shortest = 4;
  while (excess > 0) {
    const longest = pieces.reduce<Piece | null>(
      (best, piece) => (piece.value && charLength(piece.text) > charLength(best?.text ?? '') ? piece : best),
      null,
    );
    const length = charLength(longest?.text ?? '');
    if (longest === null || length <= shortest) break;
    longest.text = clip(longest.text, Math.max(shortest, length - excess));
    excess -= length - charLength(longest.text);
  }
  return clip(pieces.map((piece) => piece.text).join(''), max);
}

interface Piece {
  text: string;
  value: boolean;
}

function fillParts(template: Template, look: Look): Piece[] {
  return template.flatMap((part): Piece[] => {
    if ('text' in part) return [{ text: part.text, value: false }];
    if ('blank' in part) {
      const value = look(part.blank);
      // Line breaks in what people wrote would break the one line they stand in.
      return [{ text: isFilled(value) ? String(value).replace(/\s+/g, ' ').trim() : '', value: true }];
    }
    return blanksOf(part.optional).every((name) => isFilled(look(name))) ? fillParts(part.optional, look) : [];
  });
}

/** `当` of a line or button: every word must have one of the values; `有` and `没有` ask whether it is filled at all. */
export interface Condition {
  word: string;
  anyOf: readonly string[];
}

export const FILLED = '有';
export const UNFILLED = '没有';

export function holds(conditions: readonly Condition[], look: Look): boolean {
  return conditions.every(({ word, anyOf }) => {
    const value = look(word);
    return anyOf.some((wanted) =>
      wanted === FILLED ? isFilled(value) : wanted === UNFILLED ? !isFilled(value) : String(value ?? '') === wanted,
    );
  });
}
