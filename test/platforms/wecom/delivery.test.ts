import test, { type ExecutionContext } from 'ava';
import { asId, type CardId } from '../../../src/core/index.js';
import type { CardChoice } from '../../../src/cards/index.js';
import type { InboundEvent, IntakeHints, IntakeResult } from '../../../src/platforms/contract.js';
import { checklistCard, PEOPLE, photo, tagsCard } from '../../contracts/samples.js';
import { makeWecomHarness, SandboxPool } from './harness.js';

const pool = new SandboxPool(test);
const rep = { kind: 'person', userId: PEOPLE.rep.userId } as const;
const cardId = asId<CardId>('card_1');

async function setUp(t: ExecutionContext, options: { callTimeoutMs?: number } = {}) {
  const events: InboundEvent[] = [];
  const hints: (IntakeHints | undefined)[] = [];
  const inbox = { reply: (): Promise<IntakeResult> => Promise.resolve({ duplicate: false }) };
  const harness = await makeWecomHarness(pool, {
    ...options,
    intake: (event, hint) => {
      events.push(event);
      hints.push(hint);
      return inbox.reply();
    },
  });
  t.teardown(() => harness.close());
  const sent = async (path: string) =>
    (await harness.traffic()).filter((call) => call.path === `/cgi-bin/${path}`).length;
  return { harness, events, hints, inbox, sent };
}

test.serial('accepted but never answered: the repetition is shown once and gets its handle', async (t) => {
  const { harness } = await setUp(t, { callTimeoutMs: 1_000 });
  const delivery = { key: 'unclear', to: rep, body: { kind: 'card', cardId, card: checklistCard() } } as const;
  await harness.adapter.deliver({ key: 'token', to: rep, body: { kind: 'text', text: 'token' } });
  await harness.vendor.fault('silent');
  await t.throwsAsync(harness.adapter.deliver(delivery), { code: 'wecom.timeout' });
  await harness.vendor.fault('none');
  const receipt = await harness.adapter.deliver(delivery);
  t.truthy(receipt.handle);
  t.is((await harness.phone('rep').shows()).filter(({ kind }) => kind === 'card').length, 1);
});

test.serial(
  'each handle changes the card once; when none is left a new card comes, which can be changed again',
  async (t) => {
    const { harness } = await setUp(t);
    const { handle = '' } = await harness.adapter.deliver({
      key: 'chain-1',
      to: rep,
      body: { kind: 'card', cardId, card: checklistCard() },
    });
    const update = (key: string, title: string, handles: string[]) =>
      harness.adapter.deliver({
        key,
        to: rep,
        body: { kind: 'card-update', cardId, card: checklistCard({ title }), handles },
      });
    t.deepEqual(await update('chain-2', '二', [handle]), { how: 'updated', usedHandles: [handle] });
    const replaced = await update('chain-3', '三', [handle]);
    t.like(replaced, { how: 'replaced', usedHandles: [handle] });
    t.like(await update('chain-4', '四', ['used', replaced.handle ?? '']), { how: 'updated' });
    t.deepEqual(
      (await harness.phone('rep').shows()).map(({ text }) => text.split('\n')[0]),
      ['二', '四'],
    );
  },
);

test.serial('an older handle serves when the newest does not', async (t) => {
  const { harness } = await setUp(t);
  const { handle = '' } = await harness.adapter.deliver({
    key: 'older-1',
    to: rep,
    body: { kind: 'card', cardId, card: checklistCard() },
  });
  const receipt = await harness.adapter.deliver({
    key: 'older-2',
    to: rep,
    body: { kind: 'card-update', cardId, card: checklistCard(), handles: [handle, 'made-up'] },
  });
  t.deepEqual(receipt, { how: 'updated', usedHandles: ['made-up', handle] });
});

test.serial('too fast is not the handle’s fault: no second card, later again', async (t) => {
  const { harness } = await setUp(t);
  const { handle = '' } = await harness.adapter.deliver({
    key: 'fast-1',
    to: rep,
    body: { kind: 'card', cardId, card: checklistCard() },
  });
  const update = () =>
    harness.adapter.deliver({
      key: 'fast-2',
      to: rep,
      body: { kind: 'card-update', cardId, card: checklistCard(), handles: [handle] },
    });
  await harness.vendor.fault('limited');
  await t.throwsAsync(update(), { code: 'wecom.rate_limited' });
  await harness.vendor.fault('none');
  t.like(await update(), { how: 'updated' });
  t.is((await harness.phone('rep').shows()).length, 1);
});

