import Router from '@koa/router';

/**
 * Files by which a platform's console checks that the domain is ours: at the top, under their exact names, as they are. Not in the
 * vendor's API pages: the console says so where the domain is entered.
 */
export function createVerifyFileRoutes(files: Readonly<Record<string, string>>): Router {
  const router = new Router({ strict: true, sensitive: true });
  for (const [name, content] of Object.entries(files)) {
    router.get(`/${name}`, (ctx) => {
      ctx.type = 'text/plain; charset=utf-8';
      ctx.body = content;
    });
  }
  return router;
}
