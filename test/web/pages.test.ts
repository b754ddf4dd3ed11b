import test from 'ava';
import sharp from 'sharp';
import { fakeBackend, get, logIn, rawGet, servePages } from './fakes.js';

interface Answer {
  error?: { code: string; message: string };
}

test('every call needs a session', async (t) => {
  const world = await servePages(t);
  for (const path of [
    'home',
    'digest/1',
    'figure/1/red',
    'deals/deal_1',
    'evidence/evidence_1',
    'evidence/evidence_1/picture',
  ]) {
    const answer = await get(`${world.base}/api/m/${path}`);
    t.is(answer.status, 401, path);
    t.is(((await answer.json()) as Answer).error?.code, 'session.missing');
  }
  const made = { cookie: `__Host-trailmark=${'0'.repeat(64)}` };
  t.is((await get(`${world.base}/api/m/home`, made)).status, 401);
  t.deepEqual(world.backend.seen, []);
});

test('what lies outside the scope is 403, what does not exist 404, both in Chinese', async (t) => {
  const world = await servePages(t);
  const rep = await logIn(world, 'code-rep');
  const chief = await logIn(world, 'code-chief');
  t.is((await get(`${world.base}/api/m/deals/deal_1`, rep)).status, 200);
  const forbidden = await get(`${world.base}/api/m/deals/deal_1`, chief);
  t.is(forbidden.status, 403);
  t.regex(((await forbidden.json()) as Answer).error?.message ?? '', /范围/);
  t.is((await get(`${world.base}/api/m/deals/deal_2`, rep)).status, 404);
  t.is((await get(`${world.base}/api/m/nothing`, rep)).status, 404);
  t.is((await get(`${world.base}/api/m/deals/${encodeURIComponent('../x')}`, rep)).status, 400);
});

test('an unknown failure is a plain 500 and tells nothing', async (t) => {
  const backend = fakeBackend({ bytes: new Uint8Array(), mime: 'image/png' });
  backend.home = () => Promise.reject(new Error('mongodb://secret'));
  const world = await servePages(t, { backend });
  const answer = await get(`${world.base}/api/m/home`, await logIn(world, 'code-rep'));
  t.is(answer.status, 500);
  t.false((await answer.text()).includes('secret'));
});

test('nothing is changed without the header of our own pages', async (t) => {
  const world = await servePages(t);
  const { cookie } = await logIn(world, 'code-rep');
  const leave = (headers: Record<string, string>) =>
    fetch(`${world.base}/api/m/logout`, { method: 'POST', headers: { cookie, ...headers } });
  t.is((await leave({})).status, 403);
  t.is((await get(`${world.base}/api/m/home`, { cookie })).status, 200);
  t.is((await leave({ 'x-trailmark': '1' })).status, 200);
  t.is((await get(`${world.base}/api/m/home`, { cookie })).status, 401);
});

test('pictures: the original is asked for by name, a copy may be small, other types are downloaded', async (t) => {
  const bytes = await sharp({ create: { width: 800, height: 600, channels: 3, background: '#345' } })
    .jpeg()
    .toBuffer();
  const backend = fakeBackend({ bytes, mime: 'image/jpeg' });
  const world = await servePages(t, { backend });
  const { cookie } = await logIn(world, 'code-rep');
  const base = `${world.base}/api/m/evidence/evidence_1/picture`;

  const copy = await get(base, { cookie });
  t.is(copy.headers.get('content-type'), 'image/jpeg');
  t.is((await copy.arrayBuffer()).byteLength, bytes.length);
  const thumb = await sharp(Buffer.from(await (await get(`${base}?size=thumb`, { cookie })).arrayBuffer())).metadata();
  t.deepEqual([thumb.width, thumb.height], [160, 160]);
  const original = await get(`${base}?which=original&size=thumb`, { cookie });
  t.is(original.headers.get('cache-control'), 'no-store');
  t.is((await original.arrayBuffer()).byteLength, bytes.length);
  t.deepEqual(
    backend.seen.map((line) => line.split(' ')[1]),
    ['picture-copy', 'picture-thumb', 'picture-original'],
  );

  const html = await servePages(t, { backend: fakeBackend({ bytes: Buffer.from('<script>'), mime: 'text/html' }) });
  const file = await get(`${html.base}/api/m/evidence/evidence_1/picture`, await logIn(html, 'code-rep'));
  t.is(file.headers.get('content-type'), 'application/octet-stream');
  t.regex(file.headers.get('content-disposition') ?? '', /^attachment/);
});

test('pages run no foreign code and stand in no foreign frame, except in the sandbox', async (t) => {
  const world = await servePages(t);
  const page = await get(`${world.base}/m`, await logIn(world, 'code-rep'));
  const policy = page.headers.get('content-security-policy') ?? '';
  t.true(policy.includes("script-src 'self';"));
  t.false(/unsafe/.test(policy));
  t.true(policy.endsWith("frame-ancestors 'self'"));
  t.is(page.headers.get('x-content-type-options'), 'nosniff');
  t.is(page.headers.get('referrer-policy'), 'no-referrer');

  const sandbox = await servePages(t, { sandbox: true, publicUrl: 'http://127.0.0.1:8080' });
  const framed = await get(`${sandbox.base}/m`, await logIn(sandbox, 'code-rep'));
  t.regex(
    framed.headers.get('content-security-policy') ?? '',
    /frame-ancestors 'self' http:\/\/127\.0\.0\.1:\* .*\*\.localhost:\*/,
  );
});

test('only built files of known types come out of the folder of the pages', async (t) => {
  const world = await servePages(t);
  t.is((await get(`${world.base}/ui/icon.svg`)).headers.get('content-type'), 'image/svg+xml');
  for (const path of ['index.html', '..%2f..%2fpackage.json', '%2e%2e/%2e%2e/etc/passwd.js', 'none.js'])
    t.is((await get(`${world.base}/ui/${path}`)).status, 404, path);
  t.is((await rawGet(world.base, '/ui/icon.svg')).status, 200);
  t.is((await rawGet(world.base, '/ui/../outside.js')).status, 404);
});
