import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Viewer } from '../backend.js';
import type { Undelivered } from '../undelivered.js';
import { readJson } from './json.js';

type Asked = Context & { params: Record<string, string> };

/** `/api/m/undelivered`: messages that were given up, and putting them back. */
export function addUndeliveredRoutes(
  api: Router,
  undelivered: Undelivered,
  answer: <T>(ask: (viewer: Viewer, ctx: Asked) => Promise<T>) => (ctx: Asked) => Promise<void>,
): void {
  api.get(
    '/undelivered',
    answer((viewer) => undelivered.list(viewer)),
  );
  api.post(
    '/undelivered',
    answer(async (viewer, ctx) => undelivered.resend(viewer, await readJson(ctx))),
  );
}
