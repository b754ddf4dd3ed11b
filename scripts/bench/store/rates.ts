import { median, otherLoad } from '../load.js';

export interface Work {
  /** Operations of one sample. */
  n: number;
  inFlight: number;
  run: (i: number) => Promise<unknown>;
}

interface Sample {
  perSecond: number;
  /** Of the whole process: driver and store. */
  cpuMicros: number;
}

let serial = 0;

async function sample({ n, inFlight, run }: Work): Promise<Sample> {
  let left = n;
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await run(serial++);
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: n / seconds, cpuMicros: (user + system) / n };
}

/** Until the rate stops rising: compiled code is several times faster than code that runs the first time. */
async function warm(work: Work): Promise<void> {
  let best = 0;
  for (let rounds = 0, still = 0; rounds < MOST_WARM_UPS && still < 2; rounds++) {
    const { perSecond } = await sample(work);
    still = perSecond > best * 1.05 ? 0 : still + 1;
    best = Math.max(best, perSecond);
  }
}

const MOST_WARM_UPS = 8;
const ROUNDS = 5;
/** Others took more of the machine than this: the figure says as much about them. */
const NOISY = 0.06;

/**
 * Rates of one kind of work on the store, beside the same on bare lmdb and beside the driver's ceiling, taken before and
 * after each sample so that what slows the machine slows all three.
 */
export async function rates(work: {
  store: Work;
  bare?: Work;
  canned?: Work;
}): Promise<Record<string, number | boolean>> {
  const { store, bare, canned } = work;
  for (const one of [bare, canned, store]) if (one) await warm(one);
  const own: Sample[] = [];
  const others: number[] = [];
  const ratios: Record<'ratio' | 'ofCeiling', number[]> = { ratio: [], ofCeiling: [] };
  const ceilings: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const load = otherLoad([process.pid]);
    const before = { bare: bare && (await sample(bare)), canned: canned && (await sample(canned)) };
    const taken = await sample(store);
    const after = { bare: bare && (await sample(bare)), canned: canned && (await sample(canned)) };
    own.push(taken);
    const mean = (a: Sample, b: Sample): number => (a.perSecond + b.perSecond) / 2;
    if (before.bare && after.bare) ratios.ratio.push(taken.perSecond / mean(before.bare, after.bare));
    if (before.canned && after.canned) {
      ceilings.push(mean(before.canned, after.canned));
      ratios.ofCeiling.push(taken.perSecond / mean(before.canned, after.canned));
    }
    others.push(load() ?? 0);
  }
  const rounded = (numbers: readonly number[]): number => Number(median(numbers).toFixed(3));
  return {
    value: Math.round(median(own.map((one) => one.perSecond))),
    best: Math.round(Math.max(...own.map((one) => one.perSecond))),
    ...(ratios.ratio.length > 0 ? { ratio: rounded(ratios.ratio) } : {}),
    ...(ratios.ofCeiling.length > 0
      ? { driverCeiling: Math.round(median(ceilings)), ofCeiling: rounded(ratios.ofCeiling) }
      : {}),
    cpuMicros: Math.round(median(own.map((one) => one.cpuMicros))),
    n: store.n * ROUNDS,
    ...(median(others) >= NOISY ? { noisy: true, others: rounded(others) } : {}),
  };
}
