import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { MINUTE, type Clock } from '../../core/index.js';
import type { Proof, Proofs } from '../proofs.js';
import type { Login } from './login.js';
import { sendNotice, type Notice } from './shell.js';

/** Wrong codes from one address within the window; a person who mistypes needs three. */
const MOST_WRONG = 20;
const WINDOW_MS = 10 * MINUTE;
/** Addresses remembered at once; beyond that the oldest are forgotten. */
const MOST_ADDRESSES = 10_000;

const VERDICT: Record<Proof['verdict'], string> = {
  passed: '✅ 通过',
  failed: '❌ 没通过',
  review: '🟡 待复核',
  unchecked: '⚪ 未核验',
  checking: '⏳ 核验中',
};

/** `GET /v/:code`: is this picture real? Anybody may ask; what they learn is what the picture itself prints. */
export function addProofRoutes(
  router: Router,
  deps: { proofs: Pick<Proofs, 'look'>; login: Login; headers: Middleware; sandbox: boolean; clock: Clock },
): void {
  const wrong = createWrongCounter(deps.clock);

  router.get('/v/:code', deps.headers, async (ctx) => {
    if (wrong.tooMany(ctx.ip)) {
      ctx.set('Retry-After', String(WINDOW_MS / 1000));
      sendNotice(ctx, { status: 429, title: '查得太多了', text: '查错的次数太多，10 分钟后再试。' }, deps);
      return;
    }
    const code = ctx.params['code'] ?? '';
    const proof = await deps.proofs.look(code, await deps.login.viewer(ctx));
    if (proof === null) {
      wrong.add(ctx.ip);
      sendNotice(
        ctx,
        {
          status: 404,
          title: '查不到这个码',
          text: '先看看有没有抄错。图上印的要真是它，这张图就不是从留痕出来的。',
        },
        deps,
      );
      return;
    }
    sendNotice(ctx, pageOf(proof, code), deps);
  });

  router.get('/v/:code/login', deps.headers, async (ctx) => {
    const code = encodeURIComponent(ctx.params['code'] ?? '');
    if ((await deps.login.viewer(ctx)) === null) deps.login.ask(ctx);
    else ctx.redirect(`/v/${code}`);
  });
}

function pageOf(proof: Proof, code: string): Notice {
  const facts = [
    { label: '收到', value: `${proof.at}（服务器时间）` },
    { label: '地点', value: proof.place },
    { label: '客户', value: proof.clientName },
    { label: '阶段', value: `${proof.stageName} · ${proof.itemName}` },
    { label: '谁交的', value: proof.byName },
  ];
  const base = {
    status: 200,
    title: '这个码是真的',
    text: '和图上印的对一遍：客户、阶段、时间、地点、人，有一处不一样，图就被改过。',
  };
  if (proof.evidenceId === null) {
    const links = [{ href: `/v/${encodeURIComponent(code)}/login`, text: '登录看原图' }];
    return { ...base, facts, links };
  }
  const picture = `/api/m/evidence/${encodeURIComponent(proof.evidenceId)}/picture`;
  return {
    ...base,
    facts: [
      ...facts,
      { label: '核验', value: VERDICT[proof.verdict] },
      { label: '原图指纹', value: `${proof.sha256}…` },
    ],
    photo: picture,
    links: [
      { href: `${picture}?which=original`, text: '看原图（会记下谁看过）' },
      { href: `/m/evidence/${encodeURIComponent(proof.evidenceId)}`, text: '核验经过' },
    ],
  };
}

function createWrongCounter(clock: Clock) {
  const wrong = new Map<string, { since: number; count: number }>();
  const fresh = (address: string) => {
    const found = wrong.get(address);
    return found !== undefined && clock.now().getTime() - found.since < WINDOW_MS ? found : undefined;
  };
  return {
    tooMany: (address: string): boolean => (fresh(address)?.count ?? 0) >= MOST_WRONG,
    add(address: string): void {
      const found = fresh(address) ?? { since: clock.now().getTime(), count: 0 };
      wrong.delete(address);
      wrong.set(address, { ...found, count: found.count + 1 });
      const [oldest] = wrong.keys();
      if (wrong.size > MOST_ADDRESSES && oldest !== undefined) wrong.delete(oldest);
    },
  };
}
