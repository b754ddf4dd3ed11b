import Router from '@koa/router';
import type { Registry } from 'prom-client';

export interface HealthCheck {
  name: string;
  check: () => Promise<{ ok: boolean; detail: string }>;
}

/** `/healthz`: the process lives. `/readyz`: it can do its work. `/metrics`: Prometheus. */
export function createHealthRoutes(deps: { checks: readonly HealthCheck[]; metrics: Registry }): Router {
  const router = new Router();
  router.get('/healthz', (ctx) => {
    ctx.body = 'ok';
  });
  router.get('/readyz', async (ctx) => {
    const results = await Promise.all(
      deps.checks.map(async ({ name, check }) => {
        try {
          return { name, ...(await check()) };
        } catch (error) {
          return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
    ctx.status = results.every((result) => result.ok) ? 200 : 503;
    ctx.body = { ready: ctx.status === 200, checks: results };
  });
  router.get('/metrics', async (ctx) => {
    ctx.type = deps.metrics.contentType;
    ctx.body = await deps.metrics.metrics();
  });
  return router;
}
