import type { Context, Middleware } from 'koa';
import {
  AppError,
  BadInputError,
  ConflictError,
  errorCode,
  NotAllowedError,
  NotFoundError,
  PlatformUnreachableError,
  type Log,
} from '../../core/index.js';

/** A body this many times too large is cut off. */
const HEARD_OUT = 4;

/** The whole body. One that is too large is heard out, or its sender would see a broken line instead of the answer. */
export async function readBytes(ctx: Context, maxBytes: number, words: { say?: string } = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (size > maxBytes * HEARD_OUT) break;
  }
  if (size > maxBytes) throw new BadInputError('request.too_large', `body over ${maxBytes} bytes`, words);
  return Buffer.concat(chunks);
}

/** Bodies that the pages send are settings and choices; files go elsewhere. */
const MAX_JSON_BYTES = 64 * 1024;

export async function readJson(ctx: Context): Promise<unknown> {
  const text = (await readBytes(ctx, MAX_JSON_BYTES)).toString('utf8');
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch (cause) {
    throw new BadInputError('request.not_json', 'the body is not JSON', { cause });
  }
}

/** A form of a foreign page cannot set this header; without it nothing is changed. */
export const requireOwnHeader: Middleware = async (ctx, next) => {
  if (!['GET', 'HEAD', 'OPTIONS'].includes(ctx.method) && ctx.get('x-trailmark') !== '1')
    throw new NotAllowedError('request.foreign', 'unsafe method without x-trailmark');
  await next();
};

function statusOf(error: unknown): { status: number; message: string } {
  if (error instanceof NotAllowedError) return { status: 403, message: '这不在你能看的范围里。' };
  if (error instanceof NotFoundError) return { status: 404, message: '没有找到，可能已经删除。' };
  if (error instanceof BadInputError) return { status: 400, message: '请求的内容不对。' };
  if (error instanceof ConflictError) return { status: 409, message: '刚刚有人改过，刷新后再试。' };
  if (error instanceof PlatformUnreachableError) return { status: 502, message: '平台没有应答，稍后再试。' };
  return { status: 500, message: '服务器出错了，稍后再试。' };
}

/** Errors become `{error:{code,message}}`; what is unknown is logged and stays a plain 500. */
export function jsonErrors(log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, message } = statusOf(error);
      const code = status === 500 ? 'server.error' : errorCode(error);
      if (status >= 500) log.error({ err: error, path: ctx.path }, 'a page request failed');
      ctx.status = status;
      ctx.body = { error: { code, message: (error instanceof AppError ? error.say : undefined) ?? message } };
    }
  };
}
