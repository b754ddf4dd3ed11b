// The small markdown that both platforms show in messages and cards, as a tree: rendered as nodes, never as HTML text,
// so nothing that a person wrote can become markup.

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; inner: Inline[] }
  | { kind: 'mention'; text: string }
  | { kind: 'link'; inner: Inline[]; url: string }
  | { kind: 'image'; alt: string; url: string }
  | { kind: 'font'; tone: string; inner: Inline[] };

export type Block =
  | { kind: 'paragraph'; lines: Inline[][] }
  | { kind: 'quote'; lines: Inline[][] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'heading'; level: number; inner: Inline[] }
  | { kind: 'rule' };

const INLINE =
  /!\[([^\]]*)\]\(([^()\s]+)\)|\[((?:[^\][]|\[[^\]]*\])+)\]\(([^()\s]+)\)|\*\*([^*]+)\*\*|<font color="([a-z#0-9]+)">(.*?)<\/font>|<@([^>\s]+)>|<a atId=([^>\s]+)>([^<]*)<\/a>|(https?:\/\/[^\s<>()，。；、]+)|\\([\\`*_[\]()#>!-])/;

/** Addresses that the clients open: pages, and DingTalk's own links (a text to be sent, a page in its frame). */
const OPENS = /^(https?|dtmd|dingtalk):\/\//i;

/** `names` turns a user id into the name shown after @. */
export function parseInline(text: string, names: (id: string) => string = (id) => id): Inline[] {
  const out: Inline[] = [];
  let rest = text;
  while (rest !== '') {
    const match = INLINE.exec(rest);
    if (match === null) {
      out.push({ kind: 'text', text: rest });
      break;
    }
    if (match.index > 0) out.push({ kind: 'text', text: rest.slice(0, match.index) });
    const [whole, alt, image, label, url, strong, tone, toned, mention, atId, atName, bare, escaped] = match;
    if (image !== undefined)
      out.push(
        /^https?:\/\//i.test(image) ? { kind: 'image', alt: alt ?? '', url: image } : { kind: 'text', text: whole },
      );
    else if (label !== undefined && url !== undefined)
      out.push(
        OPENS.test(url) ? { kind: 'link', inner: parseInline(label, names), url } : { kind: 'text', text: whole },
      );
    else if (strong !== undefined) out.push({ kind: 'strong', inner: parseInline(strong, names) });
    else if (toned !== undefined) out.push({ kind: 'font', tone: tone ?? '', inner: parseInline(toned, names) });
    else if (mention !== undefined) out.push({ kind: 'mention', text: `@${names(mention)}` });
    else if (atId !== undefined)
      out.push({ kind: 'mention', text: `@${(atName ?? '') === '' ? names(atId) : atName}` });
    else if (bare !== undefined) out.push({ kind: 'link', inner: [{ kind: 'text', text: bare }], url: bare });
    else if (escaped !== undefined) out.push({ kind: 'text', text: escaped });
    rest = rest.slice(match.index + whole.length);
  }
  return out;
}

export function parseMarkdown(text: string, names?: (id: string) => string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const raw of text.replace(/\r/g, '').split('\n')) {
    const line = raw.trim();
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^(?:[-*+]|(\d+)[.、])\s+(.*)$/.exec(line);
    if (line === '') open = null;
    else if (/^(-{3,}|\*{3,})$/.test(line)) {
      blocks.push({ kind: 'rule' });
      open = null;
    } else if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, inner: parseInline(heading[2] ?? '', names) });
      open = null;
    } else if (line.startsWith('>')) {
      const inner = parseInline(line.replace(/^>\s?/, ''), names);
      if (open?.kind === 'quote') open.lines.push(inner);
      else blocks.push((open = { kind: 'quote', lines: [inner] }));
    } else if (item !== null) {
      const inner = parseInline(item[2] ?? '', names);
      const ordered = item[1] !== undefined;
      if (open?.kind === 'list' && open.ordered === ordered) open.items.push(inner);
      else blocks.push((open = { kind: 'list', ordered, items: [inner] }));
    } else {
      const inner = parseInline(line, names);
      if (open?.kind === 'paragraph') open.lines.push(inner);
      else blocks.push((open = { kind: 'paragraph', lines: [inner] }));
    }
  }
  return blocks;
}
