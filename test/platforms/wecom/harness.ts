import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encrypt, getSignature } from '@wecom/crypto';
import type { TestFn } from 'ava';
import { pino } from 'pino';
import { systemClock, type Log } from '../../../src/core/index.js';
import type { CallbackReceiver, Intake } from '../../../src/platforms/contract.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { startSandbox, type Message, type SandboxHandle, type Traffic } from '../../../src/sandbox/index.js';
import type { Answered, Phone, PlatformHarness, Shown } from '../../contracts/platform-contract.js';
import { PEOPLE } from '../../contracts/samples.js';

/** Keeps every line, for looking into. */
export function memoryLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }), lines };
}

/** The adapter's receiver behind a plain HTTP server, as a framework would put it. */
export async function serve(callback: CallbackReceiver): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const { method = '', headers } = request;
      callback({ method, query: Object.fromEntries(url.searchParams), headers, body: Buffer.concat(parts) }).then(
        ({ status, contentType, body, written }) => {
          response.writeHead(status, { 'content-type': contentType });
          response.end(body, () => void written?.());
        },
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/callback/wecom/1000002`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface WecomHarness extends PlatformHarness {
  adapter: ReturnType<typeof createWecomAdapter>;
  sandbox: SandboxHandle;
  control<T>(method: string, path: string, body?: unknown): Promise<T>;
  traffic(): Promise<Traffic[]>;
  /** Seals any XML as WeCom does and posts it. */
  post(xml: string): Promise<{ status: number; body: string }>;
  shownTo(userId: string): Promise<Message[]>;
}

/** Starting the stand-ins costs more than a test does, so some share them; not all, since WeCom counts 30 messages a minute. */
const TESTS_A_SANDBOX = 7;

export class SandboxPool {
  #sandbox: SandboxHandle | undefined;
  #uses = 0;
  #serial = 0;
  readonly #dirs: string[] = [];

  constructor(test: TestFn) {
    test.after.always('the stand-ins end', () => this.close());
  }

  async take(log: Log): Promise<{ sandbox: SandboxHandle; serial: number }> {
    if (this.#sandbox === undefined || this.#uses >= TESTS_A_SANDBOX) {
      await this.#sandbox?.stop();
      const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-wecom-'));
      this.#dirs.push(dataDir);
      this.#uses = 0;
      this.#sandbox = await startSandbox({ dataDir, log, timings: { wecomRetryPauseMs: 10 } });
    }
    this.#uses += 1;
    return { sandbox: this.#sandbox, serial: (this.#serial += 1) };
  }

  async close(): Promise<void> {
    await this.#sandbox?.stop();
    await Promise.all(this.#dirs.map((dir) => rm(dir, { recursive: true, force: true })));
  }
}

export async function makeWecomHarness(
  pool: SandboxPool,
  options: { intake: Intake; maxMediaBytes?: number; callTimeoutMs?: number },
): Promise<WecomHarness> {
  const { log, lines } = memoryLog();
  const { sandbox, serial } = await pool.take(log);
  const { apiBase, corpId, agentId, secret, token, encodingAesKey } = sandbox.wecom;
  const settings = { apiBase, corpId, agentId, secret, token, encodingAesKey };
  const tokens = memoryTokenStore();
  const adapter = createWecomAdapter({ ...options, settings, clock: systemClock, log, tokens });
  await adapter.start();
  const server = await serve(adapter.callback);

  async function call<T>(method: string, url: string, body?: unknown, raw?: Uint8Array): Promise<T> {
    const response = await fetch(url, {
      method,
      ...(raw === undefined ? {} : { body: Buffer.from(raw) }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return (await response.json()) as T;
  }
  const control = <T>(method: string, path: string, body?: unknown) =>
    call<T>(method, `${sandbox.controlBase}/control/${path}`, body);

  await control('PUT', 'faults', { wecom: {} });
  const people = Object.values(PEOPLE).map(({ userId, name }) => ({
    id: `p-${userId}`,
    name,
    title: '',
    wecomUserId: userId,
  }));
  await control('PUT', 'directory', { people, groups: [] });
  const saved = await control<{ ok: boolean; reason?: string }>('PUT', 'wecom/callback', { url: server.url });
  if (!saved.ok) throw new Error(`the callback was not saved: ${saved.reason}`);
  await adapter.setMenu();
  const accessToken = (await tokens.load(`wecom:${corpId}:${agentId}`))?.value ?? '';

  interface State {
    phones: { platform: string; userId: string; chats: { id: string; messages: Message[] }[] }[];
  }
  const old = new Set<string>();
  const messages = async (userId: string, chatId: string): Promise<Message[]> => {
    const { phones } = await control<State>('GET', 'state');
    const phone = phones.find((one) => one.platform === 'wecom' && one.userId === userId);
    const all = phone?.chats.find((chat) => chat.id === chatId)?.messages ?? [];
    return all.filter(({ id }) => !old.has(id));
  };
  // Of the tests before.
  for (const { userId } of Object.values(PEOPLE)) {
    for (const { id } of await messages(userId, `single:${userId}`)) old.add(id);
  }
  const fromBot = async (userId: string, chatId: string): Promise<Shown[]> => {
    const sent = (await messages(userId, chatId)).filter((message) => message.from === 'bot');
    return Promise.all(sent.map((message) => shown(message, sandbox.controlBase)));
  };
  const act = async (userId: string, path: string, body?: unknown, raw?: Uint8Array): Promise<Answered> => {
    const url = `${sandbox.controlBase}/control/phones/wecom/${encodeURIComponent(userId)}/${path}`;
    const done = await call<{ accepted: boolean; reason?: string; callback?: { status: number; tries: number } }>(
      'POST',
      url,
      body,
      raw,
    );
    if (!done.accepted) throw new Error(`the phone refused: ${done.reason}`);
    return { accepted: done.callback?.status === 200, tries: done.callback?.tries ?? 0 };
  };
  const phone = (who: keyof typeof PEOPLE): Phone => {
    const { userId } = PEOPLE[who];
    const chatId = `single:${userId}`;
    return {
      says: (text) => act(userId, 'text', { text }),
      sendsPhoto: (bytes, name = 'photo.jpg') =>
        act(userId, `image?name=${encodeURIComponent(name)}`, undefined, bytes),
      sendsFile: (bytes, name) => act(userId, `file?name=${encodeURIComponent(name)}`, undefined, bytes),
      sendsVoice: (bytes) => act(userId, 'voice?durationMs=3000', undefined, bytes),
      scans: (text, menuKey) => act(userId, 'scan', { text, menuKey }),
      opensMenu: (key) => act(userId, 'menu', { key }),
      async presses(messageId, action, chosen = []) {
        const card = (await messages(userId, chatId)).find(({ id }) => id === messageId)?.card;
        const choices: Record<string, string[]> = {};
        for (const { key, options } of questions(card)) {
          const here = chosen.filter((id) => options.some((option) => option.id === id));
          if (here.length > 0) choices[key] = here;
        }
        return act(userId, 'press', { messageId, action, choices });
      },
      shows: () => fromBot(userId, chatId),
    };
  };
  const post = async (xml: string) => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const encrypted = encrypt(encodingAesKey, xml, corpId);
    const query = new URLSearchParams({
      msg_signature: getSignature(token, timestamp, 'n1', encrypted),
      timestamp,
      nonce: 'n1',
    });
    const body = `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><AgentID>${agentId}</AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;
    const response = await fetch(`${server.url}?${query.toString()}`, { method: 'POST', body });
    return { status: response.status, body: await response.text() };
  };
  const traffic = () => control<Traffic[]>('GET', 'traffic?limit=1000');

  return {
    adapter,
    sandbox,
    control,
    traffic,
    post,
    shownTo: (userId) => messages(userId, `single:${userId}`),
    phone,
    async group() {
      const chatId = await adapter.ensureGroup({
        chatId: `team${serial}`,
        name: '华东一组',
        ownerUserId: PEOPLE.lead.userId,
        memberUserIds: [PEOPLE.rep.userId],
      });
      return { chatId, shows: () => fromBot(PEOPLE.rep.userId, chatId) };
    },
    vendor: {
      forgeries: ['signature', 'receiveid', 'old', 'garbage'],
      async forge(how) {
        const { status } = await control<{ status: number }>('POST', 'callbacks/forge', { platform: 'wecom', how });
        return { refused: status === 403 };
      },
      async deliverAgain() {
        const { status } = await control<{ status: number }>('POST', 'callbacks/replay', { platform: 'wecom' });
        return { accepted: status === 200, tries: 1 };
      },
      async deliverUnknown() {
        const { status } = await post(
          `<xml><ToUserName>${corpId}</ToUserName><FromUserName>${PEOPLE.rep.userId}</FromUserName>` +
            `<CreateTime>${Math.floor(Date.now() / 1_000)}</CreateTime><MsgType>hologram</MsgType><MsgId>1</MsgId><AgentID>${agentId}</AgentID></xml>`,
        );
        return { accepted: status === 200, tries: 1 };
      },
      redelivers: true,
      dedupes: ['text', 'card'],
      expireTokens: async () => void (await control('POST', 'tokens/expire', { platform: 'wecom' })),
      tokenRequests: async () => (await traffic()).filter(({ path }) => path === '/cgi-bin/gettoken').length,
      fault: async (what) => {
        const faults = {
          none: {},
          down: { down: true },
          silent: { timeoutAfterAccept: true },
          limited: { limit: true },
        };
        await control('PUT', 'faults', { wecom: faults[what] });
      },
    },
    page: {
      async check(url, config, as) {
        const { signature, ...rest } = config as { signature: object };
        const checked = await control<{ errCode: number }>('POST', 'pages/wecom', { ...rest, ...signature, url, as });
        return checked.errCode === 0;
      },
      tickets: async () =>
        (await traffic()).filter(({ path }) => /\/(get_jsapi_ticket|ticket\/get)$/.test(path)).length,
    },
    async loginCode(who) {
      const url = new URL(adapter.loginUrl('http://127.0.0.1:1/m/login', 'abc'));
      url.searchParams.set('sandbox_user', PEOPLE[who].userId);
      const response = await fetch(url, { redirect: 'manual' });
      return new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code') ?? '';
    },
    log: { lines: () => lines, secrets: [secret, token, encodingAesKey, accessToken] },
    async close() {
      await adapter.stop();
      await server.close();
    },
  };
}

