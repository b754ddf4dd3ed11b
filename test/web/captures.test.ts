import test from 'ava';
import { NotAllowedError } from '../../src/core/index.js';
import type { Captures, CaptureView, Sending } from '../../src/web/captures.js';
import type { Viewer } from '../../src/web/backend.js';
import { get, logIn, REP, servePages } from './fakes.js';

const TICKET = 'WyJwIl0x.0123456789abcdefghijkl';
const VIEW = { kind: 'photo', state: 'open', maxBytes: 1_000_000 } as CaptureView;

function fakeCaptures() {
  const sent: { viewer: Viewer; ticket: string; sending: Sending }[] = [];
  const captures: Captures = {
    look: (viewer) =>
      viewer.personId === REP
        ? Promise.resolve(VIEW)
        : Promise.reject(new NotAllowedError('capture.not_yours', '', { say: '这一项是发给别人的。' })),
    send(viewer, ticket, sending) {
      sent.push({ viewer, ticket, sending });
      return Promise.resolve();
    },
    viewerOf: (_ticket, key) => (key === 'the-key' ? { personId: REP, platform: 'wecom' } : null),
  };
  return { sent, captures };
}

const form = (fields: Record<string, string>, bytes?: Uint8Array): FormData => {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  if (bytes !== undefined) made.append('photo', new Blob([Buffer.from(bytes)], { type: 'image/jpeg' }), '照片.jpg');
  return made;
};

test('the page asks for a login, and is sent to whoever has one', async (t) => {
  const { captures } = fakeCaptures();
  const world = await servePages(t, { captures });
  const asked = await get(`${world.base}/c/${TICKET}?p=wecom`);
  t.is(asked.headers.get('location'), `/login/wecom?to=${encodeURIComponent(`/c/${TICKET}?p=wecom`)}`);
  const { cookie, landed } = await logIn(world, 'code-rep', `/c/${TICKET}?p=wecom`);
  t.is(landed, `/c/${TICKET}?p=wecom`);
  const page = await get(`${world.base}/c/${TICKET}`, { cookie });
  t.is(page.status, 200);
  t.regex(page.headers.get('content-security-policy') ?? '', /script-src 'self';/);
});

test('what is sent: a form with its id, the photo, the position; by a session or by the key of the page', async (t) => {
  const { captures, sent } = fakeCaptures();
  const world = await servePages(t, { captures });
  const { cookie } = await logIn(world, 'code-rep');
  const post = (body: string | FormData, headers: Record<string, string>) =>
    fetch(`${world.base}/api/m/captures/${TICKET}`, { method: 'POST', body, headers });
  const own = { 'x-trailmark': '1' };
  const fields = {
    id: 'abcd-1234',
    position: JSON.stringify({ from: 'client', result: { latitude: 1 }, agoMs: 7 }),
    note: ' 见了主任 ',
  };
  t.is((await post(form(fields, Buffer.from('jpeg')), { ...own, cookie })).status, 200);
  t.deepEqual(sent[0]?.viewer, { personId: REP, platform: 'wecom' });
  t.like(sent[0]?.sending, {
    id: 'abcd-1234',
    position: { from: 'client', result: { latitude: 1 }, agoMs: 7 },
    note: '见了主任',
  });
  t.is(Buffer.from(sent[0]?.sending.file?.bytes ?? []).toString(), 'jpeg');
  t.is(sent[0]?.sending.file?.name, '照片.jpg');

  t.is((await post(form({ id: 'abcd-1234', media: 'm1' }), { ...own, 'x-upload-key': 'the-key' })).status, 200);
  t.is(sent[1]?.sending.media, 'm1');

  t.is((await post(form(fields), { cookie })).status, 403, 'a form of a foreign page');
  t.is((await post(form(fields), own)).status, 401);
  t.is((await post(form(fields), { ...own, 'x-upload-key': 'wrong' })).status, 401);
  const chief = await logIn(world, 'code-chief');
  const refused = await post(form(fields), { ...own, cookie: chief.cookie });
  t.is(refused.status, 403);
  t.regex(await refused.text(), /发给别人/);
  t.is(sent.length, 2);
});

test('bad bodies are refused in words and reach nobody', async (t) => {
  const { captures, sent } = fakeCaptures();
  const world = await servePages(t, { captures });
  const { cookie } = await logIn(world, 'code-rep');
  const post = async (body: string | FormData, ticket = TICKET, headers: Record<string, string> = {}) =>
    fetch(`${world.base}/api/m/captures/${ticket}`, {
      method: 'POST',
      body,
      headers: { 'x-trailmark': '1', cookie, ...headers },
    });
  const large = await post(form({ id: 'abcd-1234' }, Buffer.alloc(1_200_000)));
  t.is(large.status, 400);
  t.regex(await large.text(), /照片太大了/);
  for (const fields of [
    {},
    { id: 'short' },
    { id: 'a b c d e f' },
    { id: 'abcd-1234', position: '{' },
    { id: 'abcd-1234', position: '{"from":"moon","result":1}' },
    { id: 'abcd-1234', note: 'x'.repeat(501) },
  ] as Record<string, string>[])
    t.is((await post(form(fields))).status, 400, JSON.stringify(fields));
  t.is((await post('not a form', TICKET, { 'content-type': 'text/plain' })).status, 400);
  t.is((await post('--x\r\nbroken', TICKET, { 'content-type': 'multipart/form-data; boundary=x' })).status, 400);
  t.is((await post(form({ id: 'abcd-1234' }), 'a.b')).status, 400);
  t.deepEqual(sent, []);
});
