import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Json, isJson, parseJson } from './json.js';

/** Nothing a phone or the app sends is larger; also the bound against a runaway client. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** One request, read whole. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  params: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  body?: string | Buffer;
  /** Cut the connection without a word. */
  cut?: boolean;
  /** Never answer. */
  hang?: boolean;
  /** Takes the response over (server-sent events). */
  stream?: (response: ServerResponse) => void;
}

export type Handler = (call: Call) => Reply | Promise<Reply>;

export interface Listening {
  base: string;
  port: number;
  server: Server;
  close(): Promise<void>;
}

/** Routes are `GET /path/:name`; the first match wins. */
export class Router {
  readonly #routes: { method: string; parts: string[]; handler: Handler }[] = [];

  on(route: string, handler: Handler): this {
    const [method = '', path = ''] = route.split(' ');
    this.#routes.push({ method, parts: path.split('/').filter(Boolean), handler });
    return this;
  }

  /** `known`: the path exists, though perhaps with another method. */
  find(method: string, path: string): { handler?: Handler; params: Record<string, string>; known: boolean } {
    const asked = path.split('/').filter(Boolean);
    let known = false;
    for (const route of this.#routes) {
      const params = match(route.parts, asked);
      if (params === undefined) continue;
      known = true;
      if (route.method === method) return { handler: route.handler, params, known };
    }
    return { params: {}, known };
  }
}

function match(parts: string[], asked: string[]): Record<string, string> | undefined {
  if (parts.length !== asked.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = asked[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== given) return undefined;
      continue;
    }
    const value = decoded(given);
    if (value === undefined) return undefined;
    params[part.slice(1)] = value;
  }
  return params;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // a broken escape is no path of ours
  }
}

export async function listen(
  handle: (call: Call) => Promise<Reply>,
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<Listening> {
  const server = createServer((request, response) => {
    respond(request, response, handle).catch(() => response.destroy());
  });
  if (upgrade !== undefined) server.on('upgrade', upgrade);
  // Phones stay open for hours; the vendors' own limits are kept where they belong.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (call: Call) => Promise<Reply>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const reply = await handle({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    params: {},
    headers: request.headers,
    body,
  });
  if (reply.hang === true) return;
  if (reply.cut === true) {
    request.socket.destroy();
    return;
  }
  if (reply.stream !== undefined) {
    reply.stream(response);
    return;
  }
  const headers = { ...reply.headers };
  let bytes: string | Buffer = reply.body ?? '';
  if ('json' in reply) {
    headers['content-type'] ??= 'application/json; charset=utf-8';
    bytes = JSON.stringify(reply.json);
  }
  headers['content-length'] = String(Buffer.byteLength(bytes));
  response.writeHead(reply.status ?? 200, headers).end(bytes);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function jsonBody(call: Call): Json | undefined {
  const value = parseJson(call.body.toString('utf8'));
  return isJson(value) ? value : undefined;
}

export function cookie(call: Call, name: string): string | undefined {
  for (const pair of (call.headers.cookie ?? '').split(';')) {
    const [key, ...rest] = pair.trim().split('=');
    if (key === name) return decoded(rest.join('='));
  }
  return undefined;
}

export function redirect(location: string, headers: Record<string, string> = {}): Reply {
  return { status: 302, headers: { ...headers, location } };
}

export interface Part {
  name: string;
  filename?: string;
  contentType?: string;
  bytes: Buffer;
}

/** multipart/form-data, as little of it as uploads need. */
export function multipart(call: Call): Part[] {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(call.headers['content-type'] ?? '');
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return [];
  const separator = Buffer.from(`--${mark}`);
  const parts: Part[] = [];
  let from = call.body.indexOf(separator);
  while (from >= 0) {
    const start = from + separator.length;
    const next = call.body.indexOf(separator, start);
    if (next < 0) break;
    const part = onePart(call.body.subarray(start + 2, next - 2)); // without the line breaks around it
    if (part !== undefined) parts.push(part);
    from = next;
  }
  return parts;
}

function onePart(raw: Buffer): Part | undefined {
  const end = raw.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = raw.subarray(0, end).toString('utf8');
  const name = /\bname="([^"]*)"/i.exec(head)?.[1];
  if (name === undefined) return undefined;
  const plain = /filename="([^"]*)"/i.exec(head)?.[1];
  const extended = /filename\*=UTF-8''([^;\r\n]+)/i.exec(head)?.[1];
  const filename = extended === undefined ? plain : (decoded(extended) ?? plain);
  const contentType = /content-type:\s*([^\r\n;]+)/i.exec(head)?.[1];
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
    bytes: Buffer.from(raw.subarray(end + 4)),
  };
}