interface Question {
  key: string;
  options: { id: string; text: string }[];
}

function questions(card: Record<string, unknown> | undefined): Question[] {
  const { button_selection: selection, checkbox, select_list: lists } = card ?? {};
  return [selection, checkbox, ...(Array.isArray(lists) ? (lists as unknown[]) : [])]
    .filter((one) => one !== undefined)
    .map((one) => {
      const { question_key: key, option_list: options } = one as {
        question_key: string;
        option_list: Question['options'];
      };
      return { key, options };
    });
}

/** A message as the client draws it. */
async function shown(message: Message, controlBase: string): Promise<Shown> {
  const card = (message.card ?? {}) as {
    main_title?: { title?: string; desc?: string };
    sub_title_text?: string;
    horizontal_content_list?: { keyname: string; value: string }[];
    button_list?: { type?: number; text: string; key?: string; url?: string }[];
    submit_button?: { text: string; key: string };
  };
  const parts = [
    message.text,
    card.main_title?.title,
    card.main_title?.desc,
    card.sub_title_text,
    ...(card.horizontal_content_list ?? []).map(({ keyname, value }) => `${keyname} ${value}`),
  ];
  const closed = message.state?.replacedText;
  const buttons = [...(card.button_list ?? []), ...(card.submit_button ? [card.submit_button] : [])];
  const kind = message.kind === 'voice' || message.kind === 'video' || message.kind === 'news' ? 'other' : message.kind;
  const bytes = message.mediaUrl === undefined ? undefined : await fetch(new URL(message.mediaUrl, controlBase));
  return {
    id: message.id,
    kind,
    text: parts.filter((part) => part !== undefined).join('\n'),
    buttons:
      closed === undefined
        ? buttons.map(({ text, key, ...rest }) => ({
            label: text,
            ...('url' in rest && rest.url !== undefined ? { url: rest.url } : { action: key ?? '' }),
          }))
        : [],
    options: questions(message.card).flatMap(({ options }) => options.map(({ id, text }) => ({ id, text }))),
    ...(closed === undefined ? {} : { closed }),
    ...(bytes === undefined ? {} : { bytes: Buffer.from(await bytes.arrayBuffer()) }),
    ...(message.name === undefined ? {} : { name: message.name }),
  };
}
