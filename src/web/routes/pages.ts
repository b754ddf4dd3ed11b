import Router from '@koa/router';
import sharp from 'sharp';
import type { Context } from 'koa';
import { BadInputError, NotFoundError, type Clock, type Log } from '../../core/index.js';
import type { PageBackend, Viewer } from '../backend.js';
import { createSessions, type SessionStore } from '../sessions.js';
import { jsonErrors, readJson, requireOwnHeader } from './json.js';
import type { Proofs } from '../proofs.js';
import type { ReviewDesk } from '../reviews.js';
import type { Captures } from '../captures.js';
import type { Sent } from '../sent.js';
import { addPictureRoutes, type Pictures } from './pictures.js';
import type { Undelivered } from '../undelivered.js';
import { addCaptureRoutes } from './captures.js';
import { addPageConfigRoute } from './page-config.js';
import { addProofRoutes } from './proofs.js';
import { addReviewRoutes } from './reviews.js';
import { addSentRoutes } from './sent.js';
import { addUndeliveredRoutes } from './undelivered.js';
import { addVisitRoutes, type VisitCodes } from './visits.js';
import { createLogin, type LoginDeps } from './login.js';
import { pageHeaders, sendAsset, sendShell, UI_DIR } from './shell.js';

export interface PageRouteDeps extends Omit<LoginDeps, 'sessions'> {
  backend: PageBackend;
  visits: VisitCodes;
  reviews?: ReviewDesk;
  undelivered?: Undelivered;
  sent?: Sent;
  pictures?: Pictures;
  captures?: Captures;
  proofs?: Pick<Proofs, 'look'>;
  sessions: SessionStore;
  /** The machine's clock, also in the sandbox: moving the demo's clock does not log anybody out. */
  clock: Clock;
  log: Log;
  uiDir?: string;
}

/** Thumbnails in lists: twice the 64 px they are shown at, for sharp screens. */
const THUMB_PIXELS = 160;

/** Types that browsers may show; everything else is downloaded. */
const SHOWN = /^(image\/(jpeg|png|webp|gif|avif)|audio\/(mpeg|mp4|wav|ogg)|application\/pdf)$/;

