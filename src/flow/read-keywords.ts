import type { YamlValue } from '../core/index.js';
import { createUniqueness, readDistinct } from './read-parts.js';
import type { Keyword } from './types.js';

/** What one line of a card's choice holds. */
const NAME_LENGTH = 17;
/** A single character is found everywhere. */
const MIN_PHRASE = 2;

/** 关键词: `名字: [说法, 说法]`. The name itself is looked for too. */
export function readKeywords(value: YamlValue | null): Keyword[] {
  const unique = createUniqueness('flow.double', (phrase) => `说法「${phrase}」在「关键词」里写了两次。`);
  return (value?.entries('关键词') ?? []).map(({ key: name, value: list }) => {
    if ([...name].length > NAME_LENGTH)
      list.error('flow.long_option', `关键词「${name}」有 ${[...name].length} 个字，最多 ${NAME_LENGTH} 个。`);
    const phrases = readDistinct(list, name) ?? [];
    for (const at of list.shape === 'list' ? (list.list(name) ?? []) : []) {
      const phrase = at.shape === 'text' ? (at.text(name) ?? '') : '';
      unique(phrase, at);
      checkPhrase(phrase, at);
    }
    return { name, phrases: [...new Set([name, ...phrases])] };
  });
}

/** `付款…改成`: parts with a few characters between, none of them empty; one of them must say something by itself. */
function checkPhrase(phrase: string, at: YamlValue): void {
  if (phrase === '') return;
  const lengths = phrase.split('…').map((part) => [...part.replace(/[\p{P}\p{S}\s]/gu, '')].length);
  if (lengths.every((length) => length > 0) && lengths.some((length) => length >= MIN_PHRASE)) return;
  at.error(
    'flow.short_phrase',
    `说法「${phrase}」太短，至少连着 ${MIN_PHRASE} 个字；中间隔几个字用「…」，两边都要有字，比如「付款…改成」。`,
  );
}
