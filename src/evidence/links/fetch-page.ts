import { lookup } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { isPublicAddress } from '../../core/index.js';
import { htmlText } from './html-text.js';

/** A notice with its pictures left out has some 100 KB. */
const MAX_BYTES = 2 * 1024 * 1024;
/** All redirects together: the rep waits. */
const TIMEOUT_MS = 8_000;
const MAX_REDIRECTS = 5;

export type FetchedPage =
  | { ok: true; kind: 'text'; text: string }
  | { ok: true; kind: 'pdf'; bytes: Uint8Array }
  /** `address`: not of the public internet · `unreachable`: no answer, or a refusal · `unreadable`: nothing to read in it. */
  | { ok: false; reason: 'address' | 'unreachable' | 'too_large' | 'unreadable'; detail: string };

export type FetchPage = (url: string) => Promise<FetchedPage>;

export interface FetchPageOptions {
  /** Only for tests, whose servers stand on the machine itself. */
  allow?: (address: string) => boolean;
  resolve?: (host: string) => Promise<{ address: string; family: number }[]>;
  timeoutMs?: number;
}

class Refused extends Error {
  constructor(
    readonly reason: (FetchedPage & { ok: false })['reason'],
    detail: string,
  ) {
    super(detail);
  }
}

/**
 * Fetches a page that somebody named, and nothing else: http(s) only, every address the name resolves to must be public, the connection goes to
 * the very address that was checked, and each redirect is looked at as if it were the first address.
 */
export function createFetchPage({
  allow = isPublicAddress,
  resolve = async (host) => await lookup(host, { all: true, verbatim: true }),
  timeoutMs = TIMEOUT_MS,
}: FetchPageOptions = {}): FetchPage {
  async function addressOf(url: URL): Promise<{ address: string; family: number }> {
    if (!/^https?:$/u.test(url.protocol)) throw new Refused('address', url.protocol);
    if (url.username !== '' || url.password !== '') throw new Refused('address', 'credentials in the address');
    const host = url.hostname.replace(/^\[|\]$/gu, '');
    const found = isIP(host) === 0 ? await resolve(host) : [{ address: host, family: isIP(host) }];
    const [first] = found;
    if (first === undefined) throw new Refused('unreachable', 'no address');
    // One private address among public ones is an attempt, not an accident.
    for (const { address } of found) if (!allow(address)) throw new Refused('address', 'not a public address');
    return first;
  }

  async function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const pinned = await addressOf(url);
    const lookupPinned: LookupFunction = (_host, options, done) => {
      if (options.all === true) done(null, [pinned]);
      else done(null, pinned.address, pinned.family);
    };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    return await new Promise((done, fail) => {
      const headers = {
        accept: 'text/html,application/xhtml+xml,text/plain,application/pdf',
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': 'Trailmark link check',
      };
      send(url, { signal, headers, lookup: lookupPinned, agent: false }, done).on('error', fail).end();
    });
  }

  async function follow(address: string, signal: AbortSignal): Promise<FetchedPage> {
    let url = new URL(address);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const answer = await get(url, signal);
      const { statusCode = 0, headers } = answer;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        answer.destroy();
        url = new URL(headers.location, url);
        continue;
      }
      if (statusCode !== 200) {
        answer.destroy();
        throw new Refused('unreachable', `status ${statusCode}`);
      }
      const type = (headers['content-type'] ?? '').toLowerCase();
      if (!/^(text\/(html|plain)|application\/(xhtml\+xml|pdf))/u.test(type)) {
        answer.destroy();
        throw new Refused('unreadable', type.slice(0, 60));
      }
      const body = inflate(await readAll(answer), headers['content-encoding']);
      return type.startsWith('application/pdf')
        ? { ok: true, kind: 'pdf', bytes: body }
        : { ok: true, kind: 'text', text: htmlText(body, type) };
    }
    throw new Refused('unreachable', 'too many redirects');
  }

  return async (address) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      // Looking up a name cannot be broken off, and a dead resolver takes half a minute: nobody waits for it.
      const late = new Promise<never>((_, fail) => {
        signal.addEventListener('abort', () => fail(new Refused('unreachable', 'no answer in time')), { once: true });
      });
      return await Promise.race([follow(address, signal), late]);
    } catch (error) {
      if (error instanceof Refused) return { ok: false, reason: error.reason, detail: error.message };
      // A name that does not resolve, a connection that breaks, a certificate that is not theirs, a redirect to no address.
      return { ok: false, reason: 'unreachable', detail: error instanceof Error ? error.message.slice(0, 100) : '' };
    }
  };
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) {
      answer.destroy();
      throw new Refused('too_large', `over ${MAX_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function inflate(body: Buffer, encoding = 'identity'): Buffer {
  const limit = { maxOutputLength: MAX_BYTES };
  try {
    switch (encoding.toLowerCase()) {
      case 'identity':
        return body;
      case 'gzip':
        return gunzipSync(body, limit);
      case 'deflate':
        return inflateSync(body, limit);
      case 'br':
        return brotliDecompressSync(body, limit);
      default:
        throw new Refused('unreadable', encoding.slice(0, 20));
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Refused('too_large', `over ${MAX_BYTES} bytes inflated`);
    throw error;
  }
}
