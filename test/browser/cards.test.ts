import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Browser, Locator } from 'playwright-core';
import { loadCards, type CardName, type FilledCard } from '../../src/cards/index.js';
import { loadConfig } from '../../src/config/index.js';
import { asId, MINUTE, projectRoot, silentLog, type CardId } from '../../src/core/index.js';
import type { PlatformAdapter, Recipient } from '../../src/platforms/contract.js';
import { createDingtalkAdapter } from '../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../src/platforms/index.js';
import { startTrailmark, type Running } from '../../src/start.js';
import { SAMPLES } from '../cards/samples.js';
import { findChromium, SandboxPage, startChromium, WAIT_MS, type Phone, type Platform } from './sandbox-page.js';

/**
 * Every state of every card file on a phone of both platforms, at a phone's width, and what stands in for it where a
 * company has no DingTalk template. With `BROWSER_SHOTS` each is kept as a picture of its own.
 */

const POCKET = { width: 390, height: 844 };
/** More than any vote card holds: WeCom then draws several selectors. */
const MANY = Array.from({ length: 24 }, (_, n) => `第 ${n + 1} 位负责人`);
const cards = loadCards(join(projectRoot, 'cards'));
/** A card file in one of its states, and two that none of them is: too much to choose from, nothing but an address. */
const ALL: readonly (readonly [string, FilledCard])[] = [
  ...Object.entries(SAMPLES).flatMap(([name, states]) =>
    states.map((data) => [name, cards.fill(name as CardName, data)] as const),
  ),
  ['many-options', cards.fill('ask-choice', { ...SAMPLES['ask-choice'][0]!, options: MANY })],
  ['address-only', { ...cards.fill('digest', SAMPLES.digest[0]!), actions: [], url: 'https://example.test/m' }],
];
/** A member of WeCom gets no more than thirty messages a minute. */
const BEFORE_A_MINUTE = 12;

interface Look {
  name: string;
  platform: Platform;
  vendor: 'wecom' | 'dingtalk';
  /** Number of the person among those with a phone of this platform. */
  person: number;
  adapter: () => PlatformAdapter;
  /** Kinds of the vendor that all these cards together must have been drawn as. */
  kinds: readonly string[];
}

