import test from 'ava';
import { ownTarget } from '../../src/web/routes/login.js';
import { cookiesOf, get, logIn, rawGet, REP, servePages } from './fakes.js';

test('a page without a session leads to the platform and back to the page', async (t) => {
  const world = await servePages(t);
  const asked = await get(`${world.base}/m/deals/deal_1?from=card`);
  t.is(asked.status, 302);
  t.is(asked.headers.get('location'), `/login/wecom?to=${encodeURIComponent('/m/deals/deal_1?from=card')}`);

  const { cookie, landed } = await logIn(world, 'code-rep', '/m/deals/deal_1?from=card');
  t.is(landed, '/m/deals/deal_1?from=card');
  const page = await get(`${world.base}/m/deals/deal_1`, { cookie });
  t.is(page.status, 200);
  t.true((await page.text()).includes('id="app"'));
  const home = (await (await get(`${world.base}/api/m/home`, { cookie })).json()) as { me: { id: string } };
  t.is(home.me.id, REP);
});

test('behind https the session cookie is bound to the host, out of reach of scripts and other sites', async (t) => {
  const world = await servePages(t);
  const begun = await get(`${world.base}/login/wecom?to=/m`);
  const login = new URL(begun.headers.get('location') ?? '');
  t.is(login.searchParams.get('redirect_uri'), 'https://sales.example.com/login/wecom/done');
  const state = login.searchParams.get('state') ?? '';
  const done = await get(`${world.base}/login/wecom/done?code=code-rep&state=${state}`, {
    cookie: cookiesOf(begun).join('; '),
    // A Host header is the client's word and changes nothing.
    host: 'evil.example',
  });
  const session = done.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-trailmark='));
  t.regex(session ?? '', /^__Host-trailmark=[0-9a-f]{64}; Path=\/; HttpOnly; Max-Age=\d+; SameSite=Lax; Secure$/);
});

test('an answer of the platform counts once, in the browser that asked, and only with a good code', async (t) => {
  const world = await servePages(t);
  const begun = await get(`${world.base}/login/wecom?to=/m`);
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const done = `${world.base}/login/wecom/done?code=code-rep&state=${state}`;
  const mine = { cookie: cookiesOf(begun).join('; ') };

  const foreign = await get(done);
  t.is(foreign.status, 400);
  t.false(cookiesOf(foreign).some((cookie) => cookie.startsWith('__Host-trailmark=')));
  t.is((await get(done, mine)).status, 302);
  t.is((await get(done, mine)).status, 400);
  t.is((await get(`${world.base}/login/wecom/done?code=x&state=made-up`, mine)).status, 400);
  t.is((await get(`${world.base}/login/wecom/done`)).status, 400);

  const { cookie } = await logIn(world, 'no-such-code');
  t.is(cookie, '');
});

test('somebody outside the organisation gets a clear page and no session', async (t) => {
  const world = await servePages(t);
  const begun = await get(`${world.base}/login/wecom?to=/m`);
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const done = await get(`${world.base}/login/wecom/done?code=code-stranger&state=${state}`, {
    cookie: cookiesOf(begun).join('; '),
  });
  t.is(done.status, 403);
  t.true((await done.text()).includes('你还不在留痕的名单里'));
  t.false(cookiesOf(done).some((cookie) => cookie.startsWith('__Host-trailmark=')));
});

test('only configured platforms are offered; with two the person, the link or the chat app decides', async (t) => {
  const one = await servePages(t);
  t.is((await get(`${one.base}/login/dingtalk?to=/m`)).status, 404);

  const adapter = { loginUrl: () => 'https://platform.example/', login: () => Promise.resolve({ userId: 'rep' }) };
  const two = await servePages(t, {
    adapters: new Map([
      ['wecom', adapter],
      ['dingtalk', adapter],
    ]),
  });
  const choice = await get(`${two.base}/m`);
  t.is(choice.status, 401);
  const text = await choice.text();
  t.true(text.includes('用企业微信登录') && text.includes('用钉钉登录'));
  const led = async (path: string, agent = '') =>
    (await get(`${two.base}${path}`, agent === '' ? {} : { 'user-agent': agent })).headers.get('location');
  t.is(await led('/m?p=dingtalk'), `/login/dingtalk?to=${encodeURIComponent('/m?p=dingtalk')}`);
  t.is(await led('/m', 'Mozilla/5.0 wxwork/4.1.36 MicroMessenger/7.0.1'), '/login/wecom?to=%2Fm');
  t.is(await led('/m', 'Mozilla/5.0 AliApp(DingTalk/7.6.0)'), '/login/dingtalk?to=%2Fm');

  const none = await servePages(t, { adapters: new Map() });
  t.is((await get(`${none.base}/m`)).status, 503);
});

test('in the sandbox each phone logs in on its own host, told apart from the others', async (t) => {
  const world = await servePages(t, { sandbox: true, publicUrl: 'http://127.0.0.1:8080' });
  const host = `rep-1.wecom.localhost:${world.port}`;
  const begun = await rawGet(world.base, '/login/wecom?to=/m', { host });
  const login = new URL(begun.headers.location ?? '');
  t.is(login.searchParams.get('redirect_uri'), `http://${host}/login/wecom/done`);
  t.is(login.searchParams.get('sandbox_user'), 'rep-1');
  t.regex(begun.headers['set-cookie']?.[0] ?? '', /SameSite=None; Secure; Partitioned$/);
});

test('a login never leads out of the phone pages', (t) => {
  for (const good of ['/m', '/m?p=wecom', '/m/deals/deal_1?a=b', '/c/abc.def?p=wecom']) t.is(ownTarget(good), good);
  const bad = [
    undefined,
    '',
    'https://evil.example/m',
    '//evil.example/m',
    '/m//evil.example',
    '/m/../login/wecom',
    '/m\\evil',
    '/mail',
    '/sandbox',
    '/m/\n/evil',
    ['/m'],
  ];
  for (const target of bad) t.is(ownTarget(target), '/m', JSON.stringify(target));
});

test('DingTalk inside its client asks for the code on a page of ours', async (t) => {
  const adapter = {
    loginUrl: (redirect: string, state: string) =>
      `/login/dingtalk?${new URLSearchParams({ redirect, state }).toString()}`,
    login: () => Promise.resolve({ userId: 'rep' }),
  };
  const world = await servePages(t, {
    adapters: new Map([['dingtalk', adapter]]),
    dingtalk: { corpId: 'corp"><script>', clientId: 'client' },
  });
  const begun = await get(`${world.base}/login/dingtalk?to=/m`);
  const page = await get(`${world.base}${begun.headers.get('location')}`);
  const text = await page.text();
  t.true(text.includes('src="/ui/dingtalk-login.js"'));
  t.false(text.includes('corp"><script>'));
  t.regex(page.headers.get('content-security-policy') ?? '', /script-src 'self' https:\/\/g\.alicdn\.com;/);
});
