import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCipheriv } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { decrypt, encrypt, getSignature } from '@wecom/crypto';
import { projectRoot } from '../../../src/core/index.js';
import { aesKey, isSignedBy, open, replyEnvelope, seal } from '../../../src/platforms/wecom/crypto.js';
import { childrenNamed, parseXml, textAt } from '../../../src/platforms/wecom/xml.js';

const fixtures = join(projectRoot, 'test/fixtures/wecom');
interface Vector {
  id: number;
  query?: Record<string, string>;
  timestamp?: string;
  nonce?: string;
  encrypt?: string;
  signature?: string;
  receiveid: string;
  plaintext?: string;
}
const vectors = JSON.parse(readFileSync(join(fixtures, 'crypto-vectors.json'), 'utf8')) as {
  token: string;
  encodingAESKey: string;
  vectors: Vector[];
};
const key = aesKey(vectors.encodingAESKey);

/** Encrypts any plaintext, so that padding, length and receiver can be wrong. */
function lock(plain: Buffer): string {
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
}

function plain(message: string, receiveId: string, change: { length?: number; pad?: number[] } = {}): Buffer {
  const body = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(change.length ?? body.length);
  const all = Buffer.concat([Buffer.alloc(16, 0x61), length, body, Buffer.from(receiveId)]);
  const pad = 32 - (all.length % 32);
  return Buffer.concat([all, Buffer.from(change.pad ?? Array.from({ length: pad }, () => pad))]);
}

for (const vector of vectors.vectors) {
  test(`vector ${vector.id} is authentic and opens`, (t) => {
    const { query = {}, receiveid } = vector;
    const encrypted = vector.encrypt ?? query['echostr'] ?? '';
    const signature = vector.signature ?? query['msg_signature'] ?? '';
    const timestamp = vector.timestamp ?? query['timestamp'] ?? '';
    const nonce = vector.nonce ?? query['nonce'] ?? '';
    t.true(isSignedBy(vectors.token, signature, timestamp, nonce, encrypted));
    t.false(isSignedBy('another', signature, timestamp, nonce, encrypted));
    t.false(isSignedBy(vectors.token, signature.slice(0, -1), timestamp, nonce, encrypted));
    t.false(isSignedBy(vectors.token, signature.toUpperCase(), timestamp, nonce, encrypted));
    const expected =
      vector.plaintext ?? readFileSync(join(fixtures, 'scancode_waitmsg.xml'), 'utf8').replace(/\n$/, '');
    t.is(open(key, encrypted, receiveid).toString(), expected);
    t.throws(() => open(key, encrypted, `${receiveid}x`), { code: 'wecom.callback_refused' });
  });
}

test('own and official encryption read each other', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string({ maxLength: 40 }), (message, id) => {
      t.is(open(key, encrypt(vectors.encodingAESKey, message, id), id).toString(), message);
      const official = decrypt(vectors.encodingAESKey, seal(key, message, id));
      t.deepEqual([official.message, official.id], [message, id]);
    }),
    { seed: 20251122, numRuns: 300 },
  );
});

test('the reply of the vendor’s sample comes out byte for byte', (t) => {
  const vector = vectors.vectors.find(({ id }) => id === 3);
  const random = Buffer.from('0123456789abcdef');
  t.is(seal(key, vector?.plaintext ?? '', vector?.receiveid ?? '', random), vector?.encrypt ?? 'no vector');
});

test('what is sealed wrongly is refused, with one error for all', (t) => {
  const wrong = {
    'padding byte above the block': lock(Buffer.concat([plain('<xml/>', 'corp').subarray(0, -1), Buffer.from([200])])),
    'padding byte zero': lock(Buffer.concat([plain('<xml/>', 'corp').subarray(0, -1), Buffer.from([0])])),
    'uneven padding': lock(plain('12345678', 'corp', { pad: [1, ...Array.from({ length: 31 }, () => 32)] })),
    'length of 4 GiB': lock(plain('<xml/>', 'corp', { length: 0xffffffff })),
    'length too short': lock(plain('<xml/>', 'corp', { length: 5 })),
    'another receiver': lock(plain('<xml/>', 'cor')),
    'only padding': lock(Buffer.alloc(32, 32)),
    'half a block': lock(Buffer.alloc(16, 16)),
    'not base64': 'P9TP8OO8*pJE35Ha',
    nothing: '',
  };
  for (const [name, encrypted] of Object.entries(wrong)) {
    t.throws(
      () => open(key, encrypted, 'corp'),
      { code: 'wecom.callback_refused', message: 'callback is not authentic' },
      name,
    );
  }
  t.is(open(key, lock(plain('<xml/>', 'corp')), 'corp').toString(), '<xml/>');
});

test('an empty receiver, which checks nothing, leaves length and padding checked', (t) => {
  const sixteen = '0123456789ab';
  const wrong = {
    'length of 4 GiB': lock(plain('<xml/>', '', { length: 0xffffffff })),
    'length into the padding': lock(plain('<xml/>', '', { length: 7 })),
    'no padding': lock(plain(sixteen, '', { pad: [] })),
    'two blocks of padding': lock(plain(sixteen, '', { pad: Array.from({ length: 64 }, () => 64) })),
  };
  for (const [name, encrypted] of Object.entries(wrong)) {
    t.throws(() => open(key, encrypted, ''), { code: 'wecom.callback_refused' }, name);
  }
  t.is(open(key, lock(plain(sixteen, '')), '').toString(), sixteen);
});

test('a changed bit anywhere is refused or changes the signature', (t) => {
  const encrypted = seal(key, '<xml><MsgType>text</MsgType></xml>', 'corp');
  const signature = getSignature(vectors.token, '1', 'n', encrypted);
  fc.assert(
    fc.property(fc.nat(encrypted.length - 1), (at) => {
      const changed = encrypted.slice(0, at) + (encrypted[at] === 'A' ? 'B' : 'A') + encrypted.slice(at + 1);
      return !isSignedBy(vectors.token, signature, '1', 'n', changed);
    }),
    { seed: 7, numRuns: 500 },
  );
  t.true(isSignedBy(vectors.token, signature, '1', 'n', encrypted));
});

test('a passive answer is signed and sealed for its reader', (t) => {
  const keys = { aesKey: key, token: vectors.token, receiveId: 'corp' };
  const xml = parseXml(replyEnvelope(keys, '<xml>好</xml>', 1_700_000_000));
  const encrypted = textAt(xml, 'Encrypt');
  t.is(
    textAt(xml, 'MsgSignature'),
    getSignature(vectors.token, textAt(xml, 'TimeStamp'), textAt(xml, 'Nonce'), encrypted),
  );
  t.is(decrypt(vectors.encodingAESKey, encrypted).message, '<xml>好</xml>');
  t.is(childrenNamed(xml, 'Encrypt').length, 1);
});
