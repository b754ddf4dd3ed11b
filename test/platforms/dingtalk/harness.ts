import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import { pino } from 'pino';
import { systemClock, type Log } from '../../../src/core/index.js';
import type { Intake } from '../../../src/platforms/contract.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import {
  createDingtalkAdapter,
  type DingtalkAdapter,
  type DingtalkDeps,
  type DingtalkSettings,
} from '../../../src/platforms/dingtalk/index.js';
import { startSandbox, type Message, type SandboxHandle, type Traffic } from '../../../src/sandbox/index.js';
import type { Answered, Phone, PlatformHarness, Shown } from '../../contracts/platform-contract.js';
import { PEOPLE } from '../../contracts/samples.js';
import { serveCallbacks } from './callback-server.js';

export function memoryLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }), lines };
}

/** The stand-ins for all tests of one file; each harness gets a company of its own people and leaves them quiet. */
export class OneSandbox {
  #sandbox: Promise<SandboxHandle> | undefined;
  #dir = '';
  #serial = 0;

  constructor(test: TestFn) {
    test.after.always('the stand-ins end', async () => {
      await (await this.#sandbox)?.stop();
      if (this.#dir !== '') await rm(this.#dir, { recursive: true, force: true });
    });
  }

  async take(log: Log): Promise<{ sandbox: SandboxHandle; serial: number }> {
    this.#sandbox ??= (async () => {
      this.#dir = await mkdtemp(join(tmpdir(), 'trailmark-dingtalk-'));
      return startSandbox({ dataDir: this.#dir, log });
    })();
    this.#serial += 1;
    return { sandbox: await this.#sandbox, serial: this.#serial };
  }
}

export interface DingtalkHarness extends PlatformHarness {
  sandbox: SandboxHandle;
  control<T>(method: string, path: string, body?: unknown): Promise<T>;
  traffic(): Promise<Traffic[]>;
  /** What the bot sent to a person's single chat in this test, as the stand-in keeps it. */
  raw(userId: string): Promise<Message[]>;
}

const GROUP = 'cidExampleGroup001==';

export async function makeDingtalkHarness(
  one: OneSandbox,
  options: {
    intake: Intake;
    maxMediaBytes?: number;
    mode?: 'stream' | 'http';
    settings?: Partial<DingtalkSettings>;
    timings?: DingtalkDeps['timings'];
  },
): Promise<DingtalkHarness> {
  const { log, lines } = memoryLog();
  const { sandbox, serial } = await one.take(log);
  const mode = options.mode ?? 'stream';
  const server = mode === 'http' ? await serveCallbacks(() => adapter.callback) : null;
  const adapter: DingtalkAdapter = createDingtalkAdapter({
    ...options,
    settings: {
      ...sandbox.dingtalk,
      mode,
      ...(server === null ? {} : { callbackUrl: server.url }),
      ...options.settings,
    },
    clock: systemClock,
    log,
    tokens: memoryTokenStore(),
    timings: { callMs: 2_000, ...options.timings },
  });

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

  await control('PUT', 'faults', { dingtalk: {} });
  const people = Object.values(PEOPLE).map(({ userId, name }) => ({
    id: `p-${userId}`,
    name,
    title: '',
    dingtalkUserId: userId,
  }));
  const conversation = GROUP.replace('001', String(serial).padStart(3, '0'));
  const group = { id: `g${serial}`, name: '华东一组', memberIds: people.map(({ id }) => id) };
  await control('PUT', 'directory', { people, groups: [{ ...group, dingtalkConversationId: conversation }] });
  const saved = await control<{ ok: boolean; reason?: string }>('PUT', 'dingtalk/callback', {
    url: server?.url ?? null,
  });
  if (!saved.ok) throw new Error(`the console refused the address: ${saved.reason}`);
  await adapter.start();

  interface State {
    phones: { platform: string; userId: string; chats: { id: string; messages: Message[] }[] }[];
  }
  const messages = async (userId: string, chatId: string): Promise<Message[]> => {
    const { phones } = await control<State>('GET', 'state');
    const phone = phones.find((candidate) => candidate.platform === 'dingtalk' && candidate.userId === userId);
    return phone?.chats.find((chat) => chat.id === chatId)?.messages ?? [];
  };
  // Of the tests before.
  const old = new Set<string>();
  for (const { userId } of Object.values(PEOPLE)) {
    for (const { id } of await messages(userId, `single:${userId}`)) old.add(id);
  }
  const sent = async (userId: string, chatId: string): Promise<Message[]> =>
    (await messages(userId, chatId)).filter(({ id, from }) => from === 'bot' && !old.has(id));
  const fromBot = async (userId: string, chatId: string): Promise<Shown[]> =>
    Promise.all((await sent(userId, chatId)).map((message) => shown(message, sandbox.controlBase)));
  const act = async (userId: string, path: string, body?: unknown, raw?: Uint8Array): Promise<Answered> => {
    const url = `${sandbox.controlBase}/control/phones/dingtalk/${encodeURIComponent(userId)}/${path}`;
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
    const named = (action: string, name: string) => `${action}?name=${encodeURIComponent(name)}`;
    return {
      says: (text) => act(userId, 'text', { text }),
      sendsPhoto: (bytes, name = 'photo.jpg') => act(userId, named('image', name), undefined, bytes),
      sendsFile: (bytes, name) => act(userId, named('file', name), undefined, bytes),
      sendsVoice: (bytes, transcript = '') =>
        act(userId, `voice?durationMs=3000&recognition=${encodeURIComponent(transcript)}`, undefined, bytes),
      scans: () => Promise.reject(new Error('no scan entry')),
      opensMenu: () => Promise.reject(new Error('no menu')),
      async presses(messageId, action, chosen = []) {
        const message = (await messages(userId, chatId)).find(({ id }) => id === messageId);
        const [field] = fieldsOf(variablesOf(message));
        const choices = chosen.length === 0 || field === undefined ? {} : { [field.name]: [...chosen] };
        return act(userId, 'press', { messageId, action, choices });
      },
      shows: () => fromBot(userId, chatId),
    };
  };
  const traffic = () => control<Traffic[]>('GET', 'traffic?limit=1000');

  return {
    adapter,
    sandbox,
    control,
    traffic,
    raw: (userId) => sent(userId, `single:${userId}`),
    phone,
    group: () => Promise.resolve({ chatId: conversation, shows: () => fromBot(PEOPLE.rep.userId, conversation) }),
    vendor: {
      forgeries: ['signature', 'receiveid', 'old', 'garbage'],
      async forge(how) {
        const { status } = await control<{ status: number }>('POST', 'callbacks/forge', { platform: 'dingtalk', how });
        return { refused: status !== 200 };
      },
      async deliverAgain() {
        const { status } = await control<{ status: number }>('POST', 'callbacks/replay', { platform: 'dingtalk' });
        return { accepted: status === 200, tries: 1 };
      },
      // An official check-in: an event of the company that means nothing to us yet.
      deliverUnknown: async () =>
        control('POST', 'dingtalk/event', { type: 'robot_msg_read', data: { userId: PEOPLE.rep.userId } }),
      // The vendor says it does not repeat robot messages; where it does all the same, the key is the same.
      redelivers: false,
      dedupes: ['card'],
      expireTokens: async () => void (await control('POST', 'tokens/expire', { platform: 'dingtalk' })),
      tokenRequests: async () => (await traffic()).filter(({ path }) => path === '/v1.0/oauth2/accessToken').length,
      fault: async (what) => {
        const faults = {
          none: {},
          down: { down: true },
          silent: { timeoutAfterAccept: true },
          limited: { limit: true },
        };
        await control('PUT', 'faults', { dingtalk: faults[what] });
      },
    },
    page: {
      async check(url, config) {
        const checked = await control<{ errorCode: number }>('POST', 'pages/dingtalk', { ...config, url });
        return checked.errorCode === 0;
      },
      tickets: async () => (await traffic()).filter(({ path }) => path.endsWith('/jsapiTickets')).length,
    },
    async loginCode(who) {
      const url = new URL(adapter.loginUrl('http://127.0.0.1:1/m/login', 'abc'));
      url.searchParams.set('sandbox_user', PEOPLE[who].userId);
      const response = await fetch(url, { redirect: 'manual' });
      return new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code') ?? '';
    },
    log: { lines: () => lines, secrets: [sandbox.dingtalk.clientSecret] },
    close: async () => {
      await adapter.stop();
      await control('PUT', 'dingtalk/callback', { url: null });
      await server?.close();
    },
  };
}

type Variables = Record<string, string>;
interface FormField {
  name: string;
  options: { value: string; text: string }[];
}

const variablesOf = (message: Message | undefined): Variables =>
  (message?.card as { cardParamMap?: Variables } | undefined)?.cardParamMap ?? {};

const listOf = <T>(json: string | undefined): T[] =>
  json === undefined || json === '' ? [] : (JSON.parse(json) as T[]);

function fieldsOf({ form = '' }: Variables): FormField[] {
  return form === '' ? [] : (JSON.parse(form) as { fields: FormField[] }).fields;
}

/** A message as the client draws it with our template. */
async function shown(message: Message, controlBase: string): Promise<Shown> {
  const variables = variablesOf(message);
  const fields = listOf<{ label: string; value: string }>(variables['fields']);
  const buttons = listOf<{ id: string; text: string; url?: string }>(variables['buttons']);
  const submit = variables['submit'] ? [JSON.parse(variables['submit']) as { id: string; text: string }] : [];
  const closed = variables['closed'] || undefined;
  const { title, subtitle, markdown } = variables;
  const parts = [message.text, title, subtitle, markdown, ...fields.map(({ label, value }) => `${label} ${value}`)];
  const bytes = message.mediaUrl === undefined ? undefined : await fetch(new URL(message.mediaUrl, controlBase));
  return {
    id: message.id,
    kind: message.kind === 'voice' || message.kind === 'video' || message.kind === 'news' ? 'other' : message.kind,
    text: parts.filter((part) => part !== undefined && part !== '').join('\n'),
    buttons: [
      ...buttons.map(({ id, text, url }) => ({ label: text, ...(url === undefined ? { action: id } : { url }) })),
      ...submit.map(({ id, text }) => ({ label: text, action: id })),
    ],
    options: fieldsOf(variables).flatMap(({ options }) => options.map(({ value, text }) => ({ id: value, text }))),
    ...(closed === undefined ? {} : { closed }),
    ...(bytes === undefined ? {} : { bytes: Buffer.from(await bytes.arrayBuffer()) }),
    ...(message.name === undefined ? {} : { name: message.name }),
  };
}
