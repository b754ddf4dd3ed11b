import { markedText, type CardLine } from '../../cards/index.js';

/** Wide forms of the letters that markdown would take as markup: safe in every client, however it reads a backslash. */
const WIDE: Record<string, string> = {
  '*': '＊',
  '`': '｀',
  '[': '［',
  ']': '］',
  '<': '＜',
  '>': '＞',
  '~': '～',
};

/** Plain text as markdown that shows exactly that text. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/[*`[\]<>~]/g, (letter) => WIDE[letter] ?? letter)
      // Between letters an underscore is only an underscore (file names); elsewhere it would slant the text.
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '＿')
      .replace(/^(\s*)#/gm, '$1＃')
      .replace(/^(\s*)([-+])(?=\s)/gm, (_, blank: string, sign: string) => `${blank}${sign === '-' ? '－' : '＋'}`)
      .replace(/^(\s*\d+)\.(?=\s)/gm, '$1．')
  );
}

/** A link where the address is one a client may open, else the text alone. `text` is markdown already. */
export function link(text: string, url: string | undefined): string {
  if (url === undefined || !/^(https?|dtmd):\/\//.test(url)) return text;
  return `[${text}](${url.replace(/[()\s<>]/g, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)})`;
}

/** The vendor breaks a line only at two blanks before and after it. */
export const LINE_BREAK = '  \n  ';

/** Markdown of ours with ordinary line breaks, as the vendor wants it: lists, headings and quotes keep theirs. */
export function toVendorMarkdown(text: string): string {
  return text.replace(/(?<!\n)\n(?!\n)(?!\s*(?:[-*+] |\d+\. |#{1,6} |>))/g, LINE_BREAK);
}

export const lineToMarkdown = (line: CardLine): string => link(escapeMarkdown(markedText(line)), line.url);

/** Cut at a line end, so that no markup is left open. `bytes` in UTF-8. */
export function cutLines(lines: readonly string[], maxBytes: number, rest: string): string[] {
  const kept: string[] = [];
  let size = Buffer.byteLength(rest) + LINE_BREAK.length;
  for (const line of lines) {
    size += Buffer.byteLength(line) + LINE_BREAK.length;
    if (size > maxBytes) return [...kept, rest];
    kept.push(line);
  }
  return kept;
}

/** Plain text cut between characters. */
export function cutText(text: string, maxBytes: number, rest: string): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text).subarray(0, maxBytes - Buffer.byteLength(rest));
  return bytes.toString('utf8').replace(/\uFFFD+$/, '') + rest;
}
