import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { DingtalkSettings } from '../../../src/platforms/dingtalk/index.js';

/** A vendor of a few lines on loopback, for what the sandbox does not act out: each test says what it answers. */

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  raw: Buffer;
  body: Record<string, unknown>;
}
export interface Answer {
  status?: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}
export type Answers = (asked: Asked) => Answer | undefined | 'hang' | 'cut';

export interface Ack {
  code: number;
  messageId: string;
  data: unknown;
  /** Number of the socket it came on, from 0. */
  socket: number;
}

export interface Vendor {
  base: string;
  settings: DingtalkSettings;
  asked: Asked[];
  /** Calls of the gateway. */
  opened(): number;
  sockets: WebSocket[];
  acks: Ack[];
  /** The same as they were on the wire. */
  wire: Record<string, unknown>[];
  /** Waits until it holds; fails after some seconds. */
  until(what: () => boolean, why?: string, longestMs?: number): Promise<void>;
  push(socket: number, frame: object | string): void;
  answers: Answers;
  /** How a WebSocket handshake is met. */
  handshake: 'accept' | 'refuse' | 'hang';
  close(): Promise<void>;
}

export async function startVendor(answers: Answers = () => undefined): Promise<Vendor> {
  const tickets = new Set<string>();
  const hanging: Duplex[] = [];
  const ws = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', vendor.base);
    const raw = Buffer.concat(chunks);
    const isJson = (request.headers['content-type'] ?? '').includes('json');
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      raw,
      body: isJson ? (JSON.parse(raw.toString()) as Record<string, unknown>) : {},
    };
    vendor.asked.push(asked);
    const answer = vendor.answers(asked) ?? usual(asked);
    if (answer === 'hang') return;
    if (answer === 'cut') {
      request.socket.destroy();
      return;
    }
    const type = answer.json === undefined ? 'application/octet-stream' : 'application/json';
    response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers });
    response.end(answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json));
  }

  function usual({ path }: Asked): Answer {
    switch (path) {
      case '/v1.0/oauth2/accessToken':
        return { json: { accessToken: `token-${vendor.asked.length}`, expireIn: 7200 } };
      case '/v1.0/gateway/connections/open': {
        // With the letters that must be encoded in an address.
        const ticket = `t+/=&${tickets.size}`;
        tickets.add(ticket);
        return { json: { endpoint: vendor.base.replace('http:', 'ws:') + '/connect', ticket } };
      }
      default:
        return { status: 404, json: { code: 'InvalidAction.NotFound', message: path } };
    }
  }

  server.on('upgrade', (request, socket, head) => {
    if (vendor.handshake === 'hang') {
      hanging.push(socket);
      return;
    }
    const ticket = new URL(request.url ?? '/', vendor.base).searchParams.get('ticket') ?? '';
    if (vendor.handshake === 'refuse' || !tickets.delete(ticket)) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    ws.handleUpgrade(request, socket, head, (client) => {
      const number = vendor.sockets.push(client) - 1;
      client.on('message', (data: Buffer) => {
        const ack = JSON.parse(data.toString()) as { code: number; headers: { messageId: string }; data: string };
        vendor.wire.push({ ...ack });
        vendor.acks.push({
          code: ack.code,
          messageId: ack.headers.messageId,
          data: JSON.parse(ack.data) as unknown,
          socket: number,
        });
      });
    });
  });

  const vendor: Vendor = {
    base: '',
    settings: {} as DingtalkSettings,
    asked: [],
    opened: () => vendor.asked.filter(({ path }) => path.endsWith('/connections/open')).length,
    sockets: [],
    acks: [],
    wire: [],
    async until(what, why = 'it', longestMs = 10_000) {
      const deadline = performance.now() + longestMs;
      while (!what()) {
        if (performance.now() > deadline) throw new Error(`waited in vain for ${why}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    push(socket, frame) {
      vendor.sockets[socket]?.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    },
    answers,
    handshake: 'accept',
    async close() {
      for (const socket of vendor.sockets) socket.terminate();
      for (const socket of hanging) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vendor.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vendor.settings = {
    clientId: 'dingappkey0000000001',
    clientSecret: 'a-secret-of-the-app',
    robotCode: 'dingappkey0000000001',
    corpId: 'dingcorp0000000000000001',
    agentId: '1234567890',
    apiBase: vendor.base,
    oapiBase: vendor.base,
    cardTemplateId: '00000000-0000-0000-0000-000000000001.schema',
    mode: 'stream',
  };
  return vendor;
}

/** Takes every card and every message. */
export const takesAll: Answers = ({ path, body }) => {
  if (path.endsWith('/createAndDeliver')) {
    const { outTrackId } = body;
    return { json: { success: true, result: { outTrackId, deliverResults: [{ success: true, carrierId: 'c' }] } } };
  }
  if (path === '/v1.0/card/instances') return { json: { success: true, result: true } };
  if (path.endsWith('/batchSend')) return { json: { processQueryKey: 'q' } };
  return undefined;
};

let counter = 0;
/** A frame as on the wire. */
export function frame(type: string, topic: string, data: unknown, headers: Record<string, string> = {}): object {
  counter += 1;
  return {
    specVersion: '1.0',
    type,
    headers: {
      appId: '00000000-aaaa-bbbb-cccc-000000000001',
      connectionId: 'conn-0001',
      contentType: 'application/json',
      messageId: `frame-${counter}`,
      time: '1760000000123',
      topic,
      ...headers,
    },
    data: typeof data === 'string' ? data : JSON.stringify(data),
  };
}
export const ROBOT = '/v1.0/im/bot/messages/get';
export const CARD = '/v1.0/card/instances/callback';

/** A robot message in the shape of the vendor's samples; every id is invented. */
export function robotMessage(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    senderPlatform: 'Android',
    conversationId: 'cidQ1wExampleSingleChat9aA==',
    chatbotCorpId: 'dingcorp0000000000000001',
    chatbotUserId: '$:LWCP_v1:$BotEncryptedId000',
    msgId: 'msgExampleSingle0001==',
    senderNick: '代表甲',
    isAdmin: false,
    senderStaffId: 'staff0101',
    sessionWebhookExpiredTime: 1760005400000,
    createAt: 1760000000000,
    senderCorpId: 'dingcorp0000000000000001',
    conversationType: '1',
    senderId: '$:LWCP_v1:$UserEncryptedId111',
    sessionWebhook: 'https://oapi.dingtalk.com/robot/sendBySession?session=9f1c2d3e4b5a6978',
    robotCode: 'dingappkey0000000001',
    text: { content: '帮我记一下今天的拜访' },
    msgtype: 'text',
    ...change,
  };
}
