import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Viewer } from '../backend.js';
import type { ReviewDesk } from '../reviews.js';
import { readJson } from './json.js';

type Asked = Context & { params: Record<string, string> };

/** `/api/m/reviews`: what waits for a person's eye, and their word on it. */
export function addReviewRoutes(
  api: Router,
  desk: ReviewDesk,
  answer: <T>(ask: (viewer: Viewer, ctx: Asked) => Promise<T>) => (ctx: Asked) => Promise<void>,
  param: (ctx: Asked, name: string) => string,
): void {
  api.get(
    '/reviews',
    answer((viewer) => desk.queue(viewer)),
  );
  api.post(
    '/evidence/:id/refuse',
    answer(async (viewer, ctx) => desk.refuse(viewer, param(ctx, 'id'), await readJson(ctx))),
  );
  api.post(
    '/reviews/:id',
    answer(async (viewer, ctx) => desk.decide(viewer, param(ctx, 'id'), await readJson(ctx))),
  );
}
