import type { Keyword } from '../../flow/index.js';

/** A keyword that stands in the words of a recording. */
export interface Mention {
  /** 付款方式变更 */
  name: string;
  /** The way it was said, as it stands there. */
  said: string;
  /** With some words before and after. */
  quote: string;
}

/** Characters that `…` may stand for: a few words inside one clause. */
const GAP = 8;
/** Characters on either side of what was said: a clause, and short enough for a line of a card. */
const AROUND = 12;
/** 没 and 不 this close before it turn it round: 没有确认, 还没确认, 不能确认. */
const NEGATION_REACH = 2;
const NEGATION = /[没未不别无]/u;
/** One topic in one recording is one note: the first place speaks for it. */
const MOST_PER_KEYWORD = 1;
const MOST = 10;

const IGNORED = /[\s，、“”"'‘’《》「」·]/u;
const CLAUSE_END = /[。！？!?；;\n]/u;

/** What is said of the flow's keywords, in the order in which it is said. Pure. */
export function findMentions(text: string, keywords: readonly Keyword[]): Mention[] {
  const letters = lettersOf(text);
  const folded = letters.map(({ char }) => char).join('');
  const found = keywords.flatMap(({ name, phrases }) =>
    phrases
      .flatMap((phrase) => places(folded, phrase))
      .filter(({ at }) => !isDenied(folded, at))
      .toSorted((a, b) => a.at - b.at)
      .slice(0, MOST_PER_KEYWORD)
      .map(({ at, length }) => {
        const from = letters[at]?.index ?? 0;
        const to = (letters[at + length - 1]?.index ?? from) + 1;
        return { from, mention: { name, said: text.slice(from, to), quote: quoteOf(text, from, to) } };
      }),
  );
  return found
    .toSorted((a, b) => a.from - b.from)
    .slice(0, MOST)
    .map(({ mention }) => mention);
}

/** Characters that count, each with where it stands in the text; widths and cases made one. */
function lettersOf(text: string): { char: string; index: number }[] {
  const letters: { char: string; index: number }[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if (IGNORED.test(char)) continue;
    const plain = char.normalize('NFKC').toLowerCase();
    letters.push({ char: plain.length === 1 ? plain : char, index });
  }
  return letters;
}

function places(folded: string, phrase: string): { at: number; length: number }[] {
  const parts = phrase
    .split('…')
    .map((part) =>
      lettersOf(part)
        .map(({ char }) => char)
        .join(''),
    )
    .filter((part) => part !== '')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&'));
  if (parts.length === 0) return [];
  const pattern = new RegExp(parts.join(`[^。！？!?；;\\n没未不别无]{0,${GAP}}?`), 'gu');
  return [...folded.matchAll(pattern)].map((match) => ({ at: match.index, length: match[0].length }));
}

function isDenied(folded: string, at: number): boolean {
  const before = folded.slice(Math.max(0, at - NEGATION_REACH), at);
  const clause = before.split(CLAUSE_END).at(-1) ?? '';
  return NEGATION.test(clause);
}

function quoteOf(text: string, from: number, to: number): string {
  const start = Math.max(0, from - AROUND);
  const end = Math.min(text.length, to + AROUND);
  const inner = text.slice(start, end).replace(/\s+/gu, ' ').trim();
  return `${start > 0 ? '…' : ''}${inner}${end < text.length ? '…' : ''}`;
}
