import test from 'ava';
import { asId, DAY, NotAllowedError, type ClientId, type DealId } from '../../src/core/index.js';
import { createEquipmentList } from '../../src/deals/index.js';
import { createPageBackend } from '../../src/web/index.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const CLIENT = asId<ClientId>('demo-chengdong');

async function atDelivery(t: Parameters<typeof openHouse>[0], id = 'd1'): Promise<TestHouse> {
  const house = await openHouse(t);
  await house.deal({ id, stage: 'delivery' });
  return house;
}

const devices = async (house: TestHouse) =>
  (await house.equipment.ofClient(CLIENT)).map(({ model, serial, sightings }) => [
    model?.value,
    serial?.value,
    serial?.sure,
    sightings.length,
  ]);

const pages = (house: TestHouse) =>
  createPageBackend({
    ...house,
    printWatermark: (bytes) => Promise.resolve(Buffer.from(bytes)),
    proofs: { print: () => Promise.resolve([]) },
    looks: { record: () => Promise.resolve(), of: () => Promise.resolve([]) },
  });

const photoed = (house: TestHouse, words: string) =>
  house.chat(JIA).says('城东').presses('拍设备铭牌照片').sendsPhoto(words);

test('a nameplate that passed stands in the client list with where it comes from, and only once', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'plate BC-5390 SN240917');
  const [device] = await house.equipment.ofClient(CLIENT);
  const [evidence] = await house.verification.ofDeal('d1');
  t.like(device, {
    model: { value: 'BC-5390', read: 'BC-5390', sure: 'readings' },
    serial: { value: 'SN240917', read: 'SN240917', sure: 'readings' },
  });
  t.like(device?.sightings[0], { _id: evidence?._id, dealId: D1, by: JIA, clientId: CLIENT, at: evidence?.at });
  await house.equipmentList.sync(evidence!._id);
  await house.equipmentList.sync(evidence!._id);
  t.deepEqual(await devices(house), [['BC-5390', 'SN240917', 'readings', 1]]);
});

test('the same serial number again is the same device, look-alikes too; another is another', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'plate BC-539O SN24O917');
  await house.deal({ id: 'd2', stage: 'delivery' });
  house.clock.advance(DAY);
  const hand = async (n: number, words: string, dealId: string) => {
    const file = await house.vault.put(asId(`f_${n}`), Buffer.from(words), {
      name: 'a.jpg',
      mime: 'image/jpeg',
      at: house.clock.now(),
    });
    await house.deals.submit({
      key: `k${n}`,
      dealId: asId<DealId>(dealId),
      by: asId(JIA),
      platform: 'wecom',
      itemId: 'nameplate',
      evidenceId: asId(`ev_${n}`),
      value: { kind: 'photo', fileId: file.id, sha256: file.sha256 },
      file,
      askedAt: null,
    });
    await house.settle();
  };
  await hand(1, 'plate BC-5390 SN240917', 'd2');
  t.deepEqual(await devices(house), [['BC-5390', 'SN240917', 'readings', 2]], 'the latest reading counts');
  await hand(2, 'plate BC-5390 SN240918', 'd2');
  t.is((await devices(house)).length, 2);
  // Short numbers are a maker's own: with another model they are another device.
  await hand(3, 'plate AU680 1001', 'd2');
  await hand(4, 'plate CX-21 1001', 'd2');
  t.is((await devices(house)).length, 4);
});

test('in doubt it waits for a person, whose word is kept and stays', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'once plate BC-5390 SN240917');
  t.deepEqual(await devices(house), [], 'nothing is written before somebody has looked');
  const chief = house.org.supervisorOf(JIA)!;
  await house.chat(chief.id).presses('通过');
  t.deepEqual(await devices(house), [['BC-5390', 'SN240917', 'person', 1]]);
  t.is((await house.equipment.ofClient(CLIENT))[0]?.serial?.by, chief.id);

  const [evidence] = await house.verification.ofDeal('d1');
  await house.deals.judge({
    key: 'late',
    dealId: D1,
    platform: 'wecom',
    by: chief.id,
    evidenceId: evidence!._id,
    status: 'failed',
    say: '',
    codes: [],
  });
  t.is((await devices(house)).length, 1, 'what a person passed stays');
});

