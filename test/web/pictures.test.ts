import test from 'ava';
import { DAY, FixedClock, MINUTE } from '../../src/core/index.js';
import type { DigestSnapshot } from '../../src/insights/index.js';
import { createPictures, pictureTicket } from '../../src/pictures.js';
import { get, servePages } from './fakes.js';

const SECRET = 's'.repeat(32);
const ID = 'digest:demo-supervisor-1:2026-11-24';

test('a card’s picture opens by its ticket without a login, for a week, and by no other', async (t) => {
  const clock = new FixedClock('2026-11-24T01:00:00Z');
  const asked: string[] = [];
  const figure = { id: 'p', label: '过程穿透率', value: '81%', percent: 81, fraction: null, previous: null, how: '' };
  const snapshot = { _id: ID, scopeName: '华东一组', on: '2026-11-24', penetration: figure, stages: [], lights: [] };
  const pictures = createPictures({
    secret: SECRET,
    clock,
    insights: {
      digest: (id) => {
        asked.push(id);
        return Promise.resolve(id === ID ? (snapshot as unknown as DigestSnapshot) : null);
      },
    },
  });
  const { base } = await servePages(t, { pictures });
  const ticket = pictureTicket(SECRET, ID, clock.now());
  const answer = await get(`${base}/p/${ticket}`);
  t.is(answer.status, 200);
  t.is(answer.headers.get('content-type'), 'image/png');
  t.deepEqual([...new Uint8Array(await answer.arrayBuffer()).subarray(1, 4)], [0x50, 0x4e, 0x47]);
  t.deepEqual(asked, [ID]);

  const [words = '', signature = ''] = ticket.split('.');
  const later = Buffer.from(JSON.stringify([ID, clock.now().getTime() + 900 * DAY])).toString('base64url');
  for (const forged of [
    `${later}.${signature}`,
    words,
    `${words}.`,
    'x',
    pictureTicket('t'.repeat(32), ID, clock.now()),
  ]) {
    t.is((await get(`${base}/p/${forged}`)).status, 404, forged);
  }
  t.is((await get(`${base}/p/${'x'.repeat(400)}.y`)).status, 404);
  t.is((await get(`${base}/p/${pictureTicket(SECRET, 'digest:gone', clock.now())}`)).status, 404);
  clock.advance(7 * DAY - MINUTE);
  t.is((await get(`${base}/p/${ticket}`)).status, 200);
  clock.advance(MINUTE);
  t.is((await get(`${base}/p/${ticket}`)).status, 404, 'its week is over');
});
