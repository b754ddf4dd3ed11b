import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { WebSocket } from 'ws';
import { silentLog } from '../../src/core/index.js';
import type { Message, SandboxAccess, Timings } from '../../src/sandbox/index.js';
import { startStandIns } from '../../src/sandbox/stand-ins.js';
import { decrypt } from '../../src/sandbox/wecom/crypto.js';

export type Json = Record<string, unknown>;

/** The vendors' limits for answers stay: a loaded machine is no late app. What only makes tests wait is short. */
const QUICK: Partial<Timings> = { wecomRetryPauseMs: 10, dingtalkRedeliverMs: 100, dingtalkCloseMs: 50 };

export const PEOPLE = [
  {
    id: 'p1',
    name: '代表甲',
    title: '销售代表',
    region: '华东',
    team: '一组',
    superiorId: 'p3',
    wecomUserId: 'RepA',
    dingtalkUserId: 'staff01',
  },
  {
    id: 'p2',
    name: '代表乙',
    title: '销售代表',
    region: '华东',
    team: '一组',
    superiorId: 'p3',
    wecomUserId: 'RepB',
    dingtalkUserId: 'staff02',
  },
  {
    id: 'p3',
    name: '一组主管',
    title: '主管',
    region: '华东',
    team: '一组',
    wecomUserId: 'Lead1',
    dingtalkUserId: 'staff03',
  },
];
export const GROUP_ID = 'cidEastGroup0001==';

export class Bench {
  readonly access: SandboxAccess;
  #token: string | undefined;
  #dingToken: string | undefined;
  constructor(access: SandboxAccess) {
    this.access = access;
  }

