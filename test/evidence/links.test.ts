import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import iconv from 'iconv-lite';
import { isPublicAddress } from '../../src/core/index.js';
import { judgeLink } from '../../src/evidence/judge/link.js';
import { createFetchPage } from '../../src/evidence/index.js';
import { htmlText } from '../../src/evidence/links/html-text.js';
import { buildContext } from './support/context.js';

async function serve(t: ExecutionContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const here = createFetchPage({ allow: (address) => address === '127.0.0.1' });
const html = { 'content-type': 'text/html; charset=utf-8' };

test('only addresses of the public internet are public', (t) => {
  for (const address of ['1.1.1.1', '114.114.114.114', '2400:3200::1', '2001:4860:4860::8888'])
    t.true(isPublicAddress(address), address);
  for (const address of [
    ...[
      '127.0.0.1',
      '0.0.0.0',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ...[
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      'fe80::1',
      'fd00::1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:0:1::',
      'ff02::1',
    ],
    ...['localhost', '', '127.1', '0x7f000001', '2130706433'],
  ])
    t.false(isPublicAddress(address), address);
});

test('nothing inside is reached: by number, by name, among others, or by a redirect', async (t) => {
  let reached = 0;
  const base = await serve(t, (_request, response) => {
    reached += 1;
    response.writeHead(200, html).end('inside');
  });
  const port = new URL(base).port;
  const inside = createFetchPage({
    resolve: (host) =>
      Promise.resolve(
        host === 'both.example'
          ? [
              { address: '1.1.1.1', family: 4 },
              { address: '127.0.0.1', family: 4 },
            ]
          : [{ address: '127.0.0.1', family: 4 }],
      ),
  });
  for (const url of [
    base,
    `http://name.example:${port}/`,
    `http://both.example:${port}/`,
    `http://2130706433:${port}/`,
    `http://0x7f.1:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://169.254.169.254/latest/meta-data`,
    'file:///etc/passwd',
    'gopher://1.1.1.1/',
  ])
    t.like(await inside(url), { ok: false, reason: 'address' }, url);
  t.is(reached, 0);

  const outside = await serve(t, (_request, response) =>
    response.writeHead(302, { location: `http://localhost:${port}/` }).end(),
  );
  const redirected = createFetchPage({
    allow: (address) => address === '127.0.0.1',
    resolve: () => Promise.resolve([{ address: '10.0.0.1', family: 4 }]),
  });
  t.like(await redirected(outside), { ok: false, reason: 'address' });
  t.is(reached, 0);
  t.like(await here(`http://user:secret@127.0.0.1:${port}/`), { ok: false, reason: 'address' });
});

test('the connection goes to the address that was checked, whatever the name says a moment later', async (t) => {
  const base = await serve(t, (request, response) =>
    response.writeHead(200, html).end(`<p>${request.headers.host}</p>`),
  );
  const asked: string[] = [];
  const pinned = createFetchPage({
    allow: (address) => address === '127.0.0.1',
    resolve: (host) => {
      asked.push(host);
      return Promise.resolve([{ address: asked.length === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
    },
  });
  const page = await pinned(`http://notice.example:${new URL(base).port}/`);
  t.true(page.ok && page.kind === 'text' && page.text.includes('notice.example'));
  t.deepEqual(asked, ['notice.example'], 'asked once');
});

test('redirects are followed by hand and not for ever', async (t) => {
  let hops = 0;
  const base = await serve(t, (request, response) => {
    hops += 1;
    const left = Number(request.url?.slice(1));
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
    else response.writeHead(200, html).end('there');
  });
  t.like(await here(`${base}/5`), { ok: true });
  t.is(hops, 6);
  t.like(await here(`${base}/6`), { ok: false, reason: 'unreachable' });
});

test('too large, too slow, no text, broken: said, never thrown', async (t) => {
  const base = await serve(t, (request, response) => {
    switch (request.url) {
      case '/large':
        response.writeHead(200, html).end(Buffer.alloc(3 * 1024 * 1024, 32));
        break;
      case '/bomb':
        response.writeHead(200, { ...html, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
        break;
      case '/picture':
        response.writeHead(200, { 'content-type': 'image/png' }).end('png');
        break;
      case '/gone':
        response.writeHead(404).end();
        break;
      case '/cut':
        response.writeHead(200, { ...html, 'content-length': '100' });
        response.write('half');
        response.destroy();
        break;
      default:
        response.writeHead(200, html).write('and then nothing');
    }
  });
  const quick = createFetchPage({ allow: (address) => address === '127.0.0.1', timeoutMs: 300 });
  t.like(await here(`${base}/large`), { reason: 'too_large' });
  t.like(await here(`${base}/bomb`), { reason: 'too_large' });
  t.like(await here(`${base}/picture`), { reason: 'unreadable' });
  t.like(await here(`${base}/gone`), { reason: 'unreachable', detail: 'status 404' });
  t.like(await here(`${base}/cut`), { reason: 'unreachable' });
  t.like(await quick(`${base}/slow`), { reason: 'unreachable' });
  t.like(await here('http://127.0.0.1:1/'), { reason: 'unreachable' });
});

test('a name that nobody resolves costs no more than the time there is', async (t) => {
  const stuck = createFetchPage({ resolve: () => new Promise(() => undefined), timeoutMs: 200 });
  const started = performance.now();
  t.like(await stuck('https://notice.example.com/1'), { reason: 'unreachable' });
  t.true(performance.now() - started < 5_000);
});

test('pages are read in GBK and UTF-8, without scripts and marks, and a hostile one in no time', (t) => {
  const page =
    '<meta charset="gb2312"><script>var 发布 = 1;</script><!-- 秘密 --><p>生化分析仪&nbsp;采购&#x516c;告</p>';
  t.regex(htmlText(iconv.encode(page, 'gbk'), 'text/html'), /^\s*生化分析仪 采购公告\s*$/u);
  t.is(htmlText(Buffer.from('<b>纯文字'), 'text/plain'), '<b>纯文字');
  const started = performance.now();
  htmlText(Buffer.from('<script'.repeat(280_000)), 'text/html');
  htmlText(Buffer.from('<!--'.repeat(500_000)), 'text/html');
  htmlText(Buffer.from('<'.repeat(2_000_000)), 'text/html');
  t.true(performance.now() - started < 5_000);
});

const request = {
  kind: 'link',
  url: 'https://notice.example.com/1',
  title: '城东医院全自动生化分析仪采购公告',
  publishedWithinMonths: 3,
} as const;
const page = (text: string) => ({ ok: true, text }) as const;

test('a notice is measured on its page', (t) => {
  const text = '城东医院 全自动生化分析仪采购公告 发布日期：2026-11-02 开标时间 2026年11月30日';
  const passed = judgeLink({ ...request, publishedOn: '2026-11-02' }, buildContext(), page(text));
  t.is(passed.status, 'passed');
  t.is(passed.facts['clientOnPage'], 1);
  const dated = judgeLink(request, buildContext(), page(text));
  t.is(dated.status, 'passed');
  t.is(dated.facts['publishedOn'], '2026-11-02', 'the page says what the person did not');
  t.is(
    judgeLink(request, buildContext(), page(text.replace('11-02', '07-02'))).status,
    'failed',
    'older than three months',
  );
});

test('a notice of another client goes to a person, under whatever other name of the client it stands', (t) => {
  const text = '城西医院 全自动生化分析仪采购公告 发布日期：2026-11-02';
  const given = { ...request, title: '全自动生化分析仪采购公告', publishedOn: '2026-11-02' };
  const other = judgeLink(given, buildContext(), page(text));
  t.is(other.status, 'review');
  t.is(other.say, '这条公告要请主管看一眼：那一页上没提到「城东医院」。贴错了就换一条这家客户的公告。');
  const client = { ...buildContext().client, aliases: ['城西医院'] };
  t.is(judgeLink(given, buildContext({ client }), page(text)).status, 'passed');
  const anything = { kind: 'link', url: given.url, title: given.title } as const;
  t.is(judgeLink(anything, buildContext(), page(text)).status, 'passed', 'a link that is no notice');
});

test('what the page does not bear out goes to a person; what cannot be reached is nobody’s fault', (t) => {
  const other = judgeLink(
    { ...request, publishedOn: '2026-11-02' },
    buildContext(),
    page('食堂大米采购 发布日期：2026-10-01'),
  );
  t.is(other.status, 'review');
  t.deepEqual(
    other.findings.filter(({ status }) => status === 'review').map(({ code }) => code),
    ['link.page_title', 'link.page_date', 'link.client'],
  );
  const away = judgeLink({ ...request, publishedOn: '2026-11-02' }, buildContext(), {
    ok: false,
    reason: 'unreachable',
    detail: 'status 503',
  });
  t.is(away.status, 'unchecked');
  t.regex(away.say, /这一页没打开。换个打得开的网址，或者请主管看一眼。/u);
  t.is(
    judgeLink({ ...request, publishedOn: '2026-11-02' }, buildContext()).status,
    'passed',
    'not meant to be fetched',
  );
});
