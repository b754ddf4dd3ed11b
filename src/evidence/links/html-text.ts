import iconv from 'iconv-lite';

/** The charset is in the header, or in the first bytes of the page. */
const HEAD_BYTES = 2048;

/** Words of a page, in one pass whatever it holds: no pattern is run over text that somebody else wrote without an end in sight. */
export function htmlText(bytes: Buffer, contentType: string): string {
  const head = bytes.subarray(0, HEAD_BYTES).toString('latin1');
  const charset =
    /charset\s*=\s*["']?([\w-]{2,20})/iu.exec(contentType) ?? /charset\s*=\s*["']?([\w-]{2,20})/iu.exec(head);
  const name = charset?.[1] ?? 'utf-8';
  // gb2312 is written where gb18030 is meant.
  const text = iconv.decode(bytes, /^gb/iu.test(name) ? 'gb18030' : iconv.encodingExists(name) ? name : 'utf-8');
  return contentType.startsWith('text/plain') ? text : words(text);
}

const HIDDEN = /^<(script|style|noscript|template)\b/iu;

function words(html: string): string {
  const lower = html.toLowerCase();
  const parts: string[] = [];
  for (let at = 0; at < html.length;) {
    const open = html.indexOf('<', at);
    if (open === -1) {
      parts.push(html.slice(at));
      break;
    }
    parts.push(html.slice(at, open));
    const hidden = HIDDEN.exec(lower.slice(open, open + 10))?.[1];
    const comment = lower.startsWith('<!--', open);
    const end = hidden !== undefined ? lower.indexOf(`</${hidden}`, open) : comment ? lower.indexOf('-->', open) : open;
    const close = end === -1 ? -1 : html.indexOf('>', end);
    if (close === -1) break;
    parts.push(' ');
    at = close + 1;
  }
  return parts
    .join('')
    .replace(/&(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,6});/giu, (whole, entity: string) => decode(entity) ?? whole);
}

const NAMED: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  middot: '·',
  ensp: ' ',
  emsp: ' ',
};

function decode(entity: string): string | undefined {
  if (!entity.startsWith('#')) return NAMED[entity.toLowerCase()];
  const code = /^#x/iu.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}
