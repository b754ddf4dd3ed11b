import { createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { BSON, type Document } from 'mongodb';

/**
 * Answers the driver by replies made beforehand, in a worker thread as the store does: what driver, sockets and threads cost
 * when nothing is stored. No server that the driver speaks to can be faster.
 */

const OP_QUERY = 2004;

function reply(doc: Document, legacy = false): Buffer {
  const bytes = BSON.serialize(doc);
  const head = Buffer.alloc(legacy ? 36 : 21);
  head.writeInt32LE(head.length + bytes.length, 0);
  head.writeInt32LE(legacy ? 1 : 2013, 12);
  if (legacy) head.writeInt32LE(1, 32);
  return Buffer.concat([head, bytes]);
}

const hello = {
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  localTime: new Date(0),
  logicalSessionTimeoutMinutes: 30,
  connectionId: 1,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: false,
  ok: 1,
};
const found = {
  _id: 1,
  type: 't1',
  dealId: 'd1',
  at: new Date(0),
  ver: 1,
  data: { stage: 's1', by: 'p1', note: 'x'.repeat(40) },
};
const first = reply(hello, true);
const byCommand = new Map<string, Buffer>([
  ['hello', reply(hello)],
  ['find', reply({ cursor: { firstBatch: [found], id: BSON.Long.ZERO, ns: 'bench.events' }, ok: 1 })],
  ['insert', reply({ n: 1, ok: 1 })],
  ['update', reply({ n: 1, nModified: 1, ok: 1 })],
]);
const fine = reply({ ok: 1 });

function answer(frame: Buffer): Buffer {
  // Header 16, flags 4, section kind 1, document length 4, type of the first element 1; then its name.
  const command = frame.toString('latin1', 26, frame.indexOf(0, 26));
  const bytes = Buffer.from(frame.readInt32LE(12) === OP_QUERY ? first : (byCommand.get(command) ?? fine));
  bytes.writeInt32LE(frame.readInt32LE(4), 8);
  return bytes;
}

const server = createServer({ noDelay: true }, (socket) => {
  let held: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: Buffer) => {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    while (held.length >= 4 && held.length >= held.readInt32LE(0)) {
      const length = held.readInt32LE(0);
      socket.write(answer(held.subarray(0, length)));
      held = held.subarray(length);
    }
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as { port: number }).port));