  async control(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
    const raw = body instanceof Uint8Array;
    const response = await fetch(`${this.access.controlBase}/control/${path}`, {
      method,
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Json };
  }

  /** A call of WeCom's API with a good token. */
  async wecom(method: string, path: string, body?: unknown, query: Record<string, string> = {}): Promise<Json> {
    this.#token ??= await this.wecomToken();
    const search = new URLSearchParams({ access_token: this.#token, ...query });
    const response = await fetch(`${this.access.wecom.apiBase}/cgi-bin/${path}?${search.toString()}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body) }),
    });
    return (await response.json()) as Json;
  }

  async wecomToken(secret = this.access.wecom.secret): Promise<string> {
    const query = new URLSearchParams({ corpid: this.access.wecom.corpId, corpsecret: secret });
    const response = await fetch(`${this.access.wecom.apiBase}/cgi-bin/gettoken?${query.toString()}`);
    return String(((await response.json()) as Json).access_token);
  }

  get agentid(): number {
    return Number(this.access.wecom.agentId);
  }

  /** A call of DingTalk's new API with a good token. */
  async ding(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
    this.#dingToken ??= await this.dingToken();
    const response = await fetch(`${this.access.dingtalk.apiBase}/v1.0/${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': this.#dingToken },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Json };
  }

  async oapi(method: string, path: string, body?: unknown, query: Record<string, string> = {}): Promise<Json> {
    this.#dingToken ??= await this.dingToken();
    const search = new URLSearchParams({ access_token: this.#dingToken, ...query });
    const response = await fetch(`${this.access.dingtalk.oapiBase}/${path}?${search.toString()}`, {
      method,
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
    return (await response.json()) as Json;
  }

  async dingToken(): Promise<string> {
    const { clientId, clientSecret, apiBase } = this.access.dingtalk;
    const response = await fetch(`${apiBase}/v1.0/oauth2/accessToken`, {
      method: 'POST',
      body: JSON.stringify({ appKey: clientId, appSecret: clientSecret }),
    });
    return String(((await response.json()) as Json).accessToken);
  }

  /** What one phone shows in one chat. */
  async messages(platform: string, userId: string, chatId = `single:${userId}`): Promise<Message[]> {
    const { json } = await this.control('GET', 'state');
    const phones = json.phones as { platform: string; userId: string; chats: { id: string; messages: Message[] }[] }[];
    const phone = phones.find((candidate) => candidate.platform === platform && candidate.userId === userId);
    return phone?.chats.find((chat) => chat.id === chatId)?.messages ?? [];
  }

  async lastMessage(platform: string, userId: string, chatId?: string): Promise<Message> {
    const last = (await this.messages(platform, userId, chatId)).at(-1);
    if (last === undefined) throw new Error('the phone shows nothing');
    return last;
  }
}

/** A test, or whatever else outlives what is started for it. */
export type Owner = Pick<ExecutionContext, 'teardown'>;

export async function temporaryFolder(t: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Both stand-ins in this process, with three people and one DingTalk group. */
export async function startBench(t: Owner, timings: Partial<Timings> = {}): Promise<Bench> {
  const dataDir = await temporaryFolder(t);
  const standIns = await startStandIns({ dataDir, log: silentLog, timings: { ...QUICK, ...timings } });
  t.teardown(() => standIns.close());
  const bench = new Bench(standIns.access);
  await bench.control('PUT', 'directory', {
    people: PEOPLE,
    groups: [
      { id: 'g1', name: '华东一组', memberIds: ['p1', 'p2', 'p3'], dingtalkConversationId: GROUP_ID },
      { id: 'g2', name: '别人的群', memberIds: ['p1', 'p2'], wecomChatId: 'foreignchat', wecomForeign: true },
    ],
  });
  return bench;
}

export interface Received {
  method: string;
  query: URLSearchParams;
  body: string;
}

/** An app's callback address: answers as the test says. */
export async function startReceiver(
  t: ExecutionContext,
  answer: (request: Received, number: number) => Promise<{ status?: number; body?: string } | 'hang'>,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const one = toReceived(request, Buffer.concat(chunks).toString('utf8'));
      received.push(one);
      const reply = await answer(one, received.length);
      if (reply !== 'hang') response.writeHead(reply.status ?? 200).end(reply.body ?? '');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback/wecom/1000002`, received };
}

function toReceived(request: IncomingMessage, body: string): Received {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  return { method: request.method ?? '', query: url.searchParams, body };
}

export const button = (taskId: string, title = '请确认'): Json => ({
  card_type: 'button_interaction',
  main_title: { title },
  task_id: taskId,
  button_list: [
    { text: '同意', style: 1, key: 'agree' },
    { text: '驳回', style: 2, key: 'reject' },
  ],
});

/** A callback address that passes the console's check and takes everything; gives the decrypted messages. */
export async function withCallback(t: ExecutionContext, bench: Bench): Promise<{ heard: string[] }> {
  const { encodingAesKey } = bench.access.wecom;
  const heard: string[] = [];
  const { url } = await startReceiver(t, ({ query, body }) => {
    const sealed = query.get('echostr') ?? /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? '';
    const message = decrypt(encodingAesKey, sealed)?.message ?? '';
    if (query.has('echostr')) return Promise.resolve({ body: message });
    heard.push(message);
    return Promise.resolve({});
  });
  t.deepEqual((await bench.control('PUT', 'wecom/callback', { url })).json, { ok: true });
  return { heard };
}

/** A text message to one person. */
export const textMessage = (bench: Bench, more: Json = {}): Json => ({
  touser: 'RepA',
  msgtype: 'text',
  agentid: bench.agentid,
  text: { content: '你好' },
  ...more,
});

export const cardMessage = (bench: Bench, card: Json): Json => ({
  touser: 'RepA',
  msgtype: 'template_card',
  agentid: bench.agentid,
  template_card: card,
});

export const notice = (more: Json = {}): Json => ({
  card_type: 'text_notice',
  main_title: { title: '提醒' },
  card_action: { type: 1, url: 'https://example.com/m' },
  ...more,
});

/** A card of the product's template for one person: a button, a form, a submit. */
export const dingCard = (bench: Bench, outTrackId: string, more: Json = {}): Json => ({
  cardTemplateId: bench.access.dingtalk.cardTemplateId,
  outTrackId,
  callbackType: 'STREAM',
  cardData: {
    cardParamMap: {
      title: '请确认',
      buttons: JSON.stringify([{ id: 'agree', text: '同意', color: 'blue' }]),
      form: JSON.stringify({
        fields: [
          {
            name: 'stage',
            type: 'SELECT',
            options: [
              { value: 'lead', text: '线索' },
              { value: 'offer', text: '报价' },
            ],
          },
          {
            name: 'topics',
            type: 'MULTI_SELECT',
            options: [
              { value: 'a', text: '甲' },
              { value: 'b', text: '乙' },
              { value: 'c', text: '丙' },
            ],
          },
        ],
      }),
      submit: JSON.stringify({ id: 'send', text: '提交' }),
      closed: '',
    },
  },
  openSpaceId: 'dtv1.card//IM_ROBOT.staff01',
  imRobotOpenSpaceModel: { supportForward: false, lastMessageI18n: { ZH_CN: '待确认' } },
  imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: bench.access.dingtalk.robotCode },
  ...more,
});

export interface Frame {
  type: string;
  headers: { topic: string; messageId: string };
  data: string;
}
type StreamAnswer = (frame: Frame) => Json | 'hang';

const CALLBACKS = ['/v1.0/im/bot/messages/get', '/v1.0/card/instances/callback'];

export async function openTicket(bench: Bench, secret = bench.access.dingtalk.clientSecret): Promise<Response> {
  const { apiBase, clientId } = bench.access.dingtalk;
  const subscriptions = [{ type: 'EVENT', topic: '*' }, ...CALLBACKS.map((topic) => ({ type: 'CALLBACK', topic }))];
  return fetch(`${apiBase}/v1.0/gateway/connections/open`, {
    method: 'POST',
    body: JSON.stringify({ clientId, clientSecret: secret, subscriptions }),
  });
}

/** The app's side of the stream: answers each frame as the test says. */
export async function connectStream(
  t: ExecutionContext,
  bench: Bench,
  answer: StreamAnswer = () => ({ response: null }),
): Promise<{ frames: Frame[]; socket: WebSocket; closed: Promise<unknown> }> {
  const { endpoint, ticket } = (await (await openTicket(bench)).json()) as { endpoint: string; ticket: string };
  const socket = new WebSocket(`${endpoint}?ticket=${encodeURIComponent(ticket)}`);
  const frames: Frame[] = [];
  socket.on('message', (raw) => {
    const frame = JSON.parse(String(raw)) as Frame;
    frames.push(frame);
    const data = answer(frame);
    if (data === 'hang' || frame.headers.topic === 'disconnect') return;
    const headers = { messageId: frame.headers.messageId, contentType: 'application/json' };
    socket.send(JSON.stringify({ code: 200, headers, message: 'OK', data: JSON.stringify(data) }));
  });
  const closed = once(socket, 'close');
  await once(socket, 'open');
  t.teardown(() => socket.terminate());
  return { frames, socket, closed };
}
