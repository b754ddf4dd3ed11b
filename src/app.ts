import Koa from 'koa';
import type { Registry } from 'prom-client';
import type { Log } from './core/index.js';
import type { House } from './house.js';
import {
  answerUnknown,
  createCallbackRoutes,
  createHealthRoutes,
  createPageRoutes,
  createSandboxRoutes,
  createVerifyFileRoutes,
  type HealthCheck,
  type PageRouteDeps,
  type SandboxRouteDeps,
} from './web/index.js';

export interface AppDeps {
  callbacks: House['callbacks'];
  /** Reverse proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  /** By name, what stands at the top of the domain for a platform's console to check. */
  verifyFiles: Readonly<Record<string, string>>;
  pages: PageRouteDeps;
  sandbox: SandboxRouteDeps | null;
  checks: readonly HealthCheck[];
  metrics: Registry;
  log: Log;
}

/** The web server's routes, in the order in which they are asked. */
export function buildApp(deps: AppDeps): Koa {
  const app = new Koa();
  app.on('error', (error: unknown, ctx?: Koa.Context) => {
    // A phone that lost its signal in the middle of a request is nothing to be woken for.
    const gone =
      error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE', 'ECANCELED'].includes(String(error.code));
    if (!gone) deps.log.error({ err: error, path: ctx?.path }, 'request failed');
  });
  app.use(async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    await next();
  });
  app.use(createHealthRoutes({ checks: deps.checks, metrics: deps.metrics }).routes());
  app.use(createVerifyFileRoutes(deps.verifyFiles).routes());
  app.use(createCallbackRoutes(deps.callbacks, deps.trustedProxies).routes());
  app.use(createPageRoutes(deps.pages).routes());
  if (deps.sandbox !== null) {
    app.use(createSandboxRoutes(deps.sandbox).routes());
    app.use(async (ctx, next) => {
      if (ctx.path === '/') ctx.redirect('/sandbox');
      else await next();
    });
  }
  app.use(answerUnknown({ sandbox: deps.sandbox !== null }));
  return app;
}
