import { BSON, type Document } from 'mongodb';
import type { Random } from '../shared/random.js';

/** Frames that no honest client sends, by kind. Each kind is a way in which a frame can be wrong. */

const OP_QUERY = 2004;
const OP_MSG = 2013;

export function frame(opcode: number, rest: Buffer, length = 16 + rest.length): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(length, 0);
  head.writeInt32LE(7, 4);
  head.writeInt32LE(opcode, 12);
  return Buffer.concat([head, rest]);
}

const bson = (doc: Document): Buffer => Buffer.from(BSON.serialize(doc));

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

const body = (doc: Buffer): Buffer => Buffer.concat([Buffer.from([0]), doc]);

function sequence(name: string, docs: readonly Buffer[], length?: number): Buffer {
  const rest = Buffer.concat([Buffer.from(`${name}\0`), ...docs]);
  return Buffer.concat([Buffer.from([1]), int32(length ?? 4 + rest.length), rest]);
}

const message = (sections: readonly Buffer[], flags = 0): Buffer =>
  frame(OP_MSG, Buffer.concat([int32(flags), ...sections]));

/** Bytes that are one element of a document: `type name value`. */
const element = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type]), Buffer.from('a\0'), value]);

/** A `ping` whose document holds the element. */
function withElement(bytes: Buffer): Buffer {
  const ping = bson({ ping: 1, $db: 'fuzz' });
  const doc = Buffer.concat([ping.subarray(0, -1), bytes, Buffer.from([0])]);
  doc.writeInt32LE(doc.length, 0);
  return message([body(doc)]);
}

function nested(depth: number, type: number): Buffer {
  const head = Buffer.alloc(depth * 7);
  for (let i = 0; i < depth; i++) {
    head.writeInt32LE((depth - i) * 8 + 5, i * 7);
    head[i * 7 + 4] = type;
    head[i * 7 + 5] = 0x61;
  }
  return Buffer.concat([head, Buffer.from([5, 0, 0, 0, 0]), Buffer.alloc(depth)]);
}

/** Commands as the driver sends them. */
const commands: readonly Document[] = [
  { find: 'x', filter: { a: { $in: [1, 'x', null] } }, sort: { a: 1 }, limit: 3, $db: 'fuzz' },
  { find: 'x', filter: { 'a.b': /^x/i }, projection: { a: 1 }, batchSize: 2, singleBatch: true, $db: 'fuzz' },
  { insert: 'x', documents: [{ a: [1, { b: new Date(0) }] }], ordered: true, $db: 'fuzz' },
  {
    update: 'x',
    updates: [{ q: { a: 1 }, u: { $set: { 'a.b': 1 }, $push: { c: { $each: [1] } } }, upsert: true }],
    $db: 'fuzz',
  },
  { delete: 'x', deletes: [{ q: { a: 5 }, limit: 1 }], $db: 'fuzz' },
  { findAndModify: 'x', query: { a: 1 }, update: { $inc: { n: 1 } }, new: true, upsert: true, $db: 'fuzz' },
  {
    aggregate: 'x',
    pipeline: [{ $match: { a: 1 } }, { $group: { _id: '$a', n: { $sum: 1 } } }],
    cursor: {},
    $db: 'fuzz',
  },
  {
    aggregate: 'x',
    pipeline: [{ $project: { s: { $concat: ['$a', 'b'] }, d: { $dateToString: { date: '$d' } } } }],
    cursor: { batchSize: 2 },
    $db: 'fuzz',
  },
  { distinct: 'x', key: 'a', query: {}, $db: 'fuzz' },
  { count: 'x', query: { a: { $gt: 1 } }, skip: 1, limit: 2, $db: 'fuzz' },
  { getMore: BSON.Long.fromNumber(5), collection: 'x', batchSize: 10, $db: 'fuzz' },
  { killCursors: 'x', cursors: [BSON.Long.fromNumber(5)], $db: 'fuzz' },
  { createIndexes: 'x', indexes: [{ key: { a: 1 }, name: 'a' }], $db: 'fuzz' },
  { listIndexes: 'x', cursor: {}, $db: 'fuzz' },
  { explain: { find: 'x', filter: { a: 1 } }, verbosity: 'executionStats', $db: 'fuzz' },
  { saslStart: 1, mechanism: 'PLAIN', payload: new BSON.Binary(Buffer.from('\0a\0b')), $db: '$external' },
  { hello: 1, client: { driver: { name: 'x' } }, $db: 'admin' },
  { collStats: 'x', scale: 1, $db: 'fuzz' },
  { validate: 'x', $db: 'fuzz' },
];

