/** Cutting and cleaning of text for WeCom's fields. */

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });

/**
 * Lone surrogates and control characters would leave as `\uxxxx` escapes, which WeCom refuses (40033).
 * Line breaks and tabs stay.
 */
export function clean(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\p{Cs}\u0000-\u0008\u000b-\u001f\u007f]/gu, '');
}

function cut(text: string, max: number, sizeOf: (part: string) => number): string {
  if (sizeOf(text) <= max) return text;
  const room = max - sizeOf('…');
  let used = 0;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    const size = sizeOf(segment);
    if (used + size > room) break;
    used += size;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

const codePoints = (text: string): number => [...text].length;

/** To `max` characters, never inside an emoji or a combined character. */
export const cutChars = (text: string, max: number): string => cut(clean(text), max, codePoints);

/** To `max` bytes of UTF-8, never inside a character. */
export const cutBytes = (text: string, max: number): string => cut(clean(text), max, (part) => Buffer.byteLength(part));

/** On one line: fields and titles have no line breaks. */
export const oneLine = (text: string, max: number): string => cutChars(text.replace(/\s*\n\s*/g, ' '), max);

/** Plain text in a text message: the only markup there is a link, which nobody but us may make. */
export const literalText = (text: string): string => text.replace(/<(?=\/?a[\s>])/gi, '＜');

/** Plain text inside markdown. WeCom documents no escape, so what would be markup becomes its full-width twin. */
export function literalMarkdown(text: string): string {
  return clean(text)
    .replace(/[<>[\]*`]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
    .replace(/^#/gm, '＃');
}
