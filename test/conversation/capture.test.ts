import test, { type ExecutionContext } from 'ava';
import { createCaptures } from '../../src/captures.js';
import { asId, HOUR, MINUTE, type DealId, type PersonId } from '../../src/core/index.js';
import type { Sending } from '../../src/web/index.js';
import { pdf, photo } from '../helpers/chat.js';
import { JIA, openHouse, SECRET, type TestHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const YI = asId<PersonId>('demo-rep-yi');
const viewer = { personId: asId<PersonId>(JIA), platform: 'wecom' as const };

async function setUp(t: ExecutionContext, stage = 'screening') {
  const house = await openHouse(t);
  await house.deal({ stage });
  const captures = createCaptures({ house, secret: SECRET, clock: house.clock });
  return { house, captures, jia: house.chat(JIA) };
}

/** The ticket on the newest card or in the newest text that has one. */
function ticketOf(house: TestHouse, person = JIA): string {
  const shown = house.chat(person).shown().toReversed();
  for (const { card, text } of shown) {
    const found = /\/c\/([\w.-]+)\?p=wecom/.exec(
      [...(card?.actions ?? []).map(({ url }) => url), text].join('\n'),
    )?.[1];
    if (found !== undefined) return found;
  }
  throw new Error('no ticket in the chat');
}

const sending = (id: string, words = 'good', more: Partial<Sending> = {}): Sending => ({
  id: id.padEnd(8, '0'),
  file: { bytes: photo(`${id} ${words}`), name: 'image.jpg' },
  ...more,
});
const submissions = async (house: TestHouse, item: string) =>
  (await house.deals.get(D1))?.visits.at(-1)?.items[item]?.submissions ?? [];

test('a photo from the page goes the way of a photo in the chat: asked for, verified, on the card', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const askedAt = house.clock.now();
  const ticket = ticketOf(house);
  const before = await captures.look(viewer, ticket);
  t.like(before, { kind: 'photo', state: 'open', client: '城东医院', item: '客户现场照片', have: 0, need: 1, say: '' });

  await captures.send(viewer, ticket, sending('a'));
  await house.settle();
  const [handed] = await submissions(house, 'site-photo');
  t.is(handed?.status, 'passed');
  t.true((handed?.askedAt?.getTime() ?? 0) <= askedAt.getTime());
  t.true(jia.reads().includes('✅ 客户现场照片'));
  t.like(await captures.look(viewer, ticket, 'a0000000'), { state: 'done', sent: { state: 'passed' } });
  // The question is answered: what is said now is no answer to it.
  t.is((await house.sessions.peek(viewer.personId))?.question, null);
});

test('sent again under its id it counts once; under another id it is refused once enough is there', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const ticket = ticketOf(house);
  await Promise.all(Array.from({ length: 5 }, () => captures.send(viewer, ticket, sending('a'))));
  await house.settle();
  await captures.send(viewer, ticket, sending('a'));
  await house.settle();
  t.is((await submissions(house, 'site-photo')).length, 1);
  await t.throwsAsync(captures.send(viewer, ticket, sending('b')), { code: 'capture.done' });
  t.is(await house.store.connection.collection('vault.files').countDocuments({}), 1);
});

test('several photos of one question count one by one; then the ticket is used up', async (t) => {
  const { house, captures, jia } = await setUp(t, 'clinical-value');
  await jia.says('城东').presses('拍科室门牌照片');
  const ticket = ticketOf(house);
  const { need } = await captures.look(viewer, ticket);
  t.true(need > 1);
  for (let n = 0; n < need; n += 1) {
    t.like(await captures.look(viewer, ticket), { state: 'open', have: n });
    await captures.send(viewer, ticket, sending(`piece${n}`));
    await house.inbox.idle();
  }
  t.is((await captures.look(viewer, ticket)).state, 'done');
  await house.settle();
  t.is((await submissions(house, 'door-plate')).filter(({ status }) => status === 'passed').length, need);
});

test('another question that is open meanwhile stays open', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const ticket = ticketOf(house);
  await jia.says('城东').presses('写有效跟进');
  await captures.send(viewer, ticket, sending('a'));
  await house.settle();
  const question = (await house.sessions.peek(viewer.personId))?.question;
  t.is(question?.kind === 'item' ? question.itemId : null, 'follow-up');
  t.is((await submissions(house, 'site-photo'))[0]?.status, 'passed');
});

