import test from 'ava';
import { MINUTE } from '../../src/core/index.js';
import { createPageBackend, createProofs } from '../../src/web/index.js';
import { foldProofCode } from '../../src/web/proofs.js';
import { openHouse, JIA } from '../helpers/house.js';
import { get, logIn, servePages } from './fakes.js';

test('what is printed on a copy leads back to it, and tells the original only to those who may see it', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sendsPhoto();
  await house.settle();
  const proofs = createProofs({ ...house, secret: 'house', address: 'trail.example.com' });
  const printed: string[][] = [];
  const looks: string[] = [];
  const backend = createPageBackend({
    ...house,
    proofs,
    printWatermark: (bytes, lines) => {
      printed.push([...lines]);
      return Promise.resolve(Buffer.from(bytes));
    },
    looks: { record: ({ which }) => Promise.resolve(void looks.push(which)), of: () => Promise.resolve([]) },
  });
  const [evidence] = await house.verification.ofDeal(deal._id);
  const rep = { personId: house.org.person(JIA)!.id, platform: 'wecom' as const };
  const code = proofs.codeOf(evidence!._id);
  t.is(await proofs.look(code, rep), null, 'never printed');

  await backend.picture(rep, evidence!._id, 'thumb');
  await backend.picture(rep, evidence!._id, 'copy');
  t.deepEqual(printed[0], []);
  t.regex(printed[1]?.[0] ?? '', /城东医院 · 需求初筛 · 客户现场照片/u);
  t.is(printed[1]?.[2], '拍摄地点：没有定位');
  t.true(printed[1]?.[3]?.replaceAll('-', '').endsWith(`trail.example.com/v/${code}`));
  t.deepEqual(looks, ['copy'], 'a thumbnail is no look');

  const rows = house.store.connection.collection('evidence');
  const placeAfter = async (set: object): Promise<string | undefined> => {
    await rows.updateOne({ _id: evidence!._id }, { $set: set });
    await backend.picture(rep, evidence!._id, 'copy');
    return printed.at(-1)?.[2];
  };
  const sent = { lat: 31.230416, lng: 121.473701, datum: 'gcj02', source: 'location-message' };
  t.is(await placeAfter({ positions: [sent] }), '拍摄地点：31.2304, 121.4737（GCJ-02）');
  t.is(await placeAfter({ 'verdict.facts.distanceMetres': 1350 }), '拍摄地点：离城东医院 1.4 公里');
  t.is((await proofs.look(code, null))?.place, '离城东医院 1.4 公里');
  looks.splice(1);

  const stranger = await proofs.look(code.toLowerCase().replace(/(.{4})/gu, '$1-'), null);
  t.like(stranger, { clientName: '城东医院', stageName: '需求初筛', evidenceId: null });
  t.is((await proofs.look(code, rep))?.evidenceId, evidence!._id);
  const elsewhere = house.org
    .people()
    .find((one) => one.role === 'rep' && one.regionId !== undefined && one.id !== rep.personId);
  if (elsewhere !== undefined)
    t.is((await proofs.look(code, { personId: elsewhere.id, platform: 'wecom' }))?.evidenceId, null);
  t.is(await createProofs({ ...house, secret: 'other', address: '' }).look(code, rep), null, 'made by another house');
});

test('codes are read as people type them, and nothing else is a code', (t) => {
  t.is(foldProofCode('abcd-efgh jkmn-pqrs'), 'ABCDEFGHJKMNPQRS');
  for (const text of ['', 'ABCD', 'ABCDEFGHJKMNPQR0', 'ABCDEFGHJKMNPQRSX', '{"$ne":1}'])
    t.is(foldProofCode(text), null);
});

const PROOF = {
  itemName: '科室门牌照片',
  stageName: '临床价值论证',
  clientName: '城东<医院>',
  byName: '代表甲',
  at: '2026-03-02 09:30',
  place: '离城东医院 35 米',
  verdict: 'passed' as const,
  sha256: 'abc',
};

test('the page says what the picture prints, and shows the picture only after a login with the right', async (t) => {
  const world = await servePages(t, {
    proofs: {
      look: (code, viewer) =>
        Promise.resolve(
          code === 'RIGHT' ? { ...PROOF, evidenceId: viewer === null ? null : ('evidence_1' as never) } : null,
        ),
    },
  });
  const open = await get(`${world.base}/v/RIGHT`);
  const text = await open.text();
  t.is(open.status, 200);
  t.regex(text, /这个码是真的[\s\S]*2026-03-02 09:30[\s\S]*离城东医院 35 米[\s\S]*代表甲/u);
  t.false(text.includes('城东<医院>') || text.includes('evidence_1') || text.includes('通过'));
  const own = await (await get(`${world.base}/v/RIGHT`, await logIn(world, 'code-rep'))).text();
  t.regex(own, /evidence_1\/picture\?which=original/u);
  const login = await get(`${world.base}/v/RIGHT/login`);
  t.is(login.status, 302);
});

test('unknown codes get a clear sentence, and guessing is stopped for a while', async (t) => {
  const world = await servePages(t, { proofs: { look: () => Promise.resolve(null) } });
  const first = await get(`${world.base}/v/NOPE`);
  t.is(first.status, 404);
  t.regex(await first.text(), /查不到这个码/u);
  for (let n = 0; n < 19; n += 1) await get(`${world.base}/v/NOPE${n}`);
  const stopped = await get(`${world.base}/v/RIGHT`);
  t.is(stopped.status, 429);
  t.is(stopped.headers.get('retry-after'), '600');
  world.clock.advance(11 * MINUTE);
  t.is((await get(`${world.base}/v/NOPE`)).status, 404);
});