test('a photo that the machine passed and a person refuses takes its entry back', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'plate BC-5390 SN240917');
  const [evidence] = await house.verification.ofDeal('d1');
  const refuse = () =>
    house.deals.judge({
      key: 'refused',
      dealId: D1,
      platform: 'wecom',
      by: house.org.supervisorOf(JIA)!.id,
      evidenceId: evidence!._id,
      status: 'failed',
      say: '这不是客户的设备。',
      codes: ['review.refused'],
    });
  await refuse();
  await refuse();
  await house.settle();
  t.deepEqual(await devices(house), []);
  t.regex(house.chat(JIA).reads(), /这不是客户的设备/u);
  t.true(house.deals.missing((await house.deals.get(D1))!).some((item) => item.id === 'nameplate'));
});

test('a correction is by somebody, outlives a later reading, and the reading stays', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'plate BC-5390 SN240917');
  const backend = pages(house);
  const [evidence] = await house.verification.ofDeal('d1');
  const me = { personId: asId<never>(JIA), platform: 'wecom' as const };
  const stranger = { personId: asId<never>('demo-rep-bing'), platform: 'wecom' as const };
  await t.throwsAsync(backend.correctNameplate(stranger, evidence!._id, { serial: 'X1' }), {
    instanceOf: NotAllowedError,
  });
  await t.throwsAsync(backend.correctNameplate(me, evidence!._id, { serial: '<b>' }), { code: 'nameplate.bad_code' });
  await backend.correctNameplate(me, evidence!._id, { model: 'BC-5390', serial: 'sn24o917' });
  await backend.correctNameplate(me, evidence!._id, { model: 'BC-5390', serial: 'SN24O917' });
  const after = await house.verification.get(evidence!._id);
  t.is(after?.history.filter(({ text }) => text.startsWith('铭牌改为')).length, 1);
  t.is(after?.verdict?.facts['serial'], 'SN240917');

  const view = await backend.deal(me, 'd1');
  t.like(view.devices[0], { model: 'BC-5390', serial: 'SN24O917', evidenceId: evidence!._id, photos: 1 });
  t.regex(view.devices[0]?.sure ?? '', /代表甲改过，机器读成 SN240917/u);
  t.deepEqual((await backend.evidence(me, evidence!._id)).nameplate, {
    model: 'BC-5390',
    serial: 'SN24O917',
    mayCorrect: true,
  });
});

test('the list is seen as far as its photos may be seen, and is offered where devices are asked for', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'plate BC-5390 SN240917');
  await house.deal({ id: 'd2', owner: 'demo-rep-ding', stage: 'solution' });
  const other = { personId: asId<never>('demo-rep-ding'), platform: 'wecom' as const };
  t.deepEqual((await pages(house).deal(other, 'd2')).devices, [], 'a colleague of another team sees none of it');

  await house.deal({ id: 'd3', stage: 'solution' });
  const jia = house.chat(JIA);
  const deal = (await house.deals.get(asId<DealId>('d3')))!;
  await house.deals.show({ key: 's', dealId: deal._id, by: asId(JIA), platform: 'wecom' });
  await house.settle();
  await jia.presses('传客户现有设备清单').expects('拍过铭牌的有：BC-5390 1 台。照抄进表里就行。');
});

test('the list can be made anew from deals and evidence, and what is wrong in it is found', async (t) => {
  const house = await atDelivery(t);
  await photoed(house, 'plate BC-5390 SN240917');
  const list = createEquipmentList({ connection: house.store.connection, equipment: house.equipment });
  t.deepEqual(await list.rebuild({ verifyOnly: true }), { compared: 1, different: [] });
  const rows = house.store.connection.collection('equipment');
  const [row] = await rows.find({}).toArray();
  await rows.updateOne({ _id: row!._id }, { $set: { key: 'WRONG' } });
  await rows.insertOne({ ...row, _id: 'ev_gone' as never });
  t.is((await list.rebuild({ verifyOnly: true })).different.length, 2);
  t.is(await rows.countDocuments({}), 2);
  t.is((await list.rebuild()).different.length, 2);
  t.deepEqual(await list.rebuild({ verifyOnly: true }), { compared: 1, different: [] });
  t.deepEqual(await devices(house), [['BC-5390', 'SN240917', 'readings', 1]]);
});
