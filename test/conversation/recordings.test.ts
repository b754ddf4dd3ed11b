import test from 'ava';
import { asId, type DealId } from '../../src/core/index.js';
import type { EvidenceDocument } from '../../src/deals/index.js';
import { createPageBackend } from '../../src/web/index.js';
import { amr, pdf } from '../helpers/chat.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const SAID = '设备没问题。交期我们定在下月十号，付款想改成三七分两次付。';

async function recording(house: TestHouse): Promise<EvidenceDocument> {
  const found = (await house.verification.ofDeal(D1)).findLast((one) => one.itemKind === 'voice');
  if (found === undefined) throw new Error('no recording was handed in');
  return found;
}
const mark = async (house: TestHouse): Promise<string | undefined> =>
  (await house.deals.get(D1))?.visits.at(-1)?.items['call-record']?.submissions.at(-1)?.status;

for (const platform of ['wecom', 'dingtalk'] as const) {
  test(`${platform}: a recording counts after one press, and what was heard in it goes to the notes after another`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'quotation' });
    const jia = house.chat(JIA, platform);
    const send =
      platform === 'dingtalk'
        ? jia.speaks.bind(jia, SAID, amr('48s'))
        : jia.sendsFile.bind(jia, amr(`48s words:${SAID}`), '通话.amr');
    await jia.says('城东').presses('交客户沟通录音').expects('按住说话录一段', '录之前先跟对方说一声');
    await send().expects('录音里的人同意了吗', '还没确认对方同意录音');
    t.is(await mark(house), 'unchecked');
    t.is((await recording(house)).verdict?.facts['transcript'], undefined, 'nobody has listened yet');

    await jia
      .presses('对方同意录音')
      .expects('记下了：对方同意录音', '✅ 客户沟通录音', '录音里听到 2 件事', '付款方式变更：“…');
    const evidence = await recording(house);
    t.is(await mark(house), 'passed');
    t.like(evidence.voice?.statement, { kind: 'agreed', by: JIA });
    t.is(evidence.verdict?.facts['transcriptSource'], platform === 'dingtalk' ? 'dingtalk recognition' : 'asr test');
    t.true(evidence.history.some(({ text, who }) => text === '确认对方同意录音' && who === '代表甲'));
    t.deepEqual((await house.deals.get(D1))?.notes, undefined, 'nothing is noted unasked');

    await jia.presses('记到备注', '付款方式变更').expects('已记到商机备注 1 条').lacks('还没选');
    const deal = await house.deals.get(D1);
    t.like(deal?.notes?.[0], { keyword: '付款方式变更', evidenceId: evidence._id, by: JIA });
    t.regex(deal?.notes?.[0]?.quote ?? '', /付款想改成三七分/);
    t.is(deal?.notes?.length, 1);
    t.true((await house.events('d1')).some(({ type }) => type === 'deal.noted'));
  });
}

test('pressing twice, late or as somebody else changes nothing', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('交客户沟通录音').speaks('', amr('20s words:付款要改成分期'));
  const shown = jia.card('voice-consent');
  const agree = shown?.card?.actions.find(({ label }) => label === '对方同意录音')?.key ?? '';
  const press = (verb: string, choices = {}) => ({
    kind: 'press' as const,
    cardId: shown!.cardId!,
    action: agree.replace('voice-agree', verb),
    choices,
  });
  await house.chat('demo-rep-yi').does(press('voice-agree')).expects('不是发给你的');
  t.is((await recording(house)).voice?.statement, undefined);
  await jia.presses('是我自己口述').expects('记下了：自己口述', '✅ 客户沟通录音');
  await jia.does(press('voice-agree')).expectsNothing();
  await jia.does(press('voice-drop')).expectsNothing();
  const { voice, round } = await recording(house);
  t.is(voice?.statement?.kind, 'own');
  t.is(round, 2);
  const note = press('voice-note', { choice: ['m0'] });
  await jia.does(note).does(note);
  t.is((await house.deals.get(D1))?.notes?.length, 1);
  await jia.does(press('voice-note', { choice: ['m7'] })).expects('还没选');
});