/** `/m/…`, `/api/m/…`, `/login/…`, `/ui/…`. */
export function createPageRoutes(deps: PageRouteDeps): Router {
  const router = new Router();
  const uiDir = deps.uiDir ?? UI_DIR;
  const sessions = createSessions({ store: deps.sessions, clock: deps.clock });
  const login = createLogin({ ...deps, sessions });
  const headers = pageHeaders({ sandbox: deps.sandbox });

  router.get(/^\/ui\/(.+)$/, headers, async (ctx) => {
    await sendAsset(ctx, uiDir, ctx.path.slice('/ui/'.length));
  });

  router.get('/login/:platform', headers, async (ctx) => {
    await login.begin(ctx, ctx.params['platform'] ?? '');
  });
  router.get('/login/:platform/done', headers, async (ctx) => {
    await login.finish(ctx, ctx.params['platform'] ?? '');
  });

  router.get(/^\/m(\/.*)?$/, headers, async (ctx) => {
    if ((await login.viewer(ctx)) === null) login.ask(ctx);
    else await sendShell(ctx, uiDir);
  });

  addVisitRoutes(router, { ...deps, login, headers });
  if (deps.pictures !== undefined) addPictureRoutes(router, deps.pictures);
  if (deps.proofs !== undefined) addProofRoutes(router, { ...deps, proofs: deps.proofs, login, headers });

  const api = new Router({ prefix: '/api/m' });
  api.use(headers, jsonErrors(deps.log), requireOwnHeader);
  /** Every call is made for the person of the session; whoever has none gets 401 and nothing else. */
  const answer =
    <T>(ask: (viewer: Viewer, ctx: Context & { params: Record<string, string> }) => Promise<T>) =>
    async (ctx: Context & { params: Record<string, string> }): Promise<void> => {
      const viewer = await login.viewer(ctx);
      if (viewer === null) {
        ctx.status = 401;
        ctx.body = { error: { code: 'session.missing', message: '登录已过期，重新打开就行。' } };
        return;
      }
      const body = await ask(viewer, ctx);
      if (body !== undefined) ctx.body = body;
    };
  const param = (ctx: { params: Record<string, string> }, name: string): string => {
    const value = ctx.params[name] ?? '';
    if (!/^[\w.:@-]{1,200}$/.test(value)) throw new BadInputError('request.bad_id', `${name} is not an id`);
    return value;
  };

  api.get(
    '/home',
    answer((viewer) => deps.backend.home(viewer)),
  );
  api.get(
    '/digest/:id',
    answer((viewer, ctx) => deps.backend.digest(viewer, param(ctx, 'id'))),
  );
  api.get(
    '/figure/:digestId/:figure',
    answer((viewer, ctx) => deps.backend.figure(viewer, param(ctx, 'digestId'), param(ctx, 'figure'))),
  );
  api.get(
    '/deals/:id',
    answer((viewer, ctx) => deps.backend.deal(viewer, param(ctx, 'id'))),
  );
  api.get(
    '/evidence/:id',
    answer((viewer, ctx) => deps.backend.evidence(viewer, param(ctx, 'id'))),
  );
  api.post(
    '/evidence/:id/nameplate',
    answer(async (viewer, ctx) => deps.backend.correctNameplate(viewer, param(ctx, 'id'), await readJson(ctx))),
  );
  api.get(
    '/evidence/:id/picture',
    answer(async (viewer, ctx) => {
      const id = param(ctx, 'id');
      const which = ctx.query['which'] === 'original' ? 'original' : 'copy';
      const thumb = which === 'copy' && ctx.query['size'] === 'thumb';
      const picture = await deps.backend.picture(viewer, id, thumb ? 'thumb' : which);
      await sendPicture(ctx, picture, { id, which, thumb });
    }),
  );
  addPageConfigRoute(api, deps, answer);
  if (deps.captures !== undefined)
    addCaptureRoutes(router, api, { captures: deps.captures, login, headers, uiDir }, answer);
  if (deps.reviews !== undefined) addReviewRoutes(api, deps.reviews, answer, param);
  if (deps.undelivered !== undefined) addUndeliveredRoutes(api, deps.undelivered, answer);
  if (deps.sent !== undefined) addSentRoutes(api, deps.sent, answer);
  api.post('/logout', async (ctx) => {
    await login.leave(ctx);
    ctx.body = { ok: true };
  });
  router.use(api.routes());
  // A pattern takes no prefix, so this stands on the outer router.
  router.all(/^\/api\/m(\/.*)?$/, headers, jsonErrors(deps.log), () => {
    throw new NotFoundError('request.unknown', 'no such call');
  });
  return router;
}

async function sendPicture(
  ctx: Context,
  picture: { bytes: Uint8Array; mime: string; name?: string },
  { id, which, thumb }: { id: string; which: 'copy' | 'original'; thumb: boolean },
): Promise<void> {
  // Copies may stay in the person's own browser for a while; an original is fetched, and recorded, each time.
  ctx.set('Cache-Control', which === 'copy' ? 'private, max-age=600' : 'no-store');
  if (thumb && picture.mime.startsWith('image/')) {
    ctx.set('Content-Type', 'image/jpeg');
    ctx.body = await sharp(picture.bytes)
      .rotate()
      .resize(THUMB_PIXELS, THUMB_PIXELS, { fit: 'cover' })
      .jpeg({ quality: 72 })
      .toBuffer();
    return;
  }
  const shown = SHOWN.test(picture.mime);
  const name = encodeURIComponent(picture.name ?? id);
  ctx.set('Content-Type', shown ? picture.mime : 'application/octet-stream');
  ctx.set('Content-Disposition', `${shown ? 'inline' : 'attachment'}; filename*=UTF-8''${name}`);
  ctx.body = Buffer.from(picture.bytes);
}
