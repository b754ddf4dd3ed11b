import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { asId, projectRoot, silentLog, type FileId } from '../../src/core/index.js';
import type { EvidenceDocument } from '../../src/deals/index.js';
import type { Verdict } from '../../src/evidence/index.js';
import { createVault, openStore } from '../../src/store/index.js';
import type { Explanation } from '../../scripts/explain-evidence.js';
import { JIA, openHouse } from '../helpers/house.js';

test('evidence is looked at again without a trace; without its file it is only explained', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sendsPhoto();
  await house.settle();
  const row = async (): Promise<EvidenceDocument> => (await house.verification.ofDeal(deal._id))[0]!;
  const before = await row();
  house.clock.advance(365 * 24 * 60 * 60_000);
  t.deepEqual(await house.verification.again(before), before.verdict);
  t.deepEqual(await row(), before);
  await house.vault.remove(before.file!.id);
  t.is(await house.verification.again(before), null);
});

const AT = new Date('2025-03-04T02:00:00Z');
const TABLE = '型号,数量,使用年限\nA1,2,\n';

function verdict(measured: string): Verdict {
  return {
    status: 'failed',
    findings: [
      { code: 'sheet.content', status: 'passed', measured: 2, expected: 1, unit: 'rows', source: 'cells' },
      {
        code: 'sheet.columns',
        status: 'passed',
        measured: '型号、数量、使用年限',
        expected: '型号、数量、使用年限',
        source: 'header row',
      },
      { code: 'sheet.rows', status: 'passed', measured: 1, expected: 1, unit: 'rows', source: 'cells' },
      { code: 'sheet.filled', status: 'failed', measured, expected: 0, unit: 'empty cells', source: 'cells' },
    ],
    say: '这份表没通过：第 2 行「使用年限」没填。填上再传一次。',
    facts: {},
    verifier: { id: 'sheet', version: '1' },
  };
}

test('npm run evidence -- explain says why, and whether it would be said again', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-explain-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const store = await openStore({ mongodbUri: '', dataDir: join(dataDir, 'store'), log: silentLog });
  const file = await createVault(store.connection).put(asId<FileId>('f1'), Buffer.from(TABLE), {
    name: '清单.csv',
    mime: 'text/csv',
    at: AT,
  });
  const row = {
    clientName: '城东医院',
    stageName: '方案定制',
    itemName: '客户现有设备清单',
    itemKind: 'sheet',
    by: 'p1',
    at: AT,
    askedAt: null,
    request: { kind: 'sheet', formats: [], demands: { columns: ['型号', '数量', '使用年限'], everyRowFilled: true } },
    positions: [],
    state: 'judged',
    history: [],
  };
  await store.connection.collection('evidence').insertMany([
    { _id: 'same', ...row, file, verdict: verdict('2:使用年限') },
    { _id: 'other', ...row, file, verdict: verdict('3:使用年限') },
    { _id: 'gone', ...row, file: { ...file, id: 'removed' }, verdict: verdict('2:使用年限') },
  ] as never);
  await store.close();

  const run = (...args: string[]): Promise<{ code: number; out: string; rows: Explanation[] }> =>
    new Promise((done) => {
      const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, SANDBOX: 'on' };
      const script = join(projectRoot, 'build/scripts/evidence.js');
      execFile(process.execPath, [script, 'explain', ...args], { env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code);
        const lines = args.includes('--json') ? stdout.trim().split('\n') : [];
        done({ code, out: stdout + stderr, rows: lines.map((line) => JSON.parse(line) as Explanation) });
      });
    });
  const same = await run('same');
  t.is(same.code, 0, same.out);
  t.regex(
    same.out,
    /demanded .*everyRowFilled[^]*then failed \(sheet 1\)[^]*measured 2:使用年限, wanted 0[^]*the same/u,
  );
  const all = await run('--json', 'same', 'other', 'gone', 'nobody');
  t.is(all.code, 1);
  t.deepEqual(
    all.rows.map(({ id, different }) => [id, different]),
    [
      ['same', []],
      ['other', ['sheet.filled']],
      ['gone', []],
      ['nobody', undefined],
    ] as never,
  );
  t.is(all.rows[2]?.now, null);
  t.is((await run()).code, 2);
});