test('without consent the sound goes at once, and the item is open again', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('交客户沟通录音').speaks(SAID, amr());
  const { file } = await recording(house);
  t.truthy(await house.vault.info(file!.id));
  await jia.presses('没同意，删掉').expects('录音已删掉');
  const evidence = await recording(house);
  t.is(await house.vault.info(file!.id), null);
  t.truthy(evidence.file?.goneAt);
  t.is(evidence.file?.goneFor, 'no-consent');
  t.is(evidence.voice?.heard, undefined, 'the words go with it');
  t.is(await mark(house), 'withdrawn');
  await jia.says('城东').presses('交客户沟通录音').speaks('', amr('15s words:自己说的')).expects('同意了吗');
});

test('a recording without words is kept; the rep may type them, and a person listens', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('交客户沟通录音')
    .speaks('', amr('15s'))
    .presses('对方同意录音')
    .expects('先记「未核验」', '没有转成文字', '打字写内容', '请主管复核')
    .presses('打字写内容')
    .expects('把录音里说的话打出来')
    .says('客户说付款要改成三七分')
    .expects('记下了，和录音放在一起', '录音里听到 1 件事');
  t.is(await mark(house), 'review');
  const evidence = await recording(house);
  t.like(evidence.voice?.typed, { text: '客户说付款要改成三七分', by: JIA });
  t.is(evidence.verdict?.facts['transcriptSource'], 'typed');
  await house.chat('demo-supervisor-1').expects('客户沟通录音', '内容是打字写的');
});

test('the wrong thing is sent back, and a recording for another item too', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('交客户沟通录音')
    .sendsFile(pdf(), '报告.pdf')
    .expects('这里要的是录音', '收到的是文件');
  await jia.says('我录好了').expects('按住说话，或者把录音文件发到聊天里');
  await jia.says('城东').presses('传阶梯报价单').sendsFile(amr(), '通话.amr').expects('这里要的是文件');
  t.is((await house.inbox.counts()).dead, 0);
});

test('a recording that nobody asked for finds its item', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia.says('城东').speaks('', amr('20s words:交期定在十号')).expects('录音里的人同意了吗');
  await jia.presses('对方同意录音').expects('已确认交期');
});

test('dictated words answer like typed ones; without any the rep is told to type', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('写有效跟进')
    .speaks('', amr('words:样本周转慢'))
    .expects('方案匹配点', '样本周转慢')
    .speaks('流水线能接上')
    .expects('下一步约定')
    .speaks('', amr())
    .expects('语音收到了，没转出文字。打字写一句')
    .says('周四上门')
    .expects('✅ 有效跟进');
  t.is((await house.verification.ofDeal(D1)).length, 0, 'a report of his own is no recording');
});

test('the page of the deal shows what was noted, with the way to the recording', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('交客户沟通录音').speaks(SAID, amr('48s')).presses('对方同意录音');
  await jia.presses('记到备注', '已确认交期', '付款方式变更');
  const pages = createPageBackend({
    ...house,
    connection: house.store.connection,
    printWatermark: (bytes: Uint8Array) => Promise.resolve(Buffer.from(bytes)),
    looks: { record: () => Promise.resolve(), of: () => Promise.resolve([]) },
    proofs: { print: () => Promise.resolve([]) },
  } as never);
  const viewer = { personId: JIA, platform: 'wecom' } as never;
  const view = await pages.deal(viewer, deal._id);
  t.deepEqual(
    view.notes.map(({ keyword, byName }) => [keyword, byName]),
    [
      ['已确认交期', '代表甲'],
      ['付款方式变更', '代表甲'],
    ],
  );
  const { evidenceId } = view.notes[0]!;
  const page = await pages.evidence(viewer, evidenceId ?? '-');
  t.true(page.hasSound);
  t.deepEqual(
    page.facts.map(({ label }) => label),
    ['时长', '同意', '转写', '转写来自'],
  );
  t.is(page.facts[2]?.value, SAID);
});
