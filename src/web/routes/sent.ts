import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Viewer } from '../backend.js';
import type { Sent } from '../sent.js';
import { readJson } from './json.js';

type Asked = Context & { params: Record<string, string> };

/** Longer than any name. */
const MAX_WANTED = 60;

/** `/api/m/sent?q=…`: messages that left lately, and taking one back. */
export function addSentRoutes(
  api: Router,
  sent: Sent,
  answer: <T>(ask: (viewer: Viewer, ctx: Asked) => Promise<T>) => (ctx: Asked) => Promise<void>,
): void {
  api.get(
    '/sent',
    answer((viewer, { query }) => {
      const wanted = typeof query['q'] === 'string' ? query['q'].trim().slice(0, MAX_WANTED) : '';
      return sent.list(viewer, wanted);
    }),
  );
  api.post(
    '/sent',
    answer(async (viewer, ctx) => sent.recall(viewer, await readJson(ctx))),
  );
}
