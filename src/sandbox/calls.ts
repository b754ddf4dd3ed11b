import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../core/index.js';
import type { Call, Reply, Router } from './http.js';
import type { PlatformName } from './types.js';
import type { World } from './world.js';

/** What a vendor answers where no handler could: in its own words. */
export interface VendorWords {
  /** Rate limit refused (fault panel). */
  limited(call: Call): Reply;
  /** A 5xx of the gateway. */
  broken(call: Call): Reply;
  notFound(call: Call): Reply;
  wrongMethod(call: Call): Reply;
}

/** Notes that a handler leaves for the traffic log. */
const notes = new WeakMap<Call, string[]>();
export function warn(call: Call, ...warnings: string[]): void {
  notes.set(call, [...(notes.get(call) ?? []), ...warnings]);
}

/** Runs one call of the app against a platform: faults first, then the route, then a line in the traffic log. */
export function vendorServer(
  world: World,
  platform: PlatformName,
  router: Router,
  words: VendorWords,
  /** Pages that people look at are not part of the API and of its faults. */
  isPage: (path: string) => boolean,
): (call: Call) => Promise<Reply> {
  return async (call) => {
    const started = performance.now();
    const faults = isPage(call.path) ? {} : world.faults[platform];
    const given = await answer(world, router, words, call, faults);
    const date = new Date(Date.now() + (faults.clockSkewMs ?? 0)).toUTCString();
    const reply = faults.clockSkewMs === undefined ? given : { ...given, headers: { ...given.headers, date } };
    if (!isPage(call.path)) {
      const warnings = notes.get(call);
      world.record({
        at: world.clock.now().toISOString(),
        platform,
        direction: 'out',
        method: call.method,
        path: call.path,
        kind: call.path.split('/').slice(-2).join('/'),
        ms: Math.round((performance.now() - started) * 10) / 10,
        status: reply.cut === true || reply.hang === true ? 0 : (reply.status ?? 200),
        ...errcodeOf(reply),
        bytes: call.body.length,
        ...(warnings === undefined ? {} : { warnings }),
      });
    }
    return reply;
  };
}

async function answer(
  world: World,
  router: Router,
  words: VendorWords,
  call: Call,
  faults: World['faults'][PlatformName],
): Promise<Reply> {
  if (faults.slowMs !== undefined && faults.slowMs > 0) await sleep(faults.slowMs, undefined, { ref: false });
  if (faults.down === '503') return { status: 503, body: 'Service Unavailable' };
  if (faults.down === true) return { cut: true };
  if (faults.failRate !== undefined && Math.random() < faults.failRate) return words.broken(call);
  if (faults.limit === true) return words.limited(call);
  const refusal = faults.refusals?.[call.path];
  if (refusal !== undefined) return refusal;
  const { handler, params, known } = router.find(call.method, call.path);
  if (handler === undefined) return known ? words.wrongMethod(call) : words.notFound(call);
  call.params = params;
  let reply: Reply;
  try {
    reply = await handler(call);
  } catch (error) {
    world.log.error({ path: call.path, reason: errorText(error) }, 'stand-in failed');
    return { status: 500, body: 'stand-in failed' };
  }
  // Only what changes something is worth losing the answer of; without a token nothing would ever be accepted.
  const acts = call.method !== 'GET' && !/(token|accessToken|connections\/open)$/.test(call.path);
  return acts && faults.timeoutAfterAccept === true ? { hang: true } : reply;
}

function errcodeOf(reply: Reply): { errcode?: number | string } {
  if (typeof reply.json !== 'object' || reply.json === null) return {};
  const body = reply.json as { errcode?: unknown; code?: unknown; sub_code?: unknown };
  const code = body.errcode === 88 && body.sub_code !== undefined ? body.sub_code : (body.errcode ?? body.code);
  return typeof code === 'number' || typeof code === 'string' ? { errcode: code } : {};
}

/** Counts per key over sliding windows: the vendors' limits. */
export class Windows {
  readonly #stamps = new Map<string, number[]>();

  /** Takes one place if all limits allow it. */
  take(key: string, now: number, ...limits: { count: number; ms: number }[]): boolean {
    const longest = Math.max(...limits.map((limit) => limit.ms));
    const stamps = (this.#stamps.get(key) ?? []).filter((at) => at > now - longest && at <= now);
    this.#stamps.set(key, stamps);
    for (const limit of limits) {
      if (stamps.filter((at) => at > now - limit.ms).length >= limit.count) return false;
    }
    stamps.push(now);
    return true;
  }

  full(key: string, now: number, limit: { count: number; ms: number }): boolean {
    return (this.#stamps.get(key) ?? []).filter((at) => at > now - limit.ms && at <= now).length >= limit.count;
  }
}
