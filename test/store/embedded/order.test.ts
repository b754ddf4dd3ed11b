import test from 'ava';
import fc from 'fast-check';
import { Binary, BSONRegExp, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { compare } from '../../../src/store/embedded/bson/compare.js';
import { decode } from '../../../src/store/embedded/bson/decode.js';
import { encode } from '../../../src/store/embedded/bson/encode.js';
import { inverted, keyOf } from '../../../src/store/embedded/bson/key.js';
import type { Doc, Value } from '../../../src/store/embedded/bson/value.js';

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // Around 2^53, where neighbours share a double.
  fc.bigInt({ min: 2n ** 53n - 4n, max: 2n ** 53n + 4n }),
  fc.double().map((value) => new Double(value)),
  fc.constantFrom(new Double(0), new Double(-0), 0, 0n, new Double(NaN), new Double(Infinity)),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '\0', 'a\0b', 'a', '𠮷', '\uffff', 'ab'),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => new Binary(Buffer.from(bytes), bytes.length % 2)),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => new Timestamp(n)),
  fc.constantFrom(
    new MinKey(),
    new MaxKey(),
    new BSONRegExp('a', 'i'),
    new BSONRegExp('a', ''),
    new BSONRegExp('b', ''),
  ),
);

// Names like numbers are left out: JavaScript objects move them to the front.
const name = fc.constantFrom('a', 'b', 'c', 'aa', '', '__proto__x', 'ä');

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }) as fc.Arbitrary<Doc>,
  ),
}));

const runs = { numRuns: 4000, seed: 11 };

test('the order of values is antisymmetric and transitive', (t) => {
  fc.assert(
    fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
      t.is(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) + 0 || 0);
      const sorted = [a, b, c].sort(compare);
      return (
        compare(sorted[0], sorted[1]) <= 0 && compare(sorted[1], sorted[2]) <= 0 && compare(sorted[0], sorted[2]) <= 0
      );
    }),
    runs,
  );
  t.pass();
});

test('index keys are ordered as their values and equal only when these are', (t) => {
  fc.assert(
    fc.property(anyValue, anyValue, (a, b) => {
      const order = Math.sign(compare(a, b));
      const x = keyOf(a);
      const y = keyOf(b);
      return (
        Math.sign(Buffer.compare(x, y)) === order &&
        Math.sign(Buffer.compare(inverted(x), inverted(y))) === (-order || 0)
      );
    }),
    { ...runs, numRuns: 20_000 },
  );
  t.pass();
});

test('fields of a compound key do not run into one another', (t) => {
  fc.assert(
    fc.property(anyValue, anyValue, anyValue, anyValue, fc.boolean(), (a, b, c, d, down) => {
      const key = (first: Value, second: Value): Buffer =>
        Buffer.concat([keyOf(first), down ? inverted(keyOf(second)) : keyOf(second)]);
      const order = compare(a, c) || (down ? -compare(b, d) : compare(b, d));
      return Math.sign(Buffer.compare(key(a, b), key(c, d))) === Math.sign(order) + 0;
    }),
    { ...runs, numRuns: 20_000 },
  );
  t.pass();
});

test('encoding and decoding gives back the same bytes and types', (t) => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encode({ v: value });
      return encode(decode(bytes)).equals(bytes);
    }),
    runs,
  );
  t.pass();
});

test('strings are ordered by code point', (t) => {
  const words = ['\uffff', '𠮷', 'a', '😀', '留', ''];
  t.deepEqual(
    [...words].sort(compare),
    ['', 'a', '留', '\uffff', '😀', '𠮷'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});
