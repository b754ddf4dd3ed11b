import type { ExecutionContext, TestFn } from 'ava';
import type { InboundBody, InboundEvent, IntakeHints, IntakeResult } from '../../src/platforms/contract.js';
import type { MakeHarness, PlatformHarness } from './platform-contract.js';
import { checklistCard, PEOPLE, photo, tagsCard } from './samples.js';

/** An inbox that keeps what came and can be told to refuse or to answer. */
export interface Inbox {
  events: InboundEvent[];
  hints: (IntakeHints | undefined)[];
  answered: number;
  /** What the next events get; default: stored, nothing to show. */
  reply: (event: InboundEvent) => Promise<IntakeResult>;
}

export async function setUp(
  t: ExecutionContext,
  makeHarness: MakeHarness,
  options: { maxMediaBytes?: number } = {},
): Promise<{ inbox: Inbox; harness: PlatformHarness }> {
  const inbox: Inbox = {
    events: [],
    hints: [],
    answered: 0,
    reply: () => Promise.resolve({ duplicate: false }),
  };
  const harness = await makeHarness({
    ...options,
    intake: (event, hints) => {
      inbox.events.push(event);
      inbox.hints.push(hints);
      return inbox.reply(event);
    },
  });
  t.teardown(() => harness.close());
  return { inbox, harness };
}

function only<K extends InboundBody['kind']>(t: ExecutionContext, inbox: Inbox, kind: K) {
  const found = inbox.events.filter((event) => event.body.kind === kind);
  t.is(found.length, 1, `one event of kind ${kind}, got ${inbox.events.map((event) => event.body.kind).join()}`);
  return found[0] as InboundEvent & { body: Extract<InboundBody, { kind: K }> };
}

