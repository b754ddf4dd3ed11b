import { randomBytes } from 'node:crypto';
import type { Reply } from '../http.js';

/** All answers are HTTP 200; the code decides. The texts carry a hint and a link that vary, as the real ones do. */
export function fail(errcode: number, errmsg: string): Reply {
  const hint = `${Math.floor(Date.now() / 1_000)}_${randomBytes(1)[0] ?? 0}_${randomBytes(8).toString('hex')}`;
  const more = `https://open.work.weixin.qq.com/devtool/query?e=${errcode}`;
  return { json: { errcode, errmsg: `${errmsg}, hint: [${hint}], from ip: 127.0.0.1, more info at ${more}` } };
}

export function ok(fields: Record<string, unknown> = {}): Reply {
  return { json: { errcode: 0, errmsg: 'ok', ...fields } };
}
