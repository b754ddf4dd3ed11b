/**
 * The vocabulary of a card: which Chinese names a card file may use, and where their values come from. It stands between
 * the data (typed, English) and the files (business words), so that a file can be checked at load against what exists.
 */
export type Value = string | number | boolean | null | undefined;

export interface Word<D> {
  get: (data: D) => Value;
  /** For words with few known values: what a condition may compare with. */
  values?: readonly string[];
}

export interface List<D> {
  /** One opened item: its own words and actions, over those of the card. */
  open: (data: D) => OpenedItem[];
  words: Readonly<Record<string, { values?: readonly string[] }>>;
  actions: readonly string[];
}

export interface OpenedItem {
  word: (name: string) => Value;
  action: (name: string) => string;
}

export interface Vocabulary<D> {
  /** English state → the file's word. A card without states has one, ''. */
  states: Readonly<Record<string, string>>;
  state: (data: D) => string;
  words: Readonly<Record<string, Word<D>>>;
  lists: Readonly<Record<string, List<D>>>;
  actions: Readonly<Record<string, (data: D) => string>>;
}

type Words<D> = Readonly<Record<string, Word<D> | ((data: D) => Value)>>;

const toWord = <D>(word: Word<D> | ((data: D) => Value)): Word<D> =>
  typeof word === 'function' ? { get: word } : word;

function toWords<D>(words: Words<D>): Record<string, Word<D>> {
  return Object.fromEntries(Object.entries(words).map(([name, word]) => [name, toWord(word)]));
}

/** A word with few known values: `标记` is one of 通过, 没通过 … */
export function oneOf<D, K extends string>(get: (data: D) => K, table: Readonly<Record<K, string>>): Word<D> {
  return { get: (data) => table[get(data)], values: Object.values(table) };
}

/** A list whose items are opened one by one with `每个`. */
export function list<D, I>(
  pick: (data: D) => readonly I[],
  itemWords: Words<I>,
  itemActions: Readonly<Record<string, (item: I, data: D) => string>> = {},
): List<D> {
  const words = toWords(itemWords);
  return {
    words,
    actions: Object.keys(itemActions),
    open: (data) =>
      pick(data).map((item) => ({
        word: (name) => words[name]?.get(item),
        action: (name) => itemActions[name]?.(item, data) ?? '',
      })),
  };
}

export function vocabulary<D>(parts: {
  words: Words<D>;
  lists?: Readonly<Record<string, List<D>>>;
  actions?: Readonly<Record<string, (data: D) => string>>;
}): Vocabulary<D> {
  return {
    states: { '': '' },
    state: () => '',
    words: toWords(parts.words),
    lists: parts.lists ?? {},
    actions: parts.actions ?? {},
  };
}

/** The same for a card that looks different by state. */
export function vocabularyByState<D extends { state: string }>(
  states: Readonly<Record<D['state'], string>>,
  parts: Parameters<typeof vocabulary<D>>[0],
): Vocabulary<D> {
  return { ...vocabulary(parts), states, state: (data) => data.state };
}
