import type { BSONRegExp } from 'bson';
import { badValue, notSupported } from '../errors.js';

/**
 * BSON regular expressions are PCRE; the common part of PCRE and JavaScript is translated, the rest is refused when
 * JavaScript cannot read it. Options: i, m, s, x (white space and comments are dropped), u (always on).
 */
export function toRegExp(regex: BSONRegExp): RegExp {
  let source = regex.pattern;
  const flags = new Set<string>();
  const inline = /^\(\?([imsx]+)\)/.exec(source);
  if (inline) source = source.slice(inline[0].length);
  for (const option of (inline?.[1] ?? '') + regex.options) {
    if (option === 'x') source = withoutSpace(source);
    else if (option === 'i' || option === 'm' || option === 's') flags.add(option);
    else if (option !== 'u') throw badValue(`invalid flag in regex options: ${option}`);
  }
  if (/\(\?[imsx-]+\)|\(\?[>#]|\(\?R|\[\[:|\\[AGKQZz]|\(\*[A-Z]/.test(source)) {
    throw notSupported(`this regular expression syntax: ${regex.pattern}`);
  }
  const all = [...flags].join('');
  try {
    return new RegExp(source, all + 'u');
  } catch {
    // Unicode mode refuses escapes such as \- or \_ that PCRE takes for the character itself.
  }
  try {
    return new RegExp(source, all);
  } catch (error) {
    throw CommandErrorOf(error);
  }
}

function CommandErrorOf(error: unknown): Error {
  return badValue(`Regular expression is invalid: ${error instanceof Error ? error.message : String(error)}`);
}

function withoutSpace(source: string): string {
  let out = '';
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === '\\') {
      out += c + (source[++i] ?? '');
    } else if (inClass) {
      out += c;
      if (c === ']') inClass = false;
    } else if (c === '[') {
      out += c;
      inClass = true;
    } else if (c === '#') {
      while (i < source.length && source[i] !== '\n') i++;
    } else if (!/\s/.test(c)) {
      out += c;
    }
  }
  return out;
}

/** The literal text that every match of an anchored, case-sensitive expression begins with, or null. */
export function literalPrefix(regex: BSONRegExp): string | null {
  if (/[imx]/.test(regex.options) || !regex.pattern.startsWith('^')) return null;
  // An alternative at the top level would make the prefix optional.
  if (regex.pattern.includes('|')) return null;
  let prefix = '';
  const source = regex.pattern.slice(1);
  for (let i = 0; i < source.length; i++) {
    let c = source[i]!;
    if (c === '\\') {
      const next = source[i + 1];
      if (next === undefined || /[a-zA-Z0-9]/.test(next)) break;
      c = next;
      i++;
    } else if ('^$.[](){}*+?'.includes(c)) {
      break;
    }
    // A quantifier makes the character before it optional or repeated.
    const after = source[i + 1];
    if (after !== undefined && '*?{'.includes(after)) break;
    prefix += c;
  }
  // Half a surrogate pair is no text.
  if (/[\ud800-\udbff]$/.test(prefix)) prefix = prefix.slice(0, -1);
  return prefix === '' ? null : prefix;
}