const executable = findChromium();
if (executable === undefined) {
  test.skip('every card on both phones (no Chromium on this machine; CHROMIUM=/path/to/chromium names one)', () =>
    undefined);
} else if (process.env['BROWSER_TESTS'] !== 'all') {
  test.skip('every card on both phones, and every fallback (takes a minute: npm run test:browser)', () => undefined);
} else {
  let browser: Browser;
  let running: Running;
  let dataDir: string;
  test.before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'trailmark-cards-'));
    const config = loadConfig({ DATA_DIR: dataDir, PORT: '0', SANDBOX: 'on', ROLE: 'web', LOG_LEVEL: 'silent' });
    [browser, running] = await Promise.all([startChromium(executable), startTrailmark(config, silentLog)]);
  });
  test.after.always(async () => {
    await browser?.close();
    await running?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** The same company before its template was published; it sends only. */
  const withoutTemplate = (): PlatformAdapter =>
    createDingtalkAdapter({
      settings: { ...running.sandbox!.dingtalk, mode: 'stream', cardTemplateId: '' },
      clock: running.clock,
      log: silentLog,
      intake: () => Promise.resolve({ duplicate: false }),
      tokens: memoryTokenStore(),
    });
  const LOOKS: readonly Look[] = [
    {
      name: 'wecom',
      platform: '企业微信',
      vendor: 'wecom',
      person: 0,
      adapter: () => running.house.adapters.get('wecom')!,
      kinds: ['text_notice', 'button_interaction', 'vote_interaction', 'multiple_interaction'],
    },
    {
      name: 'dingtalk',
      platform: '钉钉',
      vendor: 'dingtalk',
      person: 0,
      adapter: () => running.house.adapters.get('dingtalk')!,
      kinds: ['template'],
    },
    {
      name: 'dingtalk-without-template',
      platform: '钉钉',
      vendor: 'dingtalk',
      person: 1,
      adapter: withoutTemplate,
      kinds: ['sampleActionCard', 'sampleActionCard2', 'sampleActionCard3', 'sampleActionCard4', 'markdown'],
    },
  ];

  for (const look of LOOKS) {
    test.serial(`${look.name}: every card says its title, shows its buttons and stays within the phone`, async (t) => {
      t.timeout(WAIT_MS * 4);
      const page = await SandboxPage.open(browser, running.url, look.name, POCKET);
      try {
        const key = look.vendor === 'wecom' ? 'wecomUserId' : 'dingtalkUserId';
        const { people } = await control<State>(running, 'GET', 'state');
        const person = people.filter((one) => one[key] !== undefined)[look.person]!;
        const phone = await page.phone(person.name, look.platform);
        const seen = await showAll(t, running, look, { phone, userId: person[key] ?? '' });
        for (const kind of look.kinds) t.true(seen.has(kind), `${kind} was drawn`);
        if (look.name === 'dingtalk-without-template') await pressByLink(t, phone);
        await showInGroup(t, running, look, phone, person[key] ?? '');
      } catch (error) {
        await page.shot('failed');
        throw error;
      } finally {
        await page.page.close();
      }
    });
  }
}

interface Shown {
  id: string;
  kind: string;
  card?: { card_type?: string; msgKey?: string; cardParamMap?: object };
}
interface State {
  people: { name: string; wecomUserId?: string; dingtalkUserId?: string }[];
  phones: {
    platform: string;
    userId: string;
    chats: { id: string; title: string; kind: string; messages: Shown[] }[];
  }[];
}
async function control<T>({ sandbox }: Running, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${sandbox!.controlBase}/control/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as T;
}
async function chatsOf(running: Running, vendor: string, userId: string) {
  const { phones } = await control<State>(running, 'GET', 'state');
  return phones.find((one) => one.platform === vendor && one.userId === userId)?.chats ?? [];
}
const lastIn = async (running: Running, look: Look, userId: string, chatId: string): Promise<Shown> => {
  const chat = (await chatsOf(running, look.vendor, userId)).find(({ id }) => id === chatId);
  const last = chat?.messages.at(-1);
  if (last === undefined) throw new Error(`nothing in ${chatId}`);
  return last;
};
const kindOf = ({ kind, card }: Shown): string =>
  card?.card_type ?? card?.msgKey ?? (card?.cardParamMap === undefined ? kind : 'template');

/** One card after the other into one person's chat; gives the kinds in which the vendor drew them. */
async function showAll(
  t: ExecutionContext,
  running: Running,
  look: Look,
  { phone, userId }: { phone: Phone; userId: string },
): Promise<Set<string>> {
  const adapter = look.adapter();
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  const problems: string[] = [];
  for (const [at, [name, card]] of ALL.entries()) {
    if (at % BEFORE_A_MINUTE === 0) {
      running.clock.moveBy(MINUTE);
      await control(running, 'POST', 'clock', { offsetMs: running.clock.offsetMs });
    }
    const state = (counts.get(name) ?? 0) + 1;
    counts.set(name, state);
    const cardId = asId<CardId>(`look-${look.name}-${name}-${state}`);
    await send(adapter, { kind: 'person', userId }, cardId, card, cards.fill('help', SAMPLES.help[0]!));
    const shown = await lastIn(running, look, userId, `single:${userId}`);
    seen.add(kindOf(shown));
    const row = phone.chat.locator(`[data-id="${shown.id}"]`);
    problems.push(...(await problemsOf(row, card, `${name} ${state}`)));
    await keep(row, `${look.name}-${name}-${state}`);
  }
  t.deepEqual(problems, [], look.name);
  return seen;
}

/** A card that is closed is only seen in the place of the one that could be pressed. */
async function send(adapter: PlatformAdapter, to: Recipient, cardId: CardId, card: FilledCard, open: FilledCard) {
  if (card.closed === undefined) return adapter.deliver({ key: cardId, to, body: { kind: 'card', cardId, card } });
  const { handle } = await adapter.deliver({ key: cardId, to, body: { kind: 'card', cardId, card: open } });
  const handles = handle === undefined ? [] : [handle];
  return adapter.deliver({ key: `${cardId}-closed`, to, body: { kind: 'card-update', cardId, card, handles } });
}

/** A phone is drawn in whole pixels: one is lost by rounding. */
const ROUNDING = 1;

/** An element, as far as it is measured here. */
interface Box {
  tagName: string;
  className: string;
  namespaceURI: string;
  scrollWidth: number;
  clientWidth: number;
  getBoundingClientRect(): { right: number };
  querySelectorAll(what: string): Iterable<Box>;
}

/** In the page: what is wider than the room it has. */
function spilled(row: Locator): Promise<string[]> {
  return row.evaluate((element, slack) => {
    const box = element as unknown as Box;
    const page = globalThis as unknown as { getComputedStyle(one: Box): { display: string } };
    const { right } = box.getBoundingClientRect();
    return [box, ...box.querySelectorAll('*')]
      .filter((one) => one.namespaceURI.endsWith('xhtml') && page.getComputedStyle(one).display !== 'inline')
      .filter((one) => one.scrollWidth > one.clientWidth + slack || one.getBoundingClientRect().right > right + slack)
      .map((one) => `${one.tagName}.${one.className}`);
  }, ROUNDING);
}

/** What is wrong with a card as it is drawn; nothing should be. */
async function problemsOf(row: Locator, card: FilledCard, what: string): Promise<string[]> {
  await row.filter({ hasText: card.title }).waitFor();
  const words = await row.innerText();
  const said = card.closed === undefined ? card.actions.map(({ label }) => label) : [card.closed];
  return [
    ...said.filter((one) => !words.includes(one)).map((one) => `${what}: does not say ${one}`),
    ...(/undefined|\[object|NaN/i.test(words) ? [`${what}: ${words}`] : []),
    ...(await spilled(row)).map((one) => `${what}: ${one} is wider than its room`),
  ];
}

/** The card of the morning in the group, where presses cannot be answered on every platform. */
async function showInGroup(t: ExecutionContext, running: Running, look: Look, phone: Phone, userId: string) {
  const group = (await chatsOf(running, look.vendor, userId)).find(({ kind }) => kind === 'group');
  if (group === undefined) return;
  const card = cards.fill('digest', SAMPLES.digest[0]!);
  const to = { kind: 'group', chatId: group.id } as const;
  const cardId = asId<CardId>(`look-${look.name}-group`);
  await look.adapter().deliver({ key: cardId, to, body: { kind: 'card', cardId, card } });
  await phone.enter(group.title);
  const shown = await lastIn(running, look, userId, group.id);
  const row = phone.chat.locator(`[data-id="${shown.id}"]`);
  t.deepEqual(await problemsOf(row, { ...card, actions: [] }, 'digest in a group'), []);
  await keep(row, `${look.name}-group`);
}

/** Without a template a button makes the client say for the person what a press means. */
async function pressByLink(t: ExecutionContext, phone: Phone): Promise<void> {
  await phone.press(/^拍科室门牌照片$/);
  const said = await phone.see(/拍科室门牌照片〔[\w-]+\|ask:deal_1:door-plate〕/);
  t.false((await said.innerText()).includes('undefined'));
  await keep(said, 'dingtalk-without-template-said');
}

async function keep(row: Locator, name: string): Promise<void> {
  const folder = process.env['BROWSER_SHOTS'] ?? '';
  if (folder === '') return;
  await mkdir(folder, { recursive: true });
  await row.screenshot({ path: join(folder, `card-${name}.png`) });
}