test('after a verdict that asks for another one the same page takes it', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const ticket = ticketOf(house);
  await captures.send(viewer, ticket, sending('a', 'old'));
  await house.settle();
  t.like(await captures.look(viewer, ticket, 'a0000000'), { state: 'open', sent: { state: 'failed' } });
  t.regex((await captures.look(viewer, ticket, 'a0000000')).sent?.say ?? '', /重拍/);
  await captures.send(viewer, ticket, sending('b'));
  await house.settle();
  t.true(jia.reads().includes('✅ 客户现场照片'));
});

test('positions come with their datum: the browser’s in WGS-84, the client’s as its adapter reads it, a doubtful one not at all', async (t) => {
  const { house, captures, jia } = await setUp(t);
  const adapter = house.adapters.get('wecom')!;
  adapter.readPosition = (result) => {
    const { x, y, doubt } = result as { x: number; y: number; doubt?: 'mock' };
    return { lat: y, lng: x, datum: 'gcj02', accuracyMetres: 20, ...(doubt === undefined ? {} : { doubt }) };
  };
  const place = async (id: string, position: Sending['position'], words = 'nowhere') => {
    await jia.says('城东').presses(/拍客户现场照片/);
    const sent = sending(id, words, position === undefined ? {} : { position });
    await captures.send(viewer, ticketOf(house), sent);
    await house.settle();
    return house.asked.at(-1)?.context.positions.at(-1);
  };
  t.is(await place('none', undefined), undefined);
  t.is((await submissions(house, 'site-photo')).at(-1)?.status, 'unchecked');
  t.is(await place('bad', { from: 'browser', result: { latitude: 'x' }, agoMs: 0 }), undefined);
  const mock = { from: 'client', result: { x: 1, y: 2, doubt: 'mock' }, agoMs: 0 } as const;
  t.is(await place('mock', mock), undefined);
  t.true(jia.reads().includes('模拟'));
  const browser = { from: 'browser', result: { latitude: 31.2, longitude: 121.5, accuracy: 12 }, agoMs: 5 * MINUTE };
  t.like(await place('browser', browser as never, 'old'), {
    lat: 31.2,
    lng: 121.5,
    datum: 'wgs84',
    accuracyMetres: 12,
    source: 'capture-page',
  });
  const { at, receivedAt } = { at: house.asked.at(-1)?.context.positions.at(-1)?.at, ...house.asked.at(-1)?.context };
  t.is((receivedAt?.getTime() ?? 0) - (at?.getTime() ?? 0), 5 * MINUTE);
  t.like(await place('client', { from: 'client', result: { x: 121.6, y: 31.3 }, agoMs: 0 }), {
    lat: 31.3,
    lng: 121.6,
    datum: 'gcj02',
    accuracyMetres: 20,
  });
});

test('a ticket opens for its person only, for its stage only, and for as long as the item allows', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const ticket = ticketOf(house);
  const yi = { personId: YI, platform: 'wecom' as const };
  await t.throwsAsync(captures.look(yi, ticket), { code: 'capture.not_yours' });
  await t.throwsAsync(captures.send(yi, ticket, sending('a')), { code: 'capture.not_yours' });
  for (const forged of ['', 'a.b', ticket.slice(0, -1), `x${ticket}`, ticket.replace('.', '.x')])
    await t.throwsAsync(captures.look(viewer, forged), { code: 'capture.bad_ticket' }, forged);

  house.clock.advance(11 * MINUTE);
  t.is((await captures.look(viewer, ticket)).state, 'expired');
  t.regex((await captures.look(viewer, ticket)).say, /时间过了/);
  house.clock.advance(12 * HOUR);
  await t.throwsAsync(captures.send(viewer, ticket, sending('late')), { code: 'capture.expired' });
  t.is((await submissions(house, 'site-photo')).length, 0);
});

test('what was taken in time and had no signal is taken late, and the verifier hears when it was asked for', async (t) => {
  const { house, captures, jia } = await setUp(t, 'clinical-value');
  await jia.says('城东').presses('拍科室门牌照片');
  const ticket = ticketOf(house);
  house.clock.advance(2 * HOUR);
  t.is((await captures.look(viewer, ticket)).state, 'expired');
  await captures.send(viewer, ticket, sending('cellar'));
  await house.settle();
  const { askedAt, receivedAt } = house.asked.at(-1)?.context ?? {};
  t.true((receivedAt?.getTime() ?? 0) - (askedAt?.getTime() ?? 0) > 2 * HOUR);
});

