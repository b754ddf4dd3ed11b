import test from 'ava';
import { fuzzWire } from '../../../scripts/fuzz-wire.js';

test('hostile frames of every kind end no store and harm no other connection', async (t) => {
  t.timeout(240_000);
  const report = await fuzzWire({ frames: 3000, seed: 7 });
  t.deepEqual(report.faults, []);
  t.true(report.connections >= report.kinds * 10, `only ${report.connections} connections`);
  t.true(report.refused > report.connections / 2, `only ${report.refused} of ${report.connections} closed`);
  t.true(report.bystander > 0);
  t.log(JSON.stringify(report));
});
