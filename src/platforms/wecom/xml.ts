import { BadInputError } from '../../core/index.js';

/**
 * The subset of XML that WeCom sends: elements, text, CDATA, the five named entities. No document type, processing
 * instruction, comment, attribute or character reference. All values stay strings: MsgId exceeds 2^53, and a user may
 * be called `00123` or `1e5`.
 */
export interface XmlElement {
  name: string;
  /** Of an element without children; '' otherwise. */
  text: string;
  children: XmlElement[];
}

/** Callbacks are below 4 KiB; change_contact with many attributes the largest. */
export const MAX_XML_BYTES = 64 * 1024;
/** SelectedItems nest five deep. */
const MAX_DEPTH = 8;
const MAX_NODES = 512;

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function refuse(why: string): never {
  throw new BadInputError('wecom.xml_refused', `XML refused: ${why}`);
}

function unescape(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^&;]{0,8})(;?)/g, (_, name: string, end: string) => {
    const value = end === '' ? undefined : ENTITIES.get(name);
    return value ?? refuse('entity');
  });
}

export function parseXml(source: string): XmlElement {
  if (source.length > MAX_XML_BYTES) refuse('size');
  const root: XmlElement = { name: '', text: '', children: [] };
  const open: XmlElement[] = [root];
  let nodes = 0;
  let at = 0;
  const last = () => open[open.length - 1] ?? root;
  const addText = (text: string, isCdata: boolean) => {
    const parent = last();
    // White space between elements is layout.
    if (!isCdata && text.trim() === '' && (parent.children.length > 0 || parent === root)) return;
    if (parent === root) refuse('text outside the root');
    if (parent.children.length > 0) refuse('mixed content');
    parent.text += text;
  };
  while (at < source.length) {
    const tag = source.indexOf('<', at);
    if (tag < 0) {
      addText(unescape(source.slice(at)), false);
      break;
    }
    if (tag > at) addText(unescape(source.slice(at, tag)), false);
    if (source.startsWith('<![CDATA[', tag)) {
      const end = source.indexOf(']]>', tag + 9);
      if (end < 0) refuse('open CDATA');
      addText(source.slice(tag + 9, end), true);
      at = end + 3;
      continue;
    }
    const end = source.indexOf('>', tag);
    if (end < 0) refuse('open tag');
    at = end + 1;
    if (source[tag + 1] === '/') {
      // The vendor's own page shows closing tags with a space before the bracket.
      const closing = source.slice(tag + 2, end).trimEnd();
      if (open.length === 1 || last().name !== closing) refuse('closing tag');
      open.pop();
      continue;
    }
    const isEmpty = source[end - 1] === '/';
    const name = source.slice(tag + 1, isEmpty ? end - 1 : end).trimEnd();
    if (!NAME.test(name)) refuse('tag');
    const parent = last();
    if (parent === root && root.children.length > 0) refuse('second root');
    // Indentation before the first child was taken for text.
    if (parent.text.trim() !== '') refuse('mixed content');
    parent.text = '';
    nodes += 1;
    if (nodes > MAX_NODES) refuse('nodes');
    if (open.length > MAX_DEPTH) refuse('depth');
    const element: XmlElement = { name, text: '', children: [] };
    parent.children.push(element);
    if (!isEmpty) open.push(element);
  }
  const [only] = root.children;
  if (open.length !== 1 || only === undefined) refuse('unfinished');
  return only;
}

/** Text of the first child on this path, or '' when there is none. */
export function textAt(element: XmlElement, ...path: string[]): string {
  let current: XmlElement | undefined = element;
  for (const name of path) current = current?.children.find((child) => child.name === name);
  return current?.text ?? '';
}

export function childrenNamed(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

export type XmlValue = string | number | boolean | undefined | XmlTree | (string | XmlTree)[];
export interface XmlTree {
  [name: string]: XmlValue;
}

/** Lists are repeated elements, not wrapped: that is how WeCom reads a card in a passive answer. */
export function writeXml(tree: XmlTree): string {
  return Object.entries(tree)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((one) => [name, one] as const) : [[name, value] as const],
    )
    .map(([name, value]) => {
      if (value === undefined) return '';
      const inner =
        typeof value === 'string'
          ? `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
          : typeof value === 'object'
            ? writeXml(value)
            : String(value);
      return `<${name}>${inner}</${name}>`;
    })
    .join('');
}
