import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { silentLog } from '../../src/core/index.js';
import { createEvidence, readFacts, type Evidence } from '../../src/evidence/index.js';
import { isIdDocument } from '../../src/evidence/photo/id-document.js';
import { makeSample } from '../../src/sandbox/samples/index.js';
import { buildContext, buildSampleParams } from './support/context.js';
import { withQr } from './support/pictures.js';

// Real workers: warm, killed in the middle, and what a queue promises.

/** Worker processes of this one; null where /proc is missing. */
async function children(): Promise<number[] | null> {
  try {
    const tasks = await readdir('/proc/self/task');
    const lists = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8')));
    return [
      ...new Set(
        lists
          .join(' ')
          .split(/\s+/u)
          .filter((pid) => pid !== ''),
      ),
    ].map(Number);
  } catch {
    return null;
  }
}
const waitFor = async <T>(what: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await what();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const open = (workers: number): Evidence =>
  createEvidence({ workers, timeoutMs: 60_000, ocr: 'tesseract', log: silentLog });

test.serial('a worker killed in mid-verification: the verdict comes all the same, once', async (t) => {
  t.timeout(180_000);
  if ((await children()) === null) {
    t.pass('no /proc here');
    return;
  }
  const evidence = open(1);
  t.teardown(async () => await evidence.close());
  const { bytes } = await makeSample('site-photo', buildSampleParams());
  let verdicts = 0;
  const before = new Set(await children());
  const verifying = evidence
    .verify({ kind: 'photo', demands: { watermarkTime: true } }, { bytes, name: 'photo.jpg' }, buildContext())
    .finally(() => (verdicts += 1));
  const victim = await waitFor(async () => (await children())?.find((pid) => !before.has(pid)));
  process.kill(victim, 'SIGKILL');
  const verdict = await verifying;
  t.is(verdict.status, 'passed', verdict.say);
  t.is(verdicts, 1);
  t.is(evidence.queueLength(), 0);
  t.false((await children())?.includes(victim));
});

test.serial('warm workers stand ready, and one that is lost is warmed again', async (t) => {
  t.timeout(180_000);
  if ((await children()) === null) {
    t.pass('no /proc here');
    return;
  }
  const before = new Set(await children());
  const own = async (): Promise<number[]> => ((await children()) ?? []).filter((pid) => !before.has(pid));
  const evidence = open(2);
  t.teardown(async () => await evidence.close());
  await evidence.warm();
  const [first, second] = await own();
  t.truthy(first);
  t.truthy(second);
  t.is(evidence.queueLength(), 0, 'warming up is nobody’s file');
  process.kill(first ?? 0, 'SIGKILL');
  const replaced = await waitFor(async () => {
    const now = await own();
    return now.length === 2 && !now.includes(first ?? 0) ? now : undefined;
  });
  t.true(replaced.includes(second ?? 0));
});

test.serial('a waiting card can be told how long: a guess at first, then what the last files took', async (t) => {
  t.timeout(180_000);
  const evidence = open(2);
  t.teardown(async () => await evidence.close());
  t.is(evidence.estimateMs(0), evidence.estimateMs(1), 'two at once');
  t.true(evidence.estimateMs(4) > 2 * evidence.estimateMs(0));
  const { bytes } = await makeSample('blank-photo', buildSampleParams());
  await evidence.verify({ kind: 'photo', demands: {} }, { bytes, name: 'photo.jpg' }, buildContext());
  const one = evidence.estimateMs(0);
  t.true(one > 0 && Number.isFinite(one));
});

test.serial('a QR code in a photo is a fact', async (t) => {
  t.timeout(180_000);
  const evidence = open(1);
  t.teardown(async () => await evidence.close());
  const { bytes } = await makeSample('site-photo-plain', buildSampleParams());
  const content = 'https://trailmark.example/s/v1.K7Q29XMD.1764000000.c2lnbmF0dXJl';
  t.deepEqual((await readFacts(evidence, 'photo', await withQr(bytes, content))).qr, [content]);
  t.deepEqual((await readFacts(evidence, 'photo', bytes)).qr, []);
});

test('words of an identity card, and of papers that are none', (t) => {
  t.true(isIdDocument(['姓名 样张', '公民 身份 号码 110101199001010000']));
  t.true(isIdDocument(['中华人民共和国', '居 民 身 份 证', '签发机关 某市公安局']));
  t.true(isIdDocument(['姓名样张', '性别女 民族汉', '出生1990年1月1日', '住址某省某市']));
  t.true(isIdDocument(['性别女 民族汉', '11010119900101001x']));
  t.false(isIdDocument(['姓名', '性别', '年龄', '科室', '床号']));
  t.false(isIdDocument(['型号：BC-5390CRP', '注册证编号：国械注准201832206331', '生产日期：2018-07-28']));
  t.false(isIdDocument(['14:32', '2026-11-24', '上海市浦东新区张江路1120号']));
  t.false(isIdDocument([]));
});
