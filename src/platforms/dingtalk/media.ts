import { lookup as resolve } from 'node:dns';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress, MINUTE, PlatformRefusedError, PlatformUnreachableError } from '../../core/index.js';
import type { FetchedMedia } from '../contract.js';
import { failureText } from './http.js';
import type { DingtalkSettings } from './types.js';

/** The vendor publishes no list; these are its own and its object storage. Narrow it with `mediaHosts`. */
const VENDOR_MEDIA_HOSTS = ['.dingtalk.com', '.aliyuncs.com', '.alicdn.com'];
export const VENDOR_HOST = /(^|\.)dingtalk\.com$/;

/** Hosts that media may come from. With another API base (a stand-in) only that host itself. */
export function allowedMediaHosts(settings: DingtalkSettings): readonly string[] {
  if (settings.mediaHosts !== undefined) return settings.mediaHosts;
  const base = new URL(settings.apiBase);
  return VENDOR_HOST.test(base.hostname) ? VENDOR_MEDIA_HOSTS : [base.host];
}

const isNamed = (host: string, hosts: readonly string[]) => hosts.includes(host);
const isUnder = (hostname: string, hosts: readonly string[]) =>
  hosts.some((entry) => entry.startsWith('.') && hostname.endsWith(entry));

/** Resolves and lets the connection go only to a checked address, so that a second answer of the name changes nothing. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    const allowed = error === null ? addresses.filter(({ address }) => isPublicAddress(address)) : [];
    const [first] = allowed;
    if (error !== null || first === undefined) callback(error ?? new Error('no public address'), '', 0);
    else if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

const tooLarge = (maxBytes: number) =>
  new PlatformRefusedError('media.too_large', `larger than ${maxBytes} bytes`, { details: { maxBytes } });

/**
 * Fetches a signed storage address: no token, no redirects, only allowed hosts, bounded in size and time.
 * https://open.dingtalk.com/document/development/download-the-file-content-of-the-robot-receiving-message
 */
export function downloadMedia(
  address: string,
  hosts: readonly string[],
  maxBytes: number,
  timeoutMs = MINUTE,
): Promise<FetchedMedia> {
  const url = new URL(address);
  const named = isNamed(url.host, hosts) || isNamed(url.hostname, hosts);
  const web = url.protocol === 'https:' || url.protocol === 'http:';
  // A host under a vendor's domain is a name, never a literal address.
  if (!web || !(named || (isUnder(url.hostname, hosts) && isIP(url.hostname) === 0))) {
    const error = new PlatformRefusedError('media.host_refused', `media from ${url.hostname} is not taken`);
    return Promise.reject(error);
  }
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  const options = { signal: AbortSignal.timeout(timeoutMs), agent: false, ...(named ? {} : { lookup: publicLookup }) };
  return new Promise((done, failed) => {
    const unreachable = (error: unknown) =>
      failed(new PlatformUnreachableError('media.unreachable', `media download: ${failureText(error)}`));
    const request = get(url, options, (response) => {
      readAll(response, maxBytes).then(done, (error: unknown) => {
        request.destroy();
        if (error instanceof PlatformRefusedError) failed(error);
        else unreachable(error);
      });
    });
    request.on('error', unreachable);
  });
}

async function readAll(response: IncomingMessage, maxBytes: number): Promise<FetchedMedia> {
  const status = response.statusCode ?? 0;
  // Expired or withdrawn: the storage answers 403 or 404, and no later try helps.
  if (status >= 400 && status < 500) throw new PlatformRefusedError('media.gone', `media download: HTTP ${status}`);
  if (status !== 200) throw new Error(`HTTP ${status}`);
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const contentType = response.headers['content-type'];
  return { bytes: Buffer.concat(chunks), ...(contentType === undefined ? {} : { contentType }) };
}
