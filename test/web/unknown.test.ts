import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import Koa from 'koa';
import { answerUnknown } from '../../src/web/index.js';

test('an unknown address is a page for people and a bare 404 for programs', async (t) => {
  const app = new Koa().use(answerUnknown({ sandbox: true }));
  const server = createServer(app.callback() as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/nowhere`;
  const page = await fetch(address, { headers: { accept: 'text/html,*/*;q=0.8' } });
  t.is(page.status, 404);
  t.regex(await page.text(), /没有这个页面[^]*href="\/sandbox"/u);
  for (const accept of ['application/json', '*/*']) {
    const bare = await fetch(address, { headers: { accept } });
    t.is(bare.status, 404, accept);
    t.notRegex(await bare.text(), /<html/u, accept);
  }
  t.is((await fetch(address, { method: 'POST', headers: { accept: 'text/html' } })).status, 404);
});