const odd: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e300,
  NaN,
  Infinity,
  '',
  '$',
  '$a',
  'a.b.$[x].c',
  '\ud800',
  [],
  [[]],
  {},
  { $a: 1 },
  { $in: 5 },
  { $expr: { $add: ['$a', {}] } },
  { a: { $elemMatch: { $elemMatch: {} } } },
  new Date(8.64e15),
  BSON.Long.MAX_VALUE,
  BSON.Long.MIN_VALUE,
  new BSON.Binary(Buffer.alloc(3)),
  new BSON.ObjectId('00'.repeat(12)),
  new BSON.Timestamp(0n),
  new BSON.MinKey(),
  new BSON.MaxKey(),
  new BSON.Code('x', { a: 1 }),
  BSON.Decimal128.fromString('1'),
  new BSON.BSONRegExp('(', 'i'),
  new BSON.BSONRegExp('(a+)+$', 'x'),
];

/** The document with one value somewhere in it replaced by an odd one, a field renamed, or a field taken away. */
function twisted(value: unknown, random: Random): unknown {
  const isObject = typeof value === 'object' && value !== null;
  const plain = isObject && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
  if (!plain || random.next() < 0.25) return random.pick(odd);
  const entries = Object.entries(value as object);
  if (entries.length === 0) return random.pick(odd);
  const at = random.int(entries.length);
  const [name, old] = entries[at]!;
  const kind = random.next();
  const replaced: [string, unknown] =
    kind < 0.1
      ? [random.pick(['$where', '$set', '', 'a..b', '$', '__proto__', 'constructor', '0']), old]
      : [name, twisted(old, random)];
  const changed = entries.flatMap((entry, i) => (i !== at ? [entry] : kind < 0.15 ? [] : [replaced]));
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

/** A well-formed frame whose command makes no sense. It has to be answered. */
export function senseless(random: Random): Buffer {
  let command = random.pick(commands);
  for (let i = 0; i <= random.int(3); i++) {
    // The command's name and its database stay, or it would reach nothing.
    const [[name, value], ...rest] = Object.entries(command) as [[string, unknown], ...[string, unknown][]];
    const named = random.next() < 0.1 ? random.pick(odd) : value;
    const inner = twisted(Object.fromEntries(rest.filter(([field]) => field !== '$db')), random);
    command = {
      [name]: named,
      ...(typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}),
      $db: command['$db'] as string,
    };
  }
  return message([body(bson(command))]);
}

const goodFrame = (random: Random): Buffer => message([body(bson(random.pick(commands)))]);