test('what is no photo, empty or too large goes back before anything is stored', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const ticket = ticketOf(house);
  const sends = (bytes: Uint8Array) =>
    captures.send(viewer, ticket, { id: 'abcdefgh', file: { bytes, name: '照片.jpg' } });
  await t.throwsAsync(sends(pdf()), { code: 'capture.not_photo' });
  await t.throwsAsync(sends(new Uint8Array()), { code: 'capture.not_photo' });
  await t.throwsAsync(sends(Buffer.alloc(26 * 1024 * 1024, 1)), { code: 'capture.too_large' });
  await t.throwsAsync(captures.send(viewer, ticket, { id: 'abcdefgh' }), { code: 'capture.no_photo' });
  t.is(await house.store.connection.collection('vault.files').countDocuments({}), 0);
  t.is(await house.store.connection.collection('inbox').countDocuments({ 'event.body.kind': 'capture' }), 0);
});

test('a photo that the platform keeps is fetched there, as from the chat', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const { handle } = house.wecom.keep(photo('from the client'));
  await captures.send(viewer, ticketOf(house), { id: 'abcdefgh', media: handle });
  await house.settle();
  t.is((await submissions(house, 'site-photo'))[0]?.status, 'passed');
});

test('a check-in: a position and a sentence on the page are the touch; without the sentence the chat asks for it', async (t) => {
  const { house, captures, jia } = await setUp(t, 'first-touch');
  await jia.says('城东').presses('记首次触达').presses('现场签到').expects('打开签到页');
  const ticket = ticketOf(house);
  t.like(await captures.look(viewer, ticket), { kind: 'check-in', state: 'open' });
  const position = { from: 'browser', result: { latitude: 31.2, longitude: 121.5 }, agoMs: 0 } as const;
  await captures.send(viewer, ticket, { id: 'nowhere0', note: '见了设备科主任，看了机房' });
  await house.settle();
  t.true(jia.reads().includes('还不算到场'));
  await captures.send(viewer, ticket, { id: 'position', position });
  await house.settle();
  t.true(jia.reads().includes('再写一句见了谁'));
  t.is((await submissions(house, 'touch')).length, 0);
  await captures.send(viewer, ticket, { id: 'withnote', position, note: '见了设备科主任，看了机房，约周四带方案来' });
  await house.settle();
  const [touch] = await submissions(house, 'touch');
  t.is(touch?.status, 'passed');
  t.like(touch?.value, { witness: 'check-in', place: { kind: 'position', lat: 31.2, lng: 121.5, datum: 'wgs84' } });
  t.is((await captures.look(viewer, ticket)).state, 'done');
});

test('a check-in by the code of this client, and by no other', async (t) => {
  const { house, captures, jia } = await setUp(t, 'first-touch');
  await jia.says('城东').presses('记首次触达').presses('现场签到');
  const ticket = ticketOf(house);
  const note = '见了设备科主任，看了机房';
  await captures.send(viewer, ticket, { id: 'wrongone', code: 'https://elsewhere.example.com/s/x', note });
  await house.settle();
  t.true(jia.reads().includes('这不是城东医院的拜访二维码'));
  await captures.send(viewer, ticket, { id: 'rightone', code: 'https://trail.example.com/s/d1.code', note });
  await house.settle();
  t.like((await submissions(house, 'touch'))[0], { status: 'passed', value: { place: { kind: 'code' } } });
});

test('the handover is scanned on the page', async (t) => {
  const { house, captures, jia } = await setUp(t, 'delivery');
  await jia.says('城东').presses('扫码：客户签收');
  const ticket = ticketOf(house);
  t.like(await captures.look(viewer, ticket), { kind: 'scan', state: 'open' });
  await captures.send(viewer, ticket, { id: 'scanning', code: 'https://trail.example.com/s/d1.code' });
  await house.settle();
  t.is((await submissions(house, 'handover'))[0]?.status, 'passed');
});

test('a key for uploads opens one ticket, for a while', async (t) => {
  const { house, captures, jia } = await setUp(t);
  await jia.says('城东').presses('拍客户现场照片');
  const ticket = ticketOf(house);
  const { uploadKey } = await captures.look(viewer, ticket);
  t.deepEqual(captures.viewerOf(ticket, uploadKey), viewer);
  t.is(captures.viewerOf(ticket, uploadKey.slice(0, -1)), null);
  t.is(captures.viewerOf(ticket, ''), null);
  await jia.says('城东').presses(/客户现场照片/);
  t.is(captures.viewerOf(ticketOf(house), uploadKey), null, 'another ticket');
  house.clock.advance(13 * HOUR);
  t.is(captures.viewerOf(ticket, uploadKey), null);
});
