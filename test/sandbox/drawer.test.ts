import test from 'ava';
import { createDrawer } from '../../src/sandbox/samples/drawer.js';
import { makeSample } from '../../src/sandbox/samples/index.js';
import { TAKEN_AT, ZONE } from '../evidence/support/context.js';

const PARAMS = { at: TAKEN_AT, zone: ZONE, clientName: '城东医院', seed: 3 };

test('a thread draws what would be drawn here, and whoever asked goes on meanwhile', async (t) => {
  t.timeout(60_000);
  const drawer = createDrawer();
  t.teardown(() => drawer.close());
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 5);
  const [photo, sheet] = await Promise.all([
    drawer.draw('site-photo', PARAMS),
    drawer.draw('equipment-list-csv', PARAMS),
  ]);
  clearInterval(ticking);
  t.true(turns > 5, `${turns} turns of the loop`);
  const here = await makeSample('equipment-list-csv', PARAMS);
  t.deepEqual(sheet, here);
  t.is(photo.mime, 'image/jpeg');
  await t.throwsAsync(drawer.draw('selfie', PARAMS), { message: /selfie/u });
});

test('who still waits when it is closed is told', async (t) => {
  t.timeout(60_000);
  const drawer = createDrawer();
  const waits = t.throwsAsync(drawer.draw('site-photo', PARAMS), { message: /ended/u });
  await drawer.close();
  await waits;
  await t.notThrowsAsync(drawer.close());
});
