import Router from '@koa/router';
import { createRequire } from 'node:module';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { BadInputError, errorText, HOUR, type Log } from '../../core/index.js';
import type { PlatformName } from '../../platforms/contract.js';
import { isLoopbackHost, phoneHost } from './hosts.js';
import { jsonErrors, readJson, requireOwnHeader } from './json.js';
import { pageHeaders, sendShell, UI_DIR } from './shell.js';

// The package's types describe an ES module, its code is CommonJS: required, not imported.
const gcoord = createRequire(import.meta.url)('gcoord') as {
  transform(lngLat: [number, number], from: string, to: string): [number, number];
  WGS84: string;
  GCJ02: string;
};

/** Somewhere a phone can be: a client's site of the demo company. */
export interface SandboxPlace {
  name: string;
  lat: number;
  lng: number;
  datum: 'wgs84' | 'gcj02';
  address?: string;
}

export type ClockMove = { byMs: number } | { toNext: 'workday' | 'morning' };

export interface SandboxRouteDeps {
  /** `http://127.0.0.1:PORT` of the stand-ins' control interface. */
  controlBase: string;
  /** Absolute, as configured; requests under other names than this and loopback are refused. */
  publicUrl: string;
  /**
   * Moves the app's clock and the stand-ins' together, and lets the jobs that fell due run. `workday`: the same time on
   * the next working day; `morning`: the next 9:00 in the organisation's zone.
   */
  moveClock(move: ClockMove): Promise<{ offsetMs: number }>;
  places(): Promise<SandboxPlace[]>;
  log: Log;
  uiDir?: string;
}

/** Longest single step, so that a slip of a script does not run years of schedules. */
const MAX_STEP_MS = 31 * 24 * HOUR;

/** What the page may ask of the control interface. Directory and callback address are the app's own business. */
const FORWARDED = /^(state|events|traffic|samples|phones|pages|faults|tokens|callbacks|media)(\/|$)/;

/** `/sandbox` and what its phones need. Only mounted when the sandbox is on. */
export function createSandboxRoutes(deps: SandboxRouteDeps): Router {
  const router = new Router();
  const uiDir = deps.uiDir ?? UI_DIR;
  const ownHost: Middleware = async (ctx, next) => {
    // A page of the internet that resolves its own name to this machine gets nothing.
    if (!isLoopbackHost(ctx.hostname) && ctx.hostname !== new URL(deps.publicUrl).hostname)
      ctx.throw(421, 'not our host');
    await next();
  };
  router.use(/^\/sandbox(\/.*)?$/, ownHost, pageHeaders({ sandbox: true, frames: true }));

  router.get('/sandbox', async (ctx) => {
    await sendShell(ctx, uiDir);
  });

  router.get('/sandbox/open', (ctx) => {
    const { platform, userId, url } = ctx.query;
    if ((platform !== 'wecom' && platform !== 'dingtalk') || typeof userId !== 'string' || typeof url !== 'string')
      ctx.throw(400, 'platform, userId and url are needed');
    ctx.redirect(openAddress(ctx, deps, platform as PlatformName, userId as string, url as string));
  });

  router.use(/^\/sandbox\/api\/.+$/, jsonErrors(deps.log), requireOwnHeader);
  router.post('/sandbox/api/clock', async (ctx) => {
    ctx.body = await deps.moveClock(toMove(await readJson(ctx)));
  });
  router.get('/sandbox/api/places', async (ctx) => {
    ctx.body = (await deps.places()).map(inBothDatums);
  });
  router.all(/^\/sandbox\/api\/.+$/, async (ctx) => {
    await forward(ctx, deps);
  });
  return router;
}

/** A chat sends the datum of maps, a camera writes that of GPS: the phones need both. */
function inBothDatums({ name, address, lat, lng, datum }: SandboxPlace): object {
  const as = (wanted: SandboxPlace['datum']): { lat: number; lng: number } => {
    const [x, y] = gcoord.transform([lng, lat], DATUMS[datum], DATUMS[wanted]);
    return { lat: y, lng: x };
  };
  return { name, ...(address === undefined ? {} : { address }), gcj02: as('gcj02'), wgs84: as('wgs84') };
}
const DATUMS = { wgs84: gcoord.WGS84, gcj02: gcoord.GCJ02 } as const;

function toMove(body: unknown): ClockMove {
  const { byMs, toNext } = (body ?? {}) as { byMs?: unknown; toNext?: unknown };
  if (toNext === 'workday' || toNext === 'morning') return { toNext };
  if (typeof byMs === 'number' && byMs > 0 && byMs <= MAX_STEP_MS) return { byMs };
  throw new BadInputError('clock.bad_step', 'byMs (0 < byMs ≤ 31 days) or toNext (workday | morning)', {
    say: '时钟只能往前，一次最多 31 天。',
  });
}

/** The phone's identity is set at the stand-in first; then the page opens on the phone's own host. */
function openAddress(
  ctx: Context,
  deps: SandboxRouteDeps,
  platform: PlatformName,
  userId: string,
  url: string,
): string {
  const target = new URL(url, `http://${ctx.host}`);
  const own = isLoopbackHost(target.hostname) || target.origin === new URL(deps.publicUrl).origin;
  if (!own || !/^https?:$/.test(target.protocol)) ctx.throw(400, 'not an address of ours');
  const port = new URL(`http://${ctx.host}`).port;
  const path = new URL(target.pathname + target.search + target.hash, `http://${phoneHost(platform, userId, port)}`);
  const open = new URL('/control/open', deps.controlBase);
  open.search = new URLSearchParams({ platform, userId, url: path.href }).toString();
  return open.href;
}

/** Hands a request to the control interface and streams the answer back: files both ways, and server-sent events. */
async function forward(ctx: Context, deps: SandboxRouteDeps): Promise<void> {
  const path = ctx.path.slice('/sandbox/api/'.length);
  if (!FORWARDED.test(path) || /(^|\/)\.{1,2}(\/|$)/.test(path) || !['GET', 'POST', 'PUT'].includes(ctx.method)) {
    ctx.status = 404;
    ctx.body = { error: { code: 'sandbox.unknown', message: '沙盒没有这个接口' } };
    return;
  }
  const headers = Object.fromEntries(
    ['content-type', 'content-length', 'transfer-encoding', 'accept', 'range']
      .map((name) => [name, ctx.get(name)] as const)
      .filter(([, value]) => value !== ''),
  );
  const upstream = httpRequest(new URL(`/control/${path}${ctx.search}`, deps.controlBase), {
    method: ctx.method,
    headers,
  });
  ctx.res.once('close', () => upstream.destroy());
  const answer = await new Promise<IncomingMessage | null>((resolve) => {
    upstream.once('response', resolve);
    upstream.once('error', (error) => {
      if (!ctx.res.destroyed) deps.log.warn({ err: errorText(error) }, 'the sandbox does not answer');
      resolve(null);
    });
    ctx.req.pipe(upstream);
  });
  if (answer === null) {
    ctx.status = 502;
    ctx.body = { error: { code: 'sandbox.gone', message: '沙盒没有应答，重启留痕再试。' } };
    return;
  }
  for (const name of ['content-type', 'content-length', 'content-disposition', 'cache-control', 'content-range']) {
    const value = answer.headers[name];
    if (typeof value === 'string') ctx.set(name, value);
  }
  // Piped by hand: a browser that leaves an event stream is no error to be reported.
  ctx.respond = false;
  ctx.res.statusCode = answer.statusCode ?? 502;
  answer.once('error', () => ctx.res.destroy());
  answer.pipe(ctx.res);
}
