import type { TestFn } from 'ava';
import { AppError, PlatformRefusedError, PlatformUnreachableError } from '../../src/core/index.js';
import type { DeliveryBody } from '../../src/platforms/contract.js';
import type { MakeHarness } from './platform-contract.js';
import { setUp } from './platform-inbound.js';
import { checklistCard, PEOPLE, photo, STRANGER } from './samples.js';

const rep = { kind: 'person', userId: PEOPLE.rep.userId } as const;

export function outboundContract(test: TestFn, name: string, makeHarness: MakeHarness): void {
  test.serial(`${name}: every kind of message is shown on the phone`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const pdf = Buffer.from('%PDF-1.4\n周报');
    const bodies: DeliveryBody[] = [
      { kind: 'text', text: '收到 <3> & 😀' },
      { kind: 'markdown', title: '日报', text: '**华东一组**\n过程穿透率 81%' },
      { kind: 'card', cardId: 'card_a' as never, card: checklistCard() },
      { kind: 'file', name: '周报.pdf', bytes: pdf },
      { kind: 'image', name: '图.png', bytes: photo },
    ];
    for (const body of bodies) {
      const receipt = await harness.adapter.deliver({ key: `kind-${body.kind}`, to: rep, body });
      t.is(receipt.how, 'sent', body.kind);
    }
    const [text, markdown, card, file, image] = await harness.phone('rep').shows();
    t.true(text?.text.includes('收到 <3> & 😀'), text?.text);
    t.true(markdown?.text.includes('过程穿透率 81%'));
    for (const word of ['城东医院 · 临床价值论证', '第 2 天', '临床使用场景', '1/2，再拍 1 张', '同类设备采购公告']) {
      t.true(card?.text.includes(word), `${word} in ${card?.text}`);
    }
    t.deepEqual(
      card?.buttons.map((button) => [button.action, button.label]),
      checklistCard().actions.map((action) => [action.key, action.label]),
    );
    t.deepEqual([file?.bytes, file?.name], [pdf, '周报.pdf']);
    t.deepEqual(image?.bytes, photo);
    t.is((await harness.phone('lead').shows()).length, 0, 'nobody else sees it');
  });

  test.serial(`${name}: every mark is drawn differently`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const lines = (['passed', 'failed', 'checking', 'review', 'unchecked', 'partly', 'open', 'exempt'] as const).map(
      (mark) => ({ mark, text: '门牌' }),
    );
    const shown: string[] = [];
    for (const line of lines) {
      const body = {
        kind: 'card',
        cardId: `card_${line.mark}` as never,
        card: checklistCard({ lines: [line] }),
      } as const;
      await harness.adapter.deliver({ key: `mark-${line.mark}`, to: rep, body });
      shown.push((await harness.phone('rep').shows()).at(-1)?.text ?? '');
    }
    t.is(new Set(shown).size, lines.length);
  });

  test.serial(`${name}: all buttons a card may have can be pressed, and a link button opens`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness);
    const count = harness.adapter.capabilities.maxActions;
    const actions = Array.from({ length: count }, (_, index) => ({
      key: `deal_1.go:${index}`,
      label: `第${index + 1}项`,
      style: 'plain' as const,
      ...(index === count - 1 ? { url: 'https://sales.example.com/m/deal/1' } : {}),
    }));
    await harness.adapter.deliver({
      key: 'many',
      to: rep,
      body: { kind: 'card', cardId: 'card_m' as never, card: checklistCard({ actions }) },
    });
    const [card] = await harness.phone('rep').shows();
    t.is(card?.buttons.length, count);
    t.is(card?.buttons.at(-1)?.url, 'https://sales.example.com/m/deal/1');
    for (const action of actions.slice(0, -1)) await harness.phone('rep').presses(card?.id ?? '', action.key);
    t.deepEqual(
      inbox.events.map((event) => (event.body.kind === 'press' ? event.body.action : event.body.kind)),
      actions.slice(0, -1).map((action) => action.key),
    );
  });

  test.serial(`${name}: a closed card offers nothing to press and says why`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const cardId = 'card_c' as never;
    const { handle } = await harness.adapter.deliver({
      key: 'open',
      to: rep,
      body: { kind: 'card', cardId, card: checklistCard() },
    });
    const card = checklistCard({ closed: '已提交' });
    const receipt = await harness.adapter.deliver({
      key: 'close',
      to: rep,
      body: { kind: 'card-update', cardId, card, handles: handle === undefined ? [] : [handle] },
    });
    t.is(receipt.how, 'updated');
    const shown = await harness.phone('rep').shows();
    t.is(shown.length, 1);
    t.is(shown[0]?.closed, '已提交');
    t.deepEqual(shown[0]?.buttons, []);
  });

  test.serial(`${name}: a card that cannot be changed in place any more is shown anew`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const body = {
      kind: 'card-update',
      cardId: 'card_gone' as never,
      card: checklistCard(),
      handles: ['used-up'],
    } as const;
    const receipt = await harness.adapter.deliver({ key: 'anew', to: rep, body });
    t.is(receipt.how, 'replaced');
    t.is((await harness.phone('rep').shows()).length, 1);
  });

  test.serial(`${name}: a group is told in text, markdown and cards`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const group = await harness.group();
    const to = { kind: 'group', chatId: group.chatId } as const;
    await harness.adapter.deliver({ key: 'g-text', to, body: { kind: 'text', text: '早' } });
    await harness.adapter.deliver({ key: 'g-md', to, body: { kind: 'markdown', title: '日报', text: '**华东一组**' } });
    const actions = [
      { key: 'red', label: '看红灯', style: 'primary' as const, url: 'https://sales.example.com/m/red' },
    ];
    const card = checklistCard({ title: '华东一组 · 11 月 22 日', actions });
    await harness.adapter.deliver({ key: 'g-card', to, body: { kind: 'card', cardId: 'card_g' as never, card } });
    const shown = (await group.shows()).slice(-3);
    t.true(shown[0]?.text.includes('早'));
    t.true(shown[1]?.text.includes('华东一组'));
    t.true(shown[2]?.text.includes('11 月 22 日'));
    t.true(`${shown[2]?.text}${JSON.stringify(shown[2]?.buttons)}`.includes('https://sales.example.com/m/red'));
  });

  test.serial(`${name}: an expired token is renewed once for many callers and nothing fails`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    await harness.adapter.deliver({ key: 'warm', to: rep, body: { kind: 'text', text: '0' } });
    const before = await harness.vendor.tokenRequests();
    await harness.vendor.expireTokens();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        harness.adapter.deliver({ key: `burst-${index}`, to: rep, body: { kind: 'text', text: `第 ${index} 条` } }),
      ),
    );
    t.is((await harness.phone('rep').shows()).length, 11);
    t.is(await harness.vendor.tokenRequests(), before + 1);
  });

  test.serial(`${name}: an unknown person is refused for good`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const to = { kind: 'person', userId: STRANGER } as const;
    const error = await t.throwsAsync(harness.adapter.deliver({ key: 'x', to, body: { kind: 'text', text: '你好' } }), {
      instanceOf: PlatformRefusedError,
    });
    t.false(error instanceof AppError && error.retryable);
  });

  test.serial(`${name}: faults are told apart: no answer, too fast`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const send = (key: string) => harness.adapter.deliver({ key, to: rep, body: { kind: 'text', text: key } });
    await send('warm');
    await harness.vendor.fault('down');
    const down = await t.throwsAsync(send('down'), { instanceOf: PlatformUnreachableError });
    t.true(down instanceof AppError && down.retryable);
    await harness.vendor.fault('limited');
    const limited = await t.throwsAsync(send('limited'), { instanceOf: PlatformRefusedError });
    t.true(limited instanceof AppError && limited.retryable);
    t.true(limited instanceof AppError && Number(limited.details['retryAfterMs']) > 0);
    await harness.vendor.fault('none');
    await send('again');
    t.deepEqual(
      (await harness.phone('rep').shows()).map((shown) => shown.text),
      ['warm', 'again'],
    );
  });

  test.serial(`${name}: a repeated request is shown once where the vendor can tell`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const bodies = {
      text: { kind: 'text', text: '只说一次' },
      card: { kind: 'card', cardId: 'card_once' as never, card: checklistCard() },
    } as const;
    for (const kind of harness.vendor.dedupes) {
      const before = (await harness.phone('rep').shows()).length;
      const delivery = { key: `once-${kind}`, to: rep, body: bodies[kind] };
      await harness.adapter.deliver(delivery);
      await harness.adapter.deliver(delivery);
      t.is((await harness.phone('rep').shows()).length, before + 1, kind);
    }
    t.pass();
  });

  test.serial(`${name}: a download that is too large or gone is refused by name`, async (t) => {
    const { inbox, harness } = await setUp(t, makeHarness, { maxMediaBytes: 1_000 });
    await harness.phone('rep').sendsPhoto(photo);
    const body = inbox.events[0]?.body;
    if (body?.kind !== 'image') {
      t.fail('no image');
      return;
    }
    await t.throwsAsync(harness.adapter.fetchMedia(body.media), { code: 'media.too_large' });
    const gone = { platform: harness.adapter.name, handle: 'not-there' };
    await t.throwsAsync(harness.adapter.fetchMedia(gone), { code: 'media.gone' });
  });

  test.serial(`${name}: a login code gives the person once`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const url = new URL(harness.adapter.loginUrl('http://127.0.0.1:1/m/login', 'abc123'));
    t.true(url.href.includes('abc123'));
    const code = await harness.loginCode('lead');
    t.deepEqual(await harness.adapter.login(code), { userId: PEOPLE.lead.userId });
    await t.throwsAsync(harness.adapter.login(code), { code: 'login.code_invalid' });
    await t.throwsAsync(harness.adapter.login('made-up'), { code: 'login.code_invalid' });
  });

  test.serial(`${name}: a page of ours is signed so that the client lets it in, and no other page`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    const { adapter, page } = harness;
    if (page === undefined || adapter.pageConfig === undefined) {
      t.is(adapter.pageConfig, undefined);
      return;
    }
    const url = 'http://trail.localhost/c/abc.def-_1?p=x&q=%E4%B8%AD%20%2B';
    const before = await page.tickets();
    const [company, app, ...more] = await Promise.all([
      adapter.pageConfig(url, 'company'),
      adapter.pageConfig(url, 'app'),
      ...Array.from({ length: 5 }, () => adapter.pageConfig!(`${url}#top`, 'company')),
    ]);
    t.true(await page.check(url, company, 'company'));
    t.true(await page.check(`${url}#anywhere`, company, 'company'));
    t.true(await page.check(url, app, 'app'));
    for (const one of more) t.true(await page.check(url, one, 'company'));
    t.false(await page.check(`${url}0`, company, 'company'));
    t.false(await page.check('http://trail.localhost/c/other', company, 'company'));
    t.true((await page.tickets()) - before <= 2, 'one ticket serves every page of its kind');
  });

  test.serial(`${name}: it says whether it receives, and stops`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    await harness.phone('rep').says('1');
    t.true(harness.adapter.health().receiving, harness.adapter.health().detail);
    await harness.adapter.stop();
    t.false(harness.adapter.health().receiving);
  });

  test.serial(`${name}: no secret reaches a log line`, async (t) => {
    const { harness } = await setUp(t, makeHarness);
    await harness.phone('rep').says('1');
    await harness.adapter.deliver({ key: 'log', to: rep, body: { kind: 'text', text: '1' } });
    await harness.vendor.fault('down');
    await t.throwsAsync(harness.adapter.deliver({ key: 'log2', to: rep, body: { kind: 'text', text: '2' } }));
    const logged = harness.log.lines().join('\n');
    for (const secret of harness.log.secrets) t.false(logged.includes(secret));
  });
}
