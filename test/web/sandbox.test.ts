import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../src/core/index.js';
import { createSandboxRoutes, type ClockMove } from '../../src/web/routes/sandbox.js';
import { get, rawGet, serveControl, serveRoutes, uiFolder } from './fakes.js';

async function serveSandbox(t: ExecutionContext, publicUrl = 'http://127.0.0.1:8080') {
  const asked: string[] = [];
  const moves: ClockMove[] = [];
  let whenGone = (): void => undefined;
  const control = await serveControl(t, (incoming, response, body) => {
    asked.push(`${incoming.method} ${incoming.url} ${body.toString('latin1')}`);
    if (incoming.url === '/control/events') {
      response.once('close', () => whenGone());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: clock\ndata: {"offsetMs":1}\n\n');
      return;
    }
    response.writeHead(incoming.url === '/control/phones/wecom/rep/press' ? 409 : 200, {
      'content-type': 'application/json',
      'content-disposition': 'inline',
      'x-inner': 'stays inside',
    });
    response.end('{"accepted":false}');
  });
  const routes = createSandboxRoutes({
    controlBase: control.base,
    publicUrl,
    moveClock(move) {
      moves.push(move);
      return Promise.resolve({ offsetMs: 5 });
    },
    places: () => Promise.resolve([{ name: '城东医院', lat: 31.2304, lng: 121.5447, datum: 'gcj02' as const }]),
    log: silentLog,
    uiDir: await uiFolder(t),
  });
  return { ...(await serveRoutes(t, routes)), control, asked, moves, onGone: (act: () => void) => (whenGone = act) };
}
const post = (url: string, body: string, headers: Record<string, string> = { 'x-trailmark': '1' }) =>
  fetch(url, { method: 'POST', body, headers });

test('the page reaches the control interface through the app, files and answers unchanged', async (t) => {
  const world = await serveSandbox(t);
  const sent = await post(`${world.base}/sandbox/api/phones/wecom/rep/image?name=a%20b.jpg`, '\x00\xff');
  t.is(sent.status, 200);
  t.is(sent.headers.get('content-disposition'), 'inline');
  t.is(sent.headers.get('x-inner'), null);
  t.is(world.asked[0]?.split(' ').slice(0, 2).join(' '), 'POST /control/phones/wecom/rep/image?name=a%20b.jpg');
  t.is((await post(`${world.base}/sandbox/api/phones/wecom/rep/press`, '{}')).status, 409);
});

test('events are passed on while they come, and the inner connection ends with the outer one', async (t) => {
  t.timeout(10_000);
  const world = await serveSandbox(t);
  const leave = new AbortController();
  const answer = await fetch(`${world.base}/sandbox/api/events`, { signal: leave.signal });
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  t.regex(Buffer.from(first?.value ?? []).toString(), /event: clock/);
  const gone = new Promise<void>((resolve) => world.onGone(resolve));
  leave.abort();
  await t.notThrowsAsync(gone);
  await reader?.read().catch(() => undefined);
});

test('directory, callback address and identity are not the page’s business', async (t) => {
  const world = await serveSandbox(t);
  for (const path of ['directory', 'wecom/callback', 'open', 'clock/x', 'state/../directory', 'state/%2e%2e/directory'])
    t.is(
      (await fetch(`${world.base}/sandbox/api/${path}`, { method: 'PUT', headers: { 'x-trailmark': '1' } })).status,
      404,
      path,
    );
  t.deepEqual(world.asked, []);
});

test('other sites can neither act nor read', async (t) => {
  const world = await serveSandbox(t);
  t.is((await post(`${world.base}/sandbox/api/phones/wecom/rep/text`, '{}', {})).status, 403);
  t.is((await rawGet(world.base, '/sandbox/api/state', { host: 'rebound.example' })).status, 421);
  t.deepEqual(world.asked, []);
});

test('the clock goes forward by steps or to the next morning, never back', async (t) => {
  const world = await serveSandbox(t);
  const move = async (body: object) => (await post(`${world.base}/sandbox/api/clock`, JSON.stringify(body))).status;
  t.is(await move({ byMs: 3_600_000 }), 200);
  t.is(await move({ toNext: 'workday' }), 200);
  for (const bad of [{ byMs: -1 }, { byMs: 0 }, { byMs: 1e12 }, { byMs: '1' }, { toNext: 'year' }, {}])
    t.is(await move(bad), 400);
  t.is((await post(`${world.base}/sandbox/api/clock`, 'no json')).status, 400);
  t.deepEqual(world.moves, [{ byMs: 3_600_000 }, { toNext: 'workday' }]);
});

test('a link opens on the phone’s own host, after the stand-in has learned whose phone it is', async (t) => {
  const world = await serveSandbox(t);
  const open = async (url: string, userId = 'Rep_1') => {
    const query = new URLSearchParams({ platform: 'wecom', userId, url });
    return await get(`${world.base}/sandbox/open?${query.toString()}`);
  };
  const answer = await open(`http://127.0.0.1:8080/m/digest/g1?a=b#c`);
  t.is(answer.status, 302);
  const led = new URL(answer.headers.get('location') ?? '');
  t.is(led.origin + led.pathname, `${world.control.base}/control/open`);
  t.is(led.searchParams.get('userId'), 'Rep_1');
  t.is(led.searchParams.get('url'), `http://rep-1.wecom.localhost:${world.port}/m/digest/g1?a=b#c`);
  t.is((await open('https://evil.example/m')).status, 400);
  t.is((await open('javascript:alert(1)')).status, 400);
  t.is((await get(`${world.base}/sandbox/open?platform=fax&userId=a&url=/m`)).status, 400);
});

test('places are known in the datum of maps and in that of cameras', async (t) => {
  const world = await serveSandbox(t);
  const [place] = (await (await get(`${world.base}/sandbox/api/places`)).json()) as {
    gcj02: { lat: number; lng: number };
    wgs84: { lat: number; lng: number };
  }[];
  t.is(place?.gcj02.lat, 31.2304);
  const metresNorth = Math.abs((place?.wgs84.lat ?? 0) - 31.2304) * 111_000;
  t.true(metresNorth > 50 && metresNorth < 800, `${metresNorth}`);
});

test('a stand-in that is gone is said, not hung on', async (t) => {
  const world = await serveSandbox(t);
  const dead = await serveRoutes(
    t,
    createSandboxRoutes({
      controlBase: 'http://127.0.0.1:1',
      publicUrl: 'http://127.0.0.1:8080',
      moveClock: () => Promise.resolve({ offsetMs: 0 }),
      places: () => Promise.resolve([]),
      log: silentLog,
    }),
  );
  const answer = await get(`${dead.base}/sandbox/api/state`);
  t.is(answer.status, 502);
  t.regex(await answer.text(), /沙盒没有应答/);
  t.is((await get(`${world.base}/sandbox`)).status, 200);
});
