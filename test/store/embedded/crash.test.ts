import test from 'ava';
import { runCrashes } from '../../../scripts/crash-test.js';

test('kill -9 at 25 random instants loses nothing acknowledged and leaves every index equal to the data', async (t) => {
  t.timeout(300_000);
  const report = await runCrashes({ kills: 25, seconds: 60, seed: 20, runMs: 200 });
  t.deepEqual(report.lost, []);
  t.deepEqual(report.indexErrors, []);
  t.true(report.kills >= 5 && report.acknowledged > 0);
  t.log(`${report.kills} kills, ${report.acknowledged} acknowledged writes`);
});
