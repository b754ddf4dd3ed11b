import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { needsOf } from './shape.js';

// Loaded by `node --import` into every process of a recorded test run (record-commands.ts): notes what each command that
// the house sends asks of the database. Commands that a test sends by itself are none of the house's.

/** The room that a call of the driver came from, `driver` when from nobody, null when from a test. */
const caller = new AsyncLocalStorage<{ room: string | null }>();
const DRIVER = /\/node_modules\/(mongodb|mongoose|bson)\//;
type Method = (this: object, ...args: unknown[]) => unknown;

function roomOfCaller(): string | null {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // Bare call sites: mapping each through source maps would take longer than the query.
  Error.prepareStackTrace = (_, sites) => sites;
  Error.stackTraceLimit = 60;
  const sites = new Error().stack as unknown as NodeJS.CallSite[];
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  for (const site of sites) {
    const file = site.getFileName() ?? '';
    if (file === '' || file.startsWith('node:') || file === import.meta.url || DRIVER.test(file)) continue;
    if (/\/node_modules\/@?agenda/.test(file)) return 'agenda';
    const [, room] = /\/build\/src\/([\w-]+)/.exec(file) ?? [];
    return room ?? null;
  }
  return 'driver';
}

async function hook(folder: string): Promise<void> {
  const { AbstractCursor, AggregationCursor, Collection, Db, FindCursor, ListCollectionsCursor, ListIndexesCursor, MongoClient } =
    (await import('mongodb')) as unknown as Record<string, { prototype: Record<string, Method> }>; // prettier-ignore
  const cursors = new WeakMap<object, { room: string | null }>();

  const wrap = (prototype: Record<string, Method>, name: string): void => {
    const original = prototype[name]!;
    prototype[name] = function (...args) {
      const origin = caller.getStore() ?? { room: roomOfCaller() };
      const result = caller.run(origin, () => original.apply(this, args));
      if (result instanceof (AbstractCursor as unknown as new () => object)) cursors.set(result, origin);
      return result;
    };
  };
  for (const { prototype } of [Collection!, Db!]) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (get === undefined && typeof value === 'function' && name !== 'constructor' && name !== 'collection')
        wrap(prototype, name);
    }
  }
  // A cursor sends its commands later, when it is read.
  const later = (prototype: Record<string, Method>, name: string): void => {
    const original = prototype[name]!;
    prototype[name] = function (...args) {
      return caller.run(cursors.get(this) ?? { room: roomOfCaller() }, () => original.apply(this, args));
    };
  };
  later(AbstractCursor!.prototype, 'getMore');
  for (const kind of [FindCursor!, AggregationCursor!, ListCollectionsCursor!, ListIndexesCursor!])
    later(kind.prototype, '_initialize');

  const connect = MongoClient!.prototype['connect']!;
  const listened = new WeakSet<object>();
  const seen = new Set<string>();
  const note = ({ command }: { command: Record<string, unknown> }): void => {
    const room = (caller.getStore() ?? { room: 'driver' }).room;
    if (room === null) return;
    const { features, searches } = needsOf(command);
    const lines = [
      ...features.map(([kind, name]) => JSON.stringify({ kind, name, room })),
      ...searches.map((search) => JSON.stringify({ ...search, room })),
    ];
    for (const line of lines) {
      if (seen.has(line)) continue;
      seen.add(line);
      appendFileSync(join(folder, `${process.pid}.jsonl`), `${line}\n`);
    }
  };
  MongoClient!.prototype['connect'] = function (...args) {
    if (!listened.has(this)) {
      listened.add(this);
      (this as { monitorCommands: boolean }).monitorCommands = true;
      (this as unknown as NodeJS.EventEmitter).on('commandStarted', note);
    }
    return connect.apply(this, args);
  };
}

const folder = process.env['RECORD_COMMANDS'] ?? '';
if (folder !== '' && isMainThread) await hook(folder);
