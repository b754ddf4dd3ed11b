import type { IncomingMessage } from 'node:http';
import test from 'ava';
import { parseRange } from '../../src/core/index.js';
import { createClientAddress } from '../../src/web/client-address.js';

const from = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never;

test('X-Forwarded-For is believed from trusted proxies only, from its end', (t) => {
  const plain = createClientAddress([]);
  t.is(plain(from('203.0.113.9', '101.226.103.7')), '203.0.113.9');
  t.is(plain(from('::ffff:203.0.113.9')), '203.0.113.9');

  const behind = createClientAddress(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);
  t.is(behind(from('10.1.2.3', '101.226.103.7')), '101.226.103.7');
  t.is(behind(from('::ffff:10.1.2.3', '101.226.103.7')), '101.226.103.7');
  t.is(behind(from('fd00::1', '101.226.103.7')), '101.226.103.7');
  t.is(behind(from('127.0.0.1', '101.226.103.7, 10.9.9.9')), '101.226.103.7', 'two proxies');
  t.is(behind(from('127.0.0.1', '101.226.103.7, 198.51.100.4')), '198.51.100.4', 'the client’s own word before it');
  t.is(behind(from('203.0.113.9', '101.226.103.7')), '203.0.113.9', 'no proxy of ours');
  for (const bad of [undefined, '', 'unknown', '101.226.103.7, nonsense'])
    t.is(behind(from('127.0.0.1', bad)), '127.0.0.1', bad);
});

test('ranges are read strictly', (t) => {
  t.deepEqual(parseRange('10.0.0.0/8'), { address: '10.0.0.0', prefix: 8, type: 'ipv4' });
  t.deepEqual(parseRange('::1'), { address: '::1', prefix: 128, type: 'ipv6' });
  for (const bad of ['', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'proxy.example.com', '10.0.0.0/-1'])
    t.is(parseRange(bad), null, bad);
});
