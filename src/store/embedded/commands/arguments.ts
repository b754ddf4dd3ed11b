import { wholeNumber } from '../bson/numbers.js';
import { isDoc, typeName, type Doc, type Value } from '../bson/value.js';
import { badValue, CommandError, notSupported, typeMismatch } from '../errors.js';
import { Deadline } from '../engine/time.js';
import type { Request } from './types.js';

/** Reading a command's fields: each by name and type, and a refusal for everything that is not known. */

export function allowOnly(what: string, doc: Doc, names: readonly string[]): void {
  for (const name of Object.keys(doc)) {
    if (!names.includes(name)) throw notSupported(`the option '${name}' of ${what}`);
  }
}

export function docField(doc: Doc, name: string): Doc {
  const value = doc[name];
  if (value === undefined || value === null) return {};
  if (!isDoc(value)) throw typeMismatch(`'${name}' must be an object, not ${typeName(value)}`);
  return value;
}

export function collectionName(request: Request, name = request.command): string {
  const value = request.body[name];
  if (typeof value !== 'string') {
    if (request.command === 'aggregate') throw notSupported('aggregation without a collection');
    throw new CommandError('InvalidNamespace', `collection name has invalid type ${typeName(value)}`);
  }
  if (value === '' || value.includes('\0') || value.startsWith('$'))
    throw new CommandError('InvalidNamespace', `Invalid namespace specified '${request.db}.${value}'`);
  return value;
}

export function wholeField(doc: Doc, name: string, fallback: number, least = 0): number {
  const value = doc[name];
  if (value === undefined || value === null) return fallback;
  const n = wholeNumber(value);
  if (n === null) throw typeMismatch(`'${name}' must be a whole number, not ${typeName(value)}`);
  if (n < least) throw badValue(`'${name}' must be at least ${least}, but received: ${n}`);
  return n;
}

export function flag(doc: Doc, name: string, fallback = false): boolean {
  const value = doc[name];
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'boolean') return value;
  const n = wholeNumber(value);
  if (n === null) throw typeMismatch(`'${name}' must be a boolean, not ${typeName(value)}`);
  return n !== 0;
}

/** `maxTimeMS` as a point in time. */
export function deadlineOf(request: Request): Deadline {
  return new Deadline(wholeField(request.body, 'maxTimeMS', 0));
}

export function stringField(doc: Doc, name: string): string {
  const value: Value = doc[name];
  if (typeof value !== 'string') throw typeMismatch(`'${name}' must be a string, not ${typeName(value)}`);
  return value;
}