test.serial('a press that is answered passively costs no call', async (t) => {
  const { harness, inbox, hints, sent } = await setUp(t);
  await harness.adapter.deliver({ key: 'passive', to: rep, body: { kind: 'card', cardId, card: checklistCard() } });
  const before = (await harness.traffic()).filter(({ direction }) => direction === 'out').length;
  const updates = await sent('message/update_template_card');
  inbox.reply = () =>
    Promise.resolve({ duplicate: false, answer: Promise.resolve(checklistCard({ closed: '已提交' })) });
  const [card] = await harness.phone('rep').shows();
  await harness.phone('rep').presses(card?.id ?? '', 'deal_1.photo');
  t.is((await harness.phone('rep').shows())[0]?.closed, '已提交');
  t.is((await harness.traffic()).filter(({ direction }) => direction === 'out').length, before);
  t.is(await sent('message/update_template_card'), updates);
  t.truthy(hints[0]?.updateHandle, 'and the click left a further handle');
});

test.serial('a long single choice split over selectors comes back as one', async (t) => {
  const { harness, events } = await setUp(t);
  const choice: CardChoice = {
    ...(tagsCard('single').choice as CardChoice),
    options: Array.from({ length: 24 }, (_, index) => ({ id: `o${index}`, text: `选项${index}` })),
  };
  await harness.adapter.deliver({
    key: 'split',
    to: rep,
    body: { kind: 'card', cardId, card: { ...tagsCard('single'), choice } },
  });
  const [card] = await harness.phone('rep').shows();
  await harness.phone('rep').presses(card?.id ?? '', 'tags.submit', ['o20']);
  t.deepEqual(events[0]?.body as object, {
    kind: 'press',
    cardId: 'card_1',
    action: 'tags.submit',
    choices: { tags: ['o20'] },
  });
});

test.serial('four deliveries at once have one key', async (t) => {
  const { harness, events } = await setUp(t);
  await harness.control('PUT', 'faults', { wecom: { duplicateCallbacks: 3 } });
  await harness.phone('rep').says('交了');
  t.is(events.length, 4);
  t.is(new Set(events.map(({ key }) => key)).size, 1);
});

test.serial('a photo taken from the menu is one photo: the event beside it says nothing', async (t) => {
  const { harness, events } = await setUp(t);
  const response = await fetch(`${harness.sandbox.controlBase}/control/phones/wecom/00123/image?menuKey=photo`, {
    method: 'POST',
    body: photo,
  });
  t.is(response.status, 200);
  t.deepEqual(
    events.map(({ body }) => body.kind),
    ['image'],
  );
});

test.serial('a wrong message is taken back, and the next look of its card comes as a new one', async (t) => {
  const { harness } = await setUp(t);
  const body = { kind: 'card', cardId, card: checklistCard() } as const;
  const { messageId = '' } = await harness.adapter.deliver({ key: 'wrong', to: rep, body });
  await harness.adapter.recall?.(messageId);
  t.deepEqual(
    (await harness.phone('rep').shows()).map(({ text }) => text),
    ['消息已撤回'],
  );
  await t.throwsAsync(async () => harness.adapter.recall?.('unknown'), { code: 'wecom.message_invalid' });
});

test.serial('a card that several hold is greyed for each of them, with who dealt with it', async (t) => {
  const { harness } = await setUp(t);
  const people = [PEOPLE.rep, PEOPLE.lead].map(({ userId }) => userId);
  const handles = new Map<string, string>();
  for (const userId of people) {
    const to = { kind: 'person', userId } as const;
    const id = asId<CardId>(`td-${userId}`);
    const receipt = await harness.adapter.deliver({
      key: `todo-${userId}`,
      to,
      body: { kind: 'card', cardId: id, card: checklistCard() },
    });
    handles.set(userId, receipt.handle ?? '');
  }
  for (const userId of people) {
    const card = checklistCard({ closed: '代表甲已处理' });
    const body = {
      kind: 'card-update',
      cardId: asId<CardId>(`td-${userId}`),
      card,
      handles: [handles.get(userId)!],
    } as const;
    const receipt = await harness.adapter.deliver({ key: `done-${userId}`, to: { kind: 'person', userId }, body });
    t.is(receipt.how, 'updated');
    const shown = (await harness.shownTo(userId)).filter(({ kind }) => kind === 'card');
    t.is(shown.at(-1)?.state?.replacedText, '代表甲已处理');
  }
});

