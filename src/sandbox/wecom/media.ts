import { type Call, multipart, type Reply } from '../http.js';
import { sniff } from '../media.js';
import { opaque } from '../world.js';
import { usableMedia } from './content.js';
import type { WecomState } from './state.js';
import { fail } from './words.js';

const MB = 1024 * 1024;
/** Bytes. https://developer.work.weixin.qq.com/document/path/90253 */
const LIMITS: Record<string, { most: number; types?: string[] }> = {
  image: { most: 10 * MB, types: ['image/jpeg', 'image/png'] },
  voice: { most: 2 * MB, types: ['audio/amr'] },
  video: { most: 10 * MB, types: ['video/mp4'] },
  file: { most: 20 * MB },
};
const SMALLEST_BYTES = 6;
/** More at once must be fetched by ranges. */
const PIECE_BYTES = 20 * MB;

export function newMediaId(): string {
  return opaque(44);
}

export async function uploadMedia(state: WecomState, call: Call): Promise<Reply> {
  const type = call.query.get('type') ?? '';
  const limit = LIMITS[type];
  if (limit === undefined) return fail(40004, 'invalid media type');
  const part = multipart(call).find((candidate) => candidate.name === 'media');
  if (part === undefined || part.filename === undefined || part.filename === '') {
    return fail(41005, 'media data missing');
  }
  if (part.bytes.length < SMALLEST_BYTES) return fail(44001, 'empty media data');
  if (part.bytes.length > limit.most) return fail(45001, 'media size out of limit');
  const { contentType } = sniff(part.bytes);
  if (limit.types !== undefined && !limit.types.includes(contentType)) return fail(40004, 'invalid media type');
  const media = await state.world.media.put(part.bytes, {
    handle: newMediaId(),
    platform: 'wecom',
    kind: type,
    name: part.filename,
    contentType,
    at: state.world.now(),
  });
  const createdAt = String(Math.floor(media.at / 1_000));
  return { json: { errcode: 0, errmsg: '', type, media_id: media.handle, created_at: createdAt } };
}

export async function getMedia(state: WecomState, call: Call): Promise<Reply> {
  const media = usableMedia(state, call.query.get('media_id') ?? '');
  // Refusals come as JSON with HTTP 200, like everything.
  if (media === undefined) return { json: { errcode: 40007, errmsg: 'invalid media_id' } };
  const bytes = await state.world.media.read(media);
  const headers = {
    'content-type': media.contentType,
    'content-disposition': `attachment; filename="${asciiName(media.name)}"`,
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(call.headers.range ?? '');
  if (range === null) {
    return bytes.length > PIECE_BYTES ? fail(830002, 'download size out of limit') : { body: bytes, headers };
  }
  const from = Number(range[1]);
  const to = Math.min(range[2] === '' ? bytes.length - 1 : Number(range[2]), bytes.length - 1);
  if (from > to) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  if (to - from + 1 > PIECE_BYTES) return fail(830002, 'range out of limit');
  return {
    status: 206,
    body: bytes.subarray(from, to + 1),
    headers: { ...headers, 'content-range': `bytes ${from}-${to}/${bytes.length}`, 'accept-ranges': 'bytes' },
  };
}

/** Header values are latin-1: the bytes of the UTF-8 name stand in it one for one, as such servers send them. */
function asciiName(name: string): string {
  return Buffer.from(name.replace(/["\r\n]/g, '_'), 'utf8').toString('latin1');
}
