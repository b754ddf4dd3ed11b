import test from 'ava';
import { sniffFile } from '../../src/evidence/index.js';
import { sampleNames } from '../../src/sandbox/samples/index.js';
import { sample } from './support/samples.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const cases: [title: string, file: Uint8Array, kind: string, ext: string][] = [
  ['nothing', new Uint8Array(0), 'empty', ''],
  ['a PDF behind a few bytes', bytes('\n\n%PDF-1.7\n'), 'pdf', 'pdf'],
  ['SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'other', 'svg'],
  ['HTML', bytes('<html><a href="x,y">'), 'other', ''],
  ['a table as text', bytes('a,b\n1,2\n'), 'csv', 'csv'],
  ['prose', bytes('hello world\n'), 'other', ''],
  ['GIF', bytes('GIF89a\x01\x00\x01\x00'), 'other', 'gif'],
  [
    'old Office',
    Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Array<number>(600).fill(0)]),
    'other',
    'cfb',
  ],
  ['a zip', bytes('PK\x03\x04\x14\x00\x00\x00\x00\x00'), 'other', 'zip'],
  ['three bytes', Uint8Array.from([0xff, 0xd8, 0xff]), 'image', 'jpg'],
];
for (const [title, file, kind, ext] of cases) {
  test(`${title} is ${kind} ${ext}`, async (t) => {
    const sniffed = await sniffFile(file);
    t.is(sniffed.kind, kind as never);
    t.is(sniffed.ext, ext);
  });
}

test('documents among the samples are what they say, and another seed gives other bytes', async (t) => {
  const kinds = { pdf: ['pdf'], sheet: ['xlsx', 'csv'], photo: ['image'], voice: ['audio'] };
  for (const { name, kind } of sampleNames().filter((one) => one.kind !== 'photo')) {
    t.true(kinds[kind].includes((await sniffFile(await sample(name, { seed: 1 }))).kind), name);
  }
  for (const name of ['proposal', 'equipment-list'])
    t.false((await sample(name, { seed: 1 })).equals(await sample(name, { seed: 2 })), name);
});
