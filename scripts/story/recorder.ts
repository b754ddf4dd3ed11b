import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call of WeCom's API as it went over the wire. */
export interface RecordedCall {
  chapter: string;
  /** Path behind /cgi-bin/, and for messages what was sent: `message/send template_card button_interaction`. */
  kind: string;
  /** HTTP status; 0 when the connection was cut. */
  status: number;
  errcode: number | null;
  /** Of `message/send` and updates: to whom. */
  to: string;
  bytes: number;
}

const API = '/cgi-bin/';

/**
 * Stands between the server and the stand-in of WeCom, as a proxy would, and writes down every call by itself: nothing of
 * the server's own counting is asked. Where the stand-in listens is looked up for each call, since it moves when it is
 * started anew.
 */
export class Recorder {
  readonly calls: RecordedCall[] = [];
  /** What is being played; written beside each call. */
  chapter = '';
  /** Origin of the real thing. */
  upstream: () => Promise<string> = () => Promise.reject(new Error('no stand-in yet'));
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((from, to) => {
      this.#pass(from, to).catch(() => to.destroy());
    });
  }

  static async open(): Promise<Recorder> {
    const recorder = new Recorder();
    await new Promise<void>((resolve, reject) => {
      recorder.#server.once('error', reject);
      recorder.#server.listen(0, '127.0.0.1', resolve);
    });
    return recorder;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const body = await whole(from);
    const path = new URL(from.url ?? '/', this.base).pathname;
    const call = path.startsWith(API) ? this.#begin(path.slice(API.length), body) : null;
    const origin = await this.upstream().catch(() => null);
    if (origin === null) {
      to.writeHead(502).end();
      return;
    }
    const onward = request(origin + (from.url ?? '/'), { method: from.method, headers: from.headers }, (answer) => {
      whole(answer).then(
        (given) => {
          if (call !== null) {
            call.status = answer.statusCode ?? 0;
            call.errcode = errcodeOf(given);
          }
          to.writeHead(answer.statusCode ?? 502, answer.headers).end(given);
        },
        () => to.destroy(),
      );
    });
    // A connection that is cut there is cut here.
    onward.on('error', () => to.destroy());
    to.on('close', () => onward.destroy());
    onward.end(body);
  }

  #begin(path: string, body: Buffer): RecordedCall {
    const call = { chapter: this.chapter, status: 0, errcode: null, bytes: body.length, ...about(path, body) };
    this.calls.push(call);
    return call;
  }
}

/** What a call says of itself. */
function about(path: string, body: Buffer): { kind: string; to: string } {
  const json = parsed(body);
  const card = object(json['template_card']);
  const what = [json['msgtype'], card['card_type']].filter((part) => typeof part === 'string');
  const users = json['touser'] ?? json['userids'] ?? json['chatid'];
  return {
    kind: [path, ...what].join(' '),
    to: Array.isArray(users) ? users.join('|') : typeof users === 'string' ? users : '',
  };
}

function errcodeOf(answer: Buffer): number | null {
  const { errcode } = parsed(answer);
  return typeof errcode === 'number' ? errcode : null;
}

function parsed(bytes: Buffer): Record<string, unknown> {
  if (bytes[0] !== 0x7b) return {};
  try {
    return object(JSON.parse(bytes.toString('utf8')));
  } catch {
    return {}; // a file, or an answer of something else
  }
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

async function whole(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