export function inboundContract(test: TestFn, name: string, makeHarness: MakeHarness): void {
  test.serial(`${name}: what a person says arrives as said, under an own key`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const said = '客户说 <b>“3 & 4”</b> ]]> 😀𠮷 {"a":1}';
    t.true((await harness.phone('rep').says(said)).accepted);
    t.true((await harness.phone('lead').says('帮助')).accepted);
    t.deepEqual(
      inbox.events.map((event) => [event.platform, event.from, event.chat.kind, event.body]),
      [
        [harness.adapter.name, PEOPLE.rep.userId, 'single', { kind: 'text', text: said }],
        [harness.adapter.name, PEOPLE.lead.userId, 'single', { kind: 'text', text: '帮助' }],
      ],
    );
    t.not(inbox.events[0]?.key, inbox.events[1]?.key);
    t.true(inbox.events.every((event) => event.key.startsWith(`${harness.adapter.name}:`)));
    t.true(inbox.events.every((event) => Math.abs(event.sentAt.getTime() - Date.now()) < 120_000));
  });

  test.serial(`${name}: a photo arrives and its bytes can be fetched`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    t.true((await harness.phone('rep').sendsPhoto(photo, '门牌.jpg')).accepted);
    const { body } = only(t, inbox, 'image');
    t.is(body.media.platform, harness.adapter.name);
    t.deepEqual((await harness.adapter.fetchMedia(body.media)).bytes, photo);
  });

  test.serial(`${name}: a file arrives with its name and bytes`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const bytes = Buffer.from('%PDF-1.4\n采购申请书 %%EOF');
    t.true((await harness.phone('rep').sendsFile(bytes, '采购申请书.pdf')).accepted);
    const { body } = only(t, inbox, 'file');
    const fetched = await harness.adapter.fetchMedia(body.media);
    t.deepEqual(fetched.bytes, bytes);
    t.is(body.media.name ?? fetched.name, '采购申请书.pdf');
  });

  test.serial(`${name}: a voice message arrives and its bytes can be fetched`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const bytes = Buffer.from('#!AMR\n0123456789');
    t.true((await harness.phone('rep').sendsVoice(bytes, '见了张主任')).accepted);
    const { body } = only(t, inbox, 'voice');
    t.deepEqual((await harness.adapter.fetchMedia(body.media)).bytes, bytes);
    if (body.transcript !== undefined) t.is(body.transcript, '见了张主任');
  });

  test.serial(`${name}: the app menu arrives by its keys, where there is one`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    if (!harness.adapter.capabilities.scan) {
      t.pass();
      return;
    }
    t.true((await harness.phone('rep').scans('TM-VISIT-0001', 'scan')).accepted);
    t.true((await harness.phone('rep').opensMenu('my-deals')).accepted);
    t.deepEqual(only(t, inbox, 'scan').body, { kind: 'scan', text: 'TM-VISIT-0001', menuKey: 'scan' });
    t.deepEqual(only(t, inbox, 'menu').body, { kind: 'menu', key: 'my-deals' });
  });

  test.serial(`${name}: a press changes the card in place by the answer itself`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const phone = harness.phone('rep');
    const to = { kind: 'person', userId: PEOPLE.rep.userId } as const;
    const before = checklistCard();
    await harness.adapter.deliver({
      key: 'contract-1',
      to,
      body: { kind: 'card', cardId: 'card_one' as never, card: before },
    });
    const after = checklistCard({ title: '城东医院 · 合规报价', lines: [{ mark: 'passed', text: '三级报价表' }] });
    inbox.reply = () =>
      Promise.resolve({
        duplicate: false,
        answer: Promise.resolve(after),
        answered: () => {
          inbox.answered += 1;
          return Promise.resolve();
        },
      });
    const shown = await phone.shows();
    t.is(shown.length, 1);
    const action = before.actions[0]?.key ?? '';
    t.true((await phone.presses(shown[0]?.id ?? '', action)).accepted);
    const { body, from } = only(t, inbox, 'press');
    t.deepEqual([from, body.cardId as string, body.action], [PEOPLE.rep.userId, 'card_one', action]);
    const changed = await phone.shows();
    t.is(changed.length, 1, 'no second message');
    t.true(changed[0]?.text.includes('合规报价'), changed[0]?.text);
    t.false(changed[0]?.text.includes('临床价值论证'), changed[0]?.text);
    t.is(inbox.answered, 1, 'the same update is not sent again by API');
  });

  test.serial(`${name}: an answer that does not come in time holds nothing up`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const phone = harness.phone('rep');
    const to = { kind: 'person', userId: PEOPLE.rep.userId } as const;
    const cardId = 'card_two' as never;
    const receipt = await harness.adapter.deliver({
      key: 'contract-2',
      to,
      body: { kind: 'card', cardId, card: checklistCard() },
    });
    inbox.reply = () =>
      Promise.resolve({
        duplicate: false,
        answer: new Promise(() => undefined),
        answered: () => {
          inbox.answered += 1;
          return Promise.resolve();
        },
      });
    const started = performance.now();
    const [message] = await phone.shows();
    t.true((await phone.presses(message?.id ?? '', checklistCard().actions[0]?.key ?? '')).accepted);
    t.true(performance.now() - started < harness.adapter.capabilities.passiveReplyMs + 3_000);
    t.is(inbox.answered, 0);
    const handles = [receipt.handle, ...inbox.hints.map((hints) => hints?.updateHandle)].filter(
      (handle) => handle !== undefined,
    );
    const card = checklistCard({ title: '城东医院 · 合规报价' });
    const update = await harness.adapter.deliver({
      key: 'contract-2b',
      to,
      body: { kind: 'card-update', cardId, card, handles },
    });
    t.is(update.how, 'updated');
    const changed = await phone.shows();
    t.is(changed.length, 1);
    t.true(changed[0]?.text.includes('合规报价'));
  });

  test.serial(`${name}: chosen options come back under the card's own key`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const phone = harness.phone('rep');
    const to = { kind: 'person', userId: PEOPLE.rep.userId } as const;
    for (const [mode, chosen] of [
      ['single', ['tag_02']],
      ['multi', ['tag_01', 'tag_03', 'tag_09']],
    ] as const) {
      inbox.events.length = 0;
      const card = tagsCard(mode);
      const cardId = `card_${mode}` as never;
      await harness.adapter.deliver({ key: `contract-${mode}`, to, body: { kind: 'card', cardId, card } });
      const message = (await phone.shows()).at(-1);
      t.deepEqual(
        message?.options.map((option) => option.id),
        card.choice?.options.map((option) => option.id),
      );
      t.true((await phone.presses(message?.id ?? '', 'tags.submit', chosen)).accepted);
      const { body } = only(t, inbox, 'press');
      t.deepEqual(
        { action: body.action, choices: body.choices },
        { action: 'tags.submit', choices: { tags: [...chosen] } },
      );
    }
  });

  test.serial(`${name}: the same delivery again has the same key`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    await harness.phone('rep').says('1');
    t.true((await harness.vendor.deliverAgain()).accepted);
    t.is(inbox.events.length, 2);
    t.is(inbox.events[0]?.key, inbox.events[1]?.key);
  });

  test.serial(`${name}: what could not be stored is not acknowledged`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    let refusals = 1;
    inbox.reply = () =>
      refusals-- > 0 ? Promise.reject(new Error('the store is away')) : Promise.resolve({ duplicate: false });
    const answered = await harness.phone('rep').says('交了');
    if (harness.vendor.redelivers) {
      t.true(answered.accepted);
      t.true(answered.tries > 1);
      t.deepEqual(new Set(inbox.events.map((event) => event.key)).size, 1);
    } else {
      t.false(answered.accepted);
    }
  });

  test.serial(`${name}: a forged delivery is refused and reaches nobody`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    await harness.phone('rep').says('1');
    inbox.events.length = 0;
    for (const how of harness.vendor.forgeries) t.true((await harness.vendor.forge(how)).refused, how);
    t.is(inbox.events.length, 0);
    t.true((await harness.phone('rep').says('2')).accepted, 'still listening');
  });

  test.serial(`${name}: an unknown kind is taken and named`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    t.true((await harness.vendor.deliverUnknown()).accepted);
    const { body, from } = only(t, inbox, 'unknown');
    t.is(from, PEOPLE.rep.userId);
    t.not(body.what, '');
  });
}