/** Kinds of malformed frames; whatever comes first on a connection has to end it or be answered, and hurt nobody else. */
export const malformed: Readonly<Record<string, (random: Random) => Buffer>> = {
  'length below a header': (random) => frame(OP_MSG, Buffer.alloc(24), random.int(16)),
  'length of a header without a body': (random) => frame(OP_MSG, Buffer.alloc(0), 16 + random.int(5)),
  'negative length': (random) => frame(OP_MSG, Buffer.alloc(24), -1 - random.int(0x7fffffff)),
  'length over 48 MB': (random) => frame(OP_MSG, Buffer.alloc(24), 48_100_000 + random.int(2_000_000_000)),
  'length shorter than what comes': (random) => {
    const bytes = goodFrame(random);
    bytes.writeInt32LE(21 + random.int(bytes.length - 21), 0);
    return bytes;
  },
  'half a frame': (random) => {
    const bytes = goodFrame(random);
    return bytes.subarray(0, 1 + random.int(bytes.length - 1));
  },
  'unknown opcode': (random) => frame(random.int(5000) + 2014, Buffer.alloc(random.int(64) + 5)),
  'opcode of old': (random) =>
    frame(random.pick([1, 2001, 2002, 2005, 2006, 2007, 2010, 2011, 2012]), Buffer.alloc(random.int(64) + 5)),
  'legacy query damaged': (random) => {
    const bytes = frame(
      OP_QUERY,
      Buffer.concat([int32(0), Buffer.from('admin.$cmd\0'), int32(0), int32(-1), bson({ ismaster: 1 })]),
    );
    for (let i = 0; i <= random.int(3); i++) bytes[16 + random.int(bytes.length - 16)] = random.int(256);
    return bytes;
  },
  'legacy query on a collection': () =>
    frame(OP_QUERY, Buffer.concat([int32(0), Buffer.from('fuzz.x\0'), int32(0), int32(1), bson({})])),
  'legacy query without a name': (random) => frame(OP_QUERY, Buffer.alloc(5 + random.int(40), 0x41)),
  'unknown required flag': (random) => message([body(bson({ ping: 1, $db: 'fuzz' }))], 1 << (2 + random.int(14))),
  'checksum that is not there': () => message([body(bson({ ping: 1, $db: 'fuzz' }))], 1),
  'unknown section kind': (random) => message([Buffer.concat([Buffer.from([2 + random.int(254)]), bson({ ping: 1 })])]),
  'two bodies': () => message([body(bson({ ping: 1, $db: 'fuzz' })), body(bson({ ping: 1, $db: 'fuzz' }))]),
  'no body': () => message([sequence('documents', [bson({ a: 1 })])]),
  'no database': () => message([body(bson({ ping: 1 }))]),
  'database of another type': (random) => message([body(bson({ ping: 1, $db: random.pick([1, null, {}, []]) }))]),
  'sequence twice': () =>
    message([
      body(bson({ insert: 'x', $db: 'fuzz' })),
      sequence('documents', [bson({ a: 1 })]),
      sequence('documents', [bson({ a: 1 })]),
    ]),
  'sequence of wrong length': (random) =>
    message([
      body(bson({ insert: 'x', $db: 'fuzz' })),
      sequence('documents', [bson({ a: 1 })], random.pick([-1, 0, 3, 4, 5, 20, 0x7fffffff])),
    ]),
  'sequence without an end of its name': (random) =>
    message([
      body(bson({ insert: 'x', $db: 'fuzz' })),
      Buffer.concat([Buffer.from([1]), int32(4 + 20), Buffer.alloc(20, 0x41)]).subarray(0, 25 - random.int(3)),
    ]),
  'sequence of broken documents': (random) => {
    const doc = bson({ a: [1, { b: 'text' }] });
    doc[random.int(doc.length)] = random.int(256);
    return message([body(bson({ insert: 'x', $db: 'fuzz' })), sequence('documents', [doc])]);
  },
  'document of wrong length': (random) => {
    const doc = bson({ ping: 1, $db: 'fuzz' });
    doc.writeInt32LE(random.pick([-1, 0, 4, 5, doc.length - 1, doc.length + 1, 0x7fffffff]), 0);
    return message([body(doc)]);
  },
  'document without an end': () => {
    const doc = bson({ ping: 1, $db: 'fuzz' });
    doc[doc.length - 1] = 1;
    return message([body(doc)]);
  },
  'string of wrong length': (random) =>
    withElement(element(2, Buffer.concat([int32(random.pick([-1, 0, 1, 100, 0x7fffffff])), Buffer.from('text\0')]))),
  'string that is not UTF-8': (random) =>
    withElement(element(2, Buffer.concat([int32(3), Buffer.from([0xc0 + random.int(64), 0x80 + random.int(128), 0])]))),
  'unknown element type': (random) => withElement(element(0x14 + random.int(0x60), Buffer.alloc(random.int(20)))),
  'boolean that is neither': (random) => withElement(element(8, Buffer.from([2 + random.int(254)]))),
  'date out of range': () => withElement(element(9, Buffer.from('ffffffffffffff7f', 'hex'))),
  'binary of wrong length': (random) =>
    withElement(element(5, Buffer.concat([int32(random.pick([-1, 100, 0x7fffffff])), Buffer.from([0, 1, 2])]))),
  'expression without an end': () => withElement(Buffer.from([0x0b, 0x61, 0, 0x62])),
  'expression with unknown options': (random) =>
    withElement(Buffer.from(`\x0ba\0b\0${random.pick(['y', 'I', 'ii', 'h'])}\0`)),
  'code with a broken scope': (random) =>
    withElement(
      element(
        0x0f,
        Buffer.concat([
          int32(random.pick([-1, 4, 14, 100])),
          int32(2),
          Buffer.from('x\0'),
          Buffer.from([random.int(256), 0, 0, 0, 0]),
        ]),
      ),
    ),
  'nesting without end': (random) => message([body(nested(200 + random.int(20_000), random.pick([3, 4])))]),
  'bits turned in a good frame': (random) => {
    const bytes = goodFrame(random);
    for (let i = 0; i <= random.int(4); i++) bytes[16 + random.int(bytes.length - 16)]! ^= 1 << random.int(8);
    return bytes;
  },
  noise: (random) => Buffer.from(Array.from({ length: 1 + random.int(200) }, () => random.int(256))),
  'another protocol': (random) =>
    Buffer.from(
      random.pick([
        'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
        'SSH-2.0-x\r\n',
        '*1\r\n$4\r\nPING\r\n',
      ]),
    ),
};
