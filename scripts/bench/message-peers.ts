// What the message bench measures against, in a process of its own: a bare Koa hello, and a platform that says yes to all.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port;

let calls = 0;
const platform = createServer((request, answer) => {
  request.resume();
  calls++;
  answer.setHeader('content-type', 'application/json');
  answer.end(JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: 'bench', expires_in: 7_200, msgid: 'm' }));
}).listen(0, '127.0.0.1');
const hello = new Koa()
  .use((ctx) => {
    ctx.body = ctx.path === '/calls' ? String(calls) : 'hello';
  })
  .listen(0, '127.0.0.1');

hello.once('listening', () => {
  process.send?.({ hello: portOf(hello), platform: portOf(platform) });
});
process.once('disconnect', () => process.exit(0));
