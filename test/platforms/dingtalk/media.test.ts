import test, { type ExecutionContext } from 'ava';
import { AppError, PlatformRefusedError } from '../../../src/core/index.js';
import { allowedMediaHosts, downloadMedia, publicLookup } from '../../../src/platforms/dingtalk/media.js';
import type { DingtalkSettings } from '../../../src/platforms/dingtalk/index.js';
import { startVendor, type Answers } from './vendor.js';

async function storage(t: ExecutionContext, answers: Answers) {
  const vendor = await startVendor(answers);
  t.teardown(() => vendor.close());
  return { vendor, hosts: [new URL(vendor.base).host], at: `${vendor.base}/iAEI.file?Expires=1&Signature=s%3D` };
}

test('the bytes come with no token of ours', async (t) => {
  const { vendor, hosts, at } = await storage(t, () => ({ text: 'jpeg', headers: { 'content-type': 'image/jpeg' } }));
  t.deepEqual(await downloadMedia(at, hosts, 100), { bytes: Buffer.from('jpeg'), contentType: 'image/jpeg' });
  t.is(vendor.asked[0]?.headers['x-acs-dingtalk-access-token'], undefined);
  t.is(vendor.asked[0]?.query.get('Signature'), 's=');
});

test('with the vendor only its hosts, with a stand-in only that one, or what is set', (t) => {
  const hosts = (apiBase: string, mediaHosts?: string[]) =>
    allowedMediaHosts({ apiBase, mediaHosts } as DingtalkSettings);
  t.deepEqual(hosts('https://api.dingtalk.com'), ['.dingtalk.com', '.aliyuncs.com', '.alicdn.com']);
  t.deepEqual(hosts('http://127.0.0.1:8080'), ['127.0.0.1:8080']);
  t.deepEqual(hosts('https://api.dingtalk.com', ['oss.example.com']), ['oss.example.com']);
});

test('addresses elsewhere are refused without a connection', async (t) => {
  const { vendor, hosts } = await storage(t, () => ({ text: 'x' }));
  const port = new URL(vendor.base).port;
  for (const address of [
    `http://localhost:${port}/a`,
    `http://127.0.0.1:${Number(port) + 1}/a`,
    `http://[::1]:${port}/a`,
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'ftp://oss.aliyuncs.com/a',
    'https://evilaliyuncs.com/a',
    'https://oss.aliyuncs.com.evil.example/a',
  ]) {
    await t.throwsAsync(
      downloadMedia(address, [...hosts, '.aliyuncs.com'], 100),
      { code: 'media.host_refused' },
      address,
    );
  }
  t.is(vendor.asked.length, 0);
});

test('a name of the vendor that resolves inside our network is not connected to', async (t) => {
  const { vendor } = await storage(t, () => ({ text: 'x' }));
  const { port } = new URL(vendor.base);
  await t.throwsAsync(downloadMedia(`http://a.localhost:${port}/a`, ['.localhost'], 100), {
    code: 'media.unreachable',
  });
  t.is(vendor.asked.length, 0);
  for (const all of [true, false]) {
    const error = await new Promise((resolve) => publicLookup('localhost', { all }, (failed) => resolve(failed)));
    t.true(error instanceof Error && error.message === 'no public address');
  }
});

test('redirects are not followed', async (t) => {
  const { vendor, hosts, at } = await storage(t, () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }));
  await t.throwsAsync(downloadMedia(at, hosts, 100), { code: 'media.unreachable' });
  t.is(vendor.asked.length, 1);
});

test('too large is refused by its length or while it comes, and gone is gone', async (t) => {
  const { vendor, hosts, at } = await storage(t, () => ({ text: 'x'.repeat(500) }));
  const error = await t.throwsAsync(downloadMedia(at, hosts, 100), { code: 'media.too_large' });
  t.true(error instanceof PlatformRefusedError && !error.retryable);
  vendor.answers = () => ({ text: 'x'.repeat(500), headers: { 'content-length': '500' } });
  await t.throwsAsync(downloadMedia(at, hosts, 100), { code: 'media.too_large' });
  for (const status of [403, 404]) {
    vendor.answers = () => ({ status });
    await t.throwsAsync(downloadMedia(at, hosts, 100), { code: 'media.gone' });
  }
  vendor.answers = () => ({ status: 500 });
  await t.throwsAsync(downloadMedia(at, hosts, 100), { code: 'media.unreachable' });
});

test('a storage that stalls is given up in time', async (t) => {
  const { hosts, at } = await storage(t, () => 'hang');
  const error = await t.throwsAsync(downloadMedia(at, hosts, 100, 50), { code: 'media.unreachable' });
  t.true(error instanceof AppError && error.retryable);
});
