import type Router from '@koa/router';
import type { Context } from 'koa';
import { BadInputError, NotFoundError } from '../../core/index.js';
import type { PlatformAdapter, PlatformName } from '../../platforms/contract.js';
import type { Viewer } from '../backend.js';
import { originOf } from './hosts.js';

/** The pages that use the client's camera, position and scanner. No other address is ever signed. */
const CLIENT_PAGES = [/^\/c\/[\w.-]+$/];

/** `GET /page-config?url=…&as=company|app`: what the platform's script on a page of ours needs, for people who are logged in. */
export function addPageConfigRoute(
  api: Router,
  deps: {
    adapters: ReadonlyMap<PlatformName, Pick<PlatformAdapter, 'pageConfig'>>;
    publicUrl: string;
    sandbox: boolean;
  },
  answer: <T>(
    ask: (viewer: Viewer, ctx: Context) => Promise<T>,
  ) => (ctx: Context & { params: Record<string, string> }) => Promise<void>,
): void {
  api.get(
    '/page-config',
    answer(async ({ platform }, ctx) => {
      const { url, as = 'company' } = ctx.query;
      if (typeof url !== 'string' || !isOurs(url, originOf(ctx, deps)))
        throw new BadInputError('page_config.foreign_page', 'not a page of ours that uses the client');
      if (as !== 'company' && as !== 'app') throw new BadInputError('page_config.bad_identity', 'as: company or app');
      const adapter = deps.adapters.get(platform);
      if (adapter?.pageConfig === undefined)
        throw new NotFoundError('page_config.none', `${platform} has no script for pages`);
      return { platform, config: await adapter.pageConfig(url, as) };
    }),
  );
}

function isOurs(url: string, origin: string): boolean {
  if (!URL.canParse(url)) return false;
  const page = new URL(url);
  // What the browser calls by other names (a user before the host, dots in the path) is no page of ours.
  return page.origin === origin && page.username === '' && CLIENT_PAGES.some((path) => path.test(page.pathname));
}
