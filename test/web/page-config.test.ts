import test from 'ava';
import type { PageConfig, PlatformAdapter } from '../../src/platforms/contract.js';
import { get, logIn, servePages } from './fakes.js';

function setUp() {
  const signed: string[] = [];
  const adapter: Pick<PlatformAdapter, 'loginUrl' | 'login' | 'pageConfig'> = {
    loginUrl: (to, state) => `https://platform.example/?${new URLSearchParams({ redirect_uri: to, state }).toString()}`,
    login: () => Promise.resolve({ userId: 'rep' }),
    pageConfig: (address, as): Promise<PageConfig> => {
      signed.push(`${as} ${address}`);
      return Promise.resolve({ corpId: 'ww1' });
    },
  };
  return { signed, adapter };
}

const ask = (base: string, query: Record<string, string>, headers: Record<string, string>) =>
  get(`${base}/api/m/page-config?${new URLSearchParams(query).toString()}`, headers);

test('only pages of ours that use the client are signed, and only for people who are logged in', async (t) => {
  const { signed, adapter } = setUp();
  const world = await servePages(t, { adapters: new Map([['wecom', adapter]]) });
  const page = 'https://sales.example.com/c/abc.de-f_1?p=wecom';
  t.is((await ask(world.base, { url: page }, {})).status, 401);
  const { cookie } = await logIn(world, 'any');

  const answer = await ask(world.base, { url: page }, { cookie });
  t.deepEqual(await answer.json(), { platform: 'wecom', config: { corpId: 'ww1' } });
  t.is((await ask(world.base, { url: page, as: 'app' }, { cookie })).status, 200);
  t.deepEqual(signed, [`company ${page}`, `app ${page}`]);

  for (const url of [
    '',
    'https://evil.example.com/c/abc',
    'https://sales.example.com.evil.example/c/abc',
    'https://sales.example.com@evil.example/c/abc',
    'https://x@sales.example.com/c/abc',
    'https://sales.example.com:8443/c/abc',
    'http://sales.example.com/c/abc',
    'https://sales.example.com/m',
    'https://sales.example.com/c/../m',
    'https://sales.example.com/c/a/b',
    '/c/abc',
  ])
    t.is((await ask(world.base, { url }, { cookie })).status, 400, url);
  t.is((await ask(world.base, { url: page, as: 'root' }, { cookie })).status, 400);
  t.is(signed.length, 2);
});

test('a platform without a script for pages says so', async (t) => {
  const { adapter } = setUp();
  const { loginUrl, login } = adapter;
  const world = await servePages(t, { adapters: new Map([['wecom', { loginUrl, login }]]) });
  const { cookie } = await logIn(world, 'any');
  t.is((await ask(world.base, { url: 'https://sales.example.com/c/abc' }, { cookie })).status, 404);
});
