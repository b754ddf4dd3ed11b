import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../../src/core/index.js';
import { RULES, type Reaction } from '../../../src/platforms/wecom/error-table.js';
import { refusal } from '../../../src/platforms/wecom/errors.js';

/**
 * What the protocol sheet's table says to do, group by group; a code twice or a code missing fails.
 * Where the sheet lies beside the project, its own list of codes is read as well.
 */
const REACTIONS: Record<Reaction, string> = {
  retry: '-1 45009 45033',
  renew: '40014 42001',
  park: '40001 40013 40056 301002 43012 48002 48006 48009 50001 50003 60020 80001 93000 93004 93008',
  drop:
    '40003 46004 60111 40007 40008 40029 42003 42022 40033 40035 40058 40063 40093 42012 41001 41016 42009 42014–42020 ' +
    '42027–42044 42045 42046 42047 42049 42050 42051 42052 44001 44004 45001 45002 45007 45008 45034 50002 60011 81013 ' +
    '82001–82003 86001 86003 86004 86006 86008 86215 40050 830002 846608',
};

function codes(text: string): number[] {
  return [...text.matchAll(/(-?\d+)(?:–(\d+))?/g)].flatMap(([, from, to]) =>
    Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, n) => Number(from) + n),
  );
}

for (const [reaction, listed] of Object.entries(REACTIONS)) {
  test(`what is answered by: ${reaction}`, (t) => {
    for (const errcode of codes(listed)) {
      const error = refusal('message/send', { errcode, errmsg: 'x' });
      t.is(error.details['reaction'], reaction, String(errcode));
      t.is(error.retryable, reaction === 'retry' || reaction === 'renew', String(errcode));
      t.is('retryAfterMs' in error.details, error.retryable, String(errcode));
      t.is('admin' in error.details, reaction === 'park', `${errcode}: an administrator is told what to press`);
    }
  });
}

test('every code has one reaction', (t) => {
  const all = RULES.flatMap(({ numbers }) => numbers);
  t.is(new Set(all).size, all.length);
  const expected = Object.values(REACTIONS).flatMap(codes);
  t.deepEqual(
    all.toSorted((a, b) => a - b),
    expected.toSorted((a, b) => a - b),
  );
});

test('what nobody listed is dropped with its reason, never tried again', (t) => {
  const error = refusal('message/send', { errcode: 987_654, errmsg: 'new' });
  t.like(error, { code: 'wecom.message_invalid', retryable: false, message: 'message/send: 987654 new' });
});

test('all calls wait when the vendor limits its rate, and only then', (t) => {
  const holding = RULES.filter(({ holds }) => holds).flatMap(({ numbers }) => numbers);
  t.deepEqual(holding, [45009]);
  t.is(refusal('message/send', { errcode: 45009, errmsg: '' }).details['holds'], 'platform');
});

const sheet = join(projectRoot, '../shared/protocols/wecom.md');
const whole = 'every code of the sheet’s table is in ours';
(existsSync(sheet) ? test : test.skip)(existsSync(sheet) ? whole : `${whole} (no sheet beside the project)`, (t) => {
  const [, table = ''] = /\n## 9\. [^\n]*\n([\s\S]*?)\n## /.exec(readFileSync(sheet, 'utf8')) ?? [];
  // First column, and the second where the first names a whole family.
  const listed = [...table.matchAll(/^\| \**([-\d][\d /–-]*)\**[ |]/gm)].flatMap(([, cell = '']) => codes(cell));
  t.true(listed.length > 90, `${listed.length} codes read`);
  const ours = new Set(RULES.flatMap(({ numbers }) => numbers));
  t.deepEqual(
    listed.filter((code) => !ours.has(code)),
    [],
  );
});