test.serial('the menu is made once and then left alone', async (t) => {
  const { harness, sent } = await setUp(t);
  const before = await sent('menu/create');
  t.is(await harness.adapter.setMenu(), 'same');
  t.is(await sent('menu/create'), before);
});

test.serial('a group is made, completed and renamed, never emptied', async (t) => {
  const { harness, sent } = await setUp(t);
  const group = (name: string, memberUserIds: string[]) =>
    harness.adapter.ensureGroup({ chatId: 'ensure1', name, ownerUserId: PEOPLE.lead.userId, memberUserIds });
  const [rename, again] = ['appchat/update', 'appchat/create'];
  t.is(await group('华东一组', [PEOPLE.rep.userId]), 'ensure1');
  const updates = await sent(rename);
  await group('华东一组', [PEOPLE.rep.userId]);
  t.is(await sent(rename), updates, 'nothing to change');
  await group('华东二组', []);
  t.is(await sent(rename), updates + 1);
  // Whom we put in and who has left goes; who was invited by hand stays.
  const keep = (memberUserIds: string[], formerUserIds: string[]) =>
    harness.adapter.ensureGroup({
      chatId: 'ensure1',
      name: '华东二组',
      ownerUserId: PEOPLE.lead.userId,
      memberUserIds,
      formerUserIds,
    });
  const members = async () => {
    const { phones } = await harness.control<{
      phones: { platform: string; userId: string; chats: { id: string }[] }[];
    }>('GET', 'state');
    return phones
      .filter(({ platform, chats }) => platform === 'wecom' && chats.some(({ id }) => id === 'ensure1'))
      .map(({ userId }) => userId);
  };
  const other = { userId: 'ZhangSan', name: '代表丙' };
  const people = [PEOPLE.rep, PEOPLE.lead, other].map(({ userId, name }) => ({
    id: `p-${userId}`,
    name,
    title: '',
    wecomUserId: userId,
  }));
  await harness.control('PUT', 'directory', { people, groups: [] });
  await keep([other.userId], []);
  t.deepEqual((await members()).toSorted(), [PEOPLE.rep, PEOPLE.lead, other].map(({ userId }) => userId).toSorted());
  await keep([other.userId], [PEOPLE.rep.userId, other.userId]);
  t.deepEqual((await members()).toSorted(), [PEOPLE.lead, other].map(({ userId }) => userId).toSorted());
  await keep([PEOPLE.rep.userId], []);
  await harness.adapter.deliver({
    key: 'g',
    to: { kind: 'group', chatId: 'ensure1' },
    body: { kind: 'image', name: '图.jpg', bytes: photo },
  });
  t.is((await harness.traffic()).at(-1)?.errcode ?? 0, 0);
  t.true((await sent(again)) >= 1);
  await t.throwsAsync(
    harness.adapter.ensureGroup({ chatId: 'no_good', name: 'x', ownerUserId: 'a', memberUserIds: [] }),
    {
      code: 'wecom.message_invalid',
    },
  );
});

test.serial('no card of the contract’s samples is longer than a client shows', async (t) => {
  const { harness } = await setUp(t);
  const long = '很长的名字'.repeat(30);
  const card = checklistCard({
    title: long,
    subtitle: long,
    lines: Array.from({ length: 20 }, () => ({ text: long, mark: 'open' as const })),
    fields: [{ label: long, value: long }],
  });
  await harness.adapter.deliver({ key: 'long', to: rep, body: { kind: 'card', cardId, card } });
  const { warnings = [], errcode } = (await harness.traffic()).at(-1) ?? {};
  t.deepEqual([errcode ?? 0, warnings], [0, []]);
});
