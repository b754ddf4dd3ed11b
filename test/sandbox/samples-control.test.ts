import test from 'ava';
import { startBench } from './support.js';

// In a file of its own: drawing keeps a process busy for seconds.
test('samples can be picked and sent', async (t) => {
  const bench = await startBench(t);
  const { json } = await bench.control('GET', 'samples');
  const [first] = json as unknown as { name: string; kind: string }[];
  t.is(first?.kind, 'photo');
  const response = await fetch(
    `${bench.access.controlBase}/control/samples/${first?.name ?? ''}?clientName=城东医院&seed=3`,
  );
  t.is(response.headers.get('content-type'), 'image/jpeg');
  t.true((await response.arrayBuffer()).byteLength > 1_000);
  t.is((await fetch(`${bench.access.controlBase}/control/samples/none`)).status, 400);
});
