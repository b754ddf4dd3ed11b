import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node } from 'yaml';

/** One mistake in a file that people write, with the place and what is allowed; the message is for them, in Chinese. */
export interface FileProblem {
  file: string;
  /** 1-based, like editors show them. */
  line: number;
  col: number;
  level: 'error' | 'warning';
  /** Dotted and stable: `yaml.unknown_key`, `flow.unknown_stage`. */
  code: string;
  message: string;
}

/** `FILE:LINE:COL level code message`, the line that `npm run flow -- lint` prints. */
export function formatProblem(problem: FileProblem): string {
  return `${problem.file}:${problem.line}:${problem.col} ${problem.level} ${problem.code} ${problem.message}`;
}

export function hasErrors(problems: readonly FileProblem[]): boolean {
  return problems.some((problem) => problem.level === 'error');
}

/** As one reads the file, from top to bottom. */
export function inFileOrder(problems: readonly FileProblem[]): FileProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.col - b.col);
}

interface Source {
  file: string;
  lines: LineCounter;
  problems: FileProblem[];
}

/**
 * Reads a YAML file that people write. Every value is the text as written (no YAML guessing of numbers, dates and
 * yes/no), and every value knows its place, so that a mistake can be pointed at. `root` is null when nothing can be read.
 */
export function readYaml(text: string, file: string): { root: YamlValue | null; problems: FileProblem[] } {
  const source: Source = { file, lines: new LineCounter(), problems: [] };
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: source.lines, prettyErrors: false });
  for (const error of document.errors) {
    report(source, error.pos[0], 'error', 'yaml.syntax', yamlErrorText(error.code, error.message));
  }
  if (document.errors.length > 0) return { root: null, problems: source.problems };
  const node = document.contents as Node | null;
  if (node === null) {
    report(source, 0, 'error', 'yaml.empty', '文件是空的。');
    return { root: null, problems: source.problems };
  }
  return { root: new YamlValue(source, node, 0), problems: source.problems };
}

/** A value of the file with its place. Readers report what is wrong and go on, so that all mistakes are listed at once. */
export class YamlValue {
  readonly #source: Source;
  readonly #node: Node | null;
  readonly #offset: number;
  constructor(source: Source, node: Node | null, offset: number) {
    this.#source = source;
    this.#node = node;
    this.#offset = node?.range?.[0] ?? offset;
    if (isAlias(node)) this.error('yaml.alias', '这里不支持 YAML 的引用（* 和 &），请把内容写全。');
  }

  get shape(): 'map' | 'list' | 'text' | 'nothing' {
    if (isMap(this.#node)) return 'map';
    if (isSeq(this.#node)) return 'list';
    return isScalar(this.#node) && this.#node.value !== null && this.#node.value !== '' ? 'text' : 'nothing';
  }

  error(code: string, message: string): void {
    report(this.#source, this.#offset, 'error', code, message);
  }
  warn(code: string, message: string): void {
    report(this.#source, this.#offset, 'warning', code, message);
  }

  /** The text as written, trimmed; reports anything else and gives null. */
  text(what: string): string | null {
    if (this.shape === 'text' && isScalar(this.#node)) {
      const text = String(this.#node.value).trim();
      if (text !== '') return text;
    }
    this.error('yaml.not_text', `「${what}」要写一句文字，现在${this.#seen()}。`);
    return null;
  }

  /** One of the allowed words, mapped; reports the wrong value with what is allowed. */
  word<T>(what: string, allowed: Readonly<Record<string, T>>): T | null {
    const text = this.text(what);
    if (text === null) return null;
    if (Object.hasOwn(allowed, text)) return allowed[text] as T;
    const words = Object.keys(allowed);
    this.error(
      'yaml.unknown_word',
      `「${what}」不认识「${text}」${didYouMean(text, words)}，可以写：${words.join('、')}。`,
    );
    return null;
  }

  list(what: string): YamlValue[] | null {
    if (!isSeq(this.#node)) {
      this.error('yaml.not_list', `「${what}」要写成列表（每行一个，前面加 - ），现在${this.#seen()}。`);
      return null;
    }
    return this.#node.items.map((item) => new YamlValue(this.#source, item as Node | null, this.#offset));
  }

  texts(what: string): string[] | null {
    return this.list(what)?.flatMap((item) => item.text(what) ?? []) ?? null;
  }

  /** Fields under known names: unknown ones are reported with the nearest known one. */
  fields(what: string, known: readonly string[]): YamlFields | null {
    const entries = this.entries(what);
    if (entries === null) return null;
    for (const { key, at } of entries) {
      if (known.includes(key)) continue;
      at.error(
        'yaml.unknown_key',
        `「${what}」里没有「${key}」这一栏${didYouMean(key, known)}，可以写：${known.join('、')}。`,
      );
    }
    return new YamlFields(what, this, new Map(entries.map(({ key, value }) => [key, value])));
  }

  /** Fields under names that the writer chose. */
  entries(what: string): { key: string; at: YamlValue; value: YamlValue }[] | null {
    if (!isMap(this.#node)) {
      this.error('yaml.not_map', `「${what}」要写成「名称: 内容」，现在${this.#seen()}。`);
      return null;
    }
    return this.#node.items.flatMap((pair) => {
      const at = new YamlValue(this.#source, pair.key as Node | null, this.#offset);
      const key = at.text('栏目名');
      if (key === null) return [];
      return [{ key, at, value: new YamlValue(this.#source, pair.value as Node | null, at.#offset) }];
    });
  }

  #seen(): string {
    if (this.shape === 'map') return '写成了「名称: 内容」';
    if (this.shape === 'list') return '写成了列表';
    return this.shape === 'nothing' ? '是空的' : `写的是「${String((this.#node as { value?: unknown }).value)}」`;
  }
}

export class YamlFields {
  readonly #what: string;
  readonly #map: ReadonlyMap<string, YamlValue>;
  readonly at: YamlValue;
  constructor(what: string, at: YamlValue, map: ReadonlyMap<string, YamlValue>) {
    this.#what = what;
    this.at = at;
    this.#map = map;
  }
  has(key: string): boolean {
    return this.#map.has(key);
  }
  get(key: string): YamlValue | null {
    return this.#map.get(key) ?? null;
  }
  need(key: string): YamlValue | null {
    const value = this.get(key);
    if (value === null) this.at.error('yaml.missing_key', `「${this.#what}」少了「${key}」。`);
    return value;
  }
}

function report(source: Source, offset: number, level: FileProblem['level'], code: string, message: string): void {
  const { line, col } = source.lines.linePos(offset);
  source.problems.push({ file: source.file, line: Math.max(line, 1), col: Math.max(col, 1), level, code, message });
}

function yamlErrorText(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return '同一个栏目写了两次，请删掉一个。';
  if (code === 'TAB_AS_INDENT') return '缩进用了制表符，请改成空格。';
  if (code === 'BAD_INDENT') return '缩进没对齐，同一层的内容要左对齐。';
  return `YAML 读不懂：${message}`;
}

/** `（是不是想写「…」？）` for the nearest word within two edits, otherwise nothing. */
export function didYouMean(written: string, known: readonly string[]): string {
  let best: string | null = null;
  // Two edits in a long word are a slip; in a word of two characters they are another word.
  let bestDistance = Math.min(2, Math.ceil(written.length / 2)) + 1;
  for (const word of known) {
    const distance = editDistance(written, word);
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best === null ? '' : `（是不是想写「${best}」？）`;
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
