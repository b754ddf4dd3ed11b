import { createHmac } from 'node:crypto';
import { DAY, HOUR } from '../../core/index.js';
import { type Call, jsonBody, multipart, type Reply } from '../http.js';
import { text } from '../json.js';
import { type Media, sniff } from '../media.js';
import { opaque } from '../world.js';
import type { DingtalkState } from './state.js';
import { failOld, okOld, refuse } from './words.js';

const MB = 1024 * 1024;
/** https://open.dingtalk.com/document/development/upload-media-files */
const LIMITS: Record<string, { most: number; extensions: string[] }> = {
  image: { most: 20 * MB, extensions: ['jpg', 'jpeg', 'gif', 'png', 'bmp'] },
  voice: { most: 2 * MB, extensions: ['amr', 'mp3', 'wav'] },
  video: { most: 20 * MB, extensions: ['mp4'] },
  file: { most: 20 * MB, extensions: ['doc', 'docx', 'xls', 'xlsx', 'ppt', 'pptx', 'zip', 'pdf', 'rar'] },
};
/** Neither is published. */
const DOWNLOAD_CODE_MS = DAY;
const DOWNLOAD_URL_MS = HOUR;

export function newDownloadCode(): string {
  return `${opaque(20)}/${opaque(20)}+${opaque(22)}==`;
}

export function usableMedia(state: DingtalkState, mediaId: string): Media | undefined {
  const media = state.world.media.byHandle(mediaId);
  return media?.platform === 'dingtalk' && mediaId.startsWith('@') ? media : undefined;
}

export async function uploadMedia(state: DingtalkState, call: Call): Promise<Reply> {
  const parts = multipart(call);
  const type = call.query.get('type') ?? parts.find((part) => part.name === 'type')?.bytes.toString('utf8') ?? '';
  const limit = LIMITS[type];
  if (limit === undefined) return failOld(40004, '不合法的媒体文件类型');
  const part = parts.find((candidate) => candidate.name === 'media');
  if (part === undefined || (part.filename ?? '') === '') return failOld(40035, '缺少media');
  const name = part.filename ?? '';
  if (part.bytes.length === 0 || part.bytes.length > limit.most) return failOld(40006, '不合法的文件大小');
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (!limit.extensions.includes(extension)) return failOld(40005, '不合法的文件类型');
  const at = state.world.now();
  const { contentType } = sniff(part.bytes);
  const about = { handle: `@lA${opaque(28)}`, platform: 'dingtalk' as const, kind: type, name, contentType, at };
  const media = await state.world.media.put(part.bytes, about);
  return okOld({ media_id: media.handle, created_at: at, type });
}

/** POST /v1.0/robot/messageFiles/download */
export function downloadUrl(state: DingtalkState, call: Call, base: string): Reply {
  const request = jsonBody(call) ?? {};
  const [code, robotCode] = [text(request.downloadCode), text(request.robotCode)];
  if (code === '' || robotCode === '') return refuse(400, 'invalidParameter.robotCode.empty', 'robotCode不能为空');
  if (robotCode !== state.data.clientId) return refuse(400, 'invalidParameter.robotCode.auth', 'robotCode无权限');
  const media = state.world.media.byHandle(code);
  const now = state.world.now();
  if (
    media === undefined ||
    media.platform !== 'dingtalk' ||
    code.startsWith('@') ||
    media.at <= now - DOWNLOAD_CODE_MS
  ) {
    return refuse(400, 'invalidParameter.robotCode.downloadCode', 'downloadCode不合法');
  }
  const expires = String(Math.floor((now + DOWNLOAD_URL_MS) / 1_000));
  const query = new URLSearchParams({
    Expires: expires,
    OSSAccessKeyId: 'sandbox',
    Signature: sign(state, media.id, expires),
  });
  return { json: { downloadUrl: `${base}/oss/${media.id}.file?${query.toString()}` } };
}

function sign(state: DingtalkState, id: string, expires: string): string {
  return createHmac('sha1', state.data.clientSecret).update(`${id}\n${expires}`).digest('base64');
}

/** The object storage behind the link: knows nothing of tokens, and is not to be shown one. */
export async function objectStorage(state: DingtalkState, call: Call): Promise<Reply> {
  const denied = (code: string): Reply => ({
    status: 403,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`,
    headers: { 'content-type': 'application/xml' },
  });
  if (call.headers['x-acs-dingtalk-access-token'] !== undefined) return denied('AccessDenied');
  const id = (call.params.name ?? '').replace(/\.file$/, '');
  const expires = call.query.get('Expires') ?? '';
  if (call.query.get('Signature') !== sign(state, id, expires)) return denied('SignatureDoesNotMatch');
  if (Number(expires) * 1_000 <= state.world.now()) return denied('AccessDenied');
  const media = state.world.media.byId(id);
  if (media === undefined) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
  return { body: await state.world.media.read(media), headers: { 'content-type': 'application/octet-stream' } };
}
