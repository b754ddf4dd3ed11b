/** As much XML as the vendor's messages use: elements, text, CDATA. No attributes, no entities beyond the five, no document types. */

export interface XmlNode {
  name: string;
  /** Text of an element without children. */
  text: string;
  children: XmlNode[];
}

/** A number as it is, a string in CDATA, or children. */
export type XmlValue = number | string | bigint | { plain: string } | XmlItem[];
export type XmlItem = readonly [name: string, value: XmlValue];

const INDENT = '  ';

export function writeXml(items: readonly XmlItem[]): string {
  return `<xml>\n${items.map(([name, value]) => element(name, value, INDENT)).join('')}</xml>`;
}

function element(name: string, value: XmlValue, indent: string): string {
  if (Array.isArray(value)) {
    const inner = value.map(([child, childValue]) => element(child, childValue, indent + INDENT)).join('');
    return `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
  }
  return `${indent}<${name}>${content(value)}</${name}>\n`;
}

function content(value: Exclude<XmlValue, XmlItem[]>): string {
  if (typeof value === 'object') return value.plain;
  if (typeof value !== 'string') return String(value);
  // The only thing that cannot stand in CDATA is its own end.
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** Undefined when it is not well-formed within these bounds. */
export function readXml(source: string): XmlNode | undefined {
  const reader = new Reader(source);
  try {
    return reader.document();
  } catch {
    return undefined; // the caller says what was wrong with the whole
  }
}

export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((candidate) => candidate.name === name);
}

export function childText(node: XmlNode | undefined, name: string): string {
  return child(node, name)?.text ?? '';
}

class Reader {
  #at = 0;
  readonly #source: string;
  constructor(source: string) {
    this.#source = source.replace(/^\uFEFF/, '');
  }

  document(): XmlNode {
    this.#space();
    this.#skip(/<\?xml[^>]*\?>/y);
    this.#space();
    const root = this.#element();
    this.#space();
    if (this.#at !== this.#source.length) throw new SyntaxError('text after the root');
    return root;
  }

  #element(): XmlNode {
    const open = this.#take(/<([A-Za-z_][\w.-]*)\s*(\/?)>/y);
    const name = open[1] ?? '';
    const node: XmlNode = { name, text: '', children: [] };
    if (open[2] === '/') return node;
    let text = '';
    for (;;) {
      const cdata = this.#skip(/<!\[CDATA\[([\s\S]*?)\]\]>/y);
      if (cdata !== null) text += cdata[1] ?? '';
      else if (this.#skip(new RegExp(`</${name}\\s*>`, 'y')) !== null) break;
      else if (this.#source[this.#at] === '<') node.children.push(this.#element());
      else text += unescaped(this.#take(/[^<]+/y)[0]);
    }
    node.text = node.children.length === 0 ? text : '';
    return node;
  }

  #space(): void {
    this.#skip(/\s*/y);
  }

  #skip(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  #take(pattern: RegExp): RegExpExecArray {
    const found = this.#skip(pattern);
    if (found === null) throw new SyntaxError(`unexpected text at ${this.#at}`);
    return found;
  }
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&([^;]*);?/g, (_, name: string) => {
    const character = ENTITIES[name];
    if (character === undefined) throw new SyntaxError(`entity ${name}`);
    return character;
  });
}
