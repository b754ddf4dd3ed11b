import test, { type ExecutionContext } from 'ava';
import { AppError, silentLog } from '../../src/core/index.js';
import { createPool, type Pool, type PoolOptions } from '../../src/evidence/pool.js';

const ENTRY = new URL('./support/bad-worker.js', import.meta.url);

function openPool(t: ExecutionContext, more: Partial<PoolOptions> = {}): Pool {
  const pool = createPool({ size: 1, timeoutMs: 60_000, log: silentLog, entry: ENTRY, ...more });
  t.teardown(async () => await pool.close());
  return pool;
}
const ask = (pool: Pool, order = 'work') => pool.run({ kind: 'print', bytes: new Uint8Array(1), lines: [order] });
const pidOf = async (pool: Pool): Promise<string> => {
  const result = await ask(pool);
  return result.ok ? Buffer.from(result.facts).toString() : `failed: ${result.reason}`;
};
const isAlive = (pid: string): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

test('a worker is reused, and jobs beyond the size wait', async (t) => {
  const pool = openPool(t);
  const pids = await Promise.all([pidOf(pool), pidOf(pool), pidOf(pool)]);
  t.is(new Set(pids).size, 1);
  t.is(pool.length(), 0);
});

test('two workers work at once', async (t) => {
  const pool = openPool(t, { size: 2 });
  t.is(new Set(await Promise.all([pidOf(pool), pidOf(pool)])).size, 2);
});

test('a worker over time is killed, its job alone is lost, the next gets a new one', async (t) => {
  const pool = openPool(t, { timeoutMs: 1_500 });
  const [hung, next] = await Promise.all([ask(pool, 'hang'), pidOf(pool)]);
  t.false(hung.ok);
  t.is(hung.ok ? '' : hung.reason, 'timeout');
  t.regex(next, /^\d+$/u);
});

test('a worker that dies is tried once more, then its job is given up', async (t) => {
  const pool = openPool(t);
  const [dead, next] = await Promise.all([ask(pool, 'die'), pidOf(pool)]);
  t.is(dead.ok ? '' : dead.reason, 'crashed');
  t.regex(next, /^\d+$/u);
});

test('a worker killed by somebody else costs nothing: its job is done by another, once', async (t) => {
  const pool = openPool(t);
  const first = await pidOf(pool);
  process.kill(Number(first), 'SIGKILL');
  const second = await pidOf(pool);
  t.regex(second, /^\d+$/u);
  t.not(second, first);
});

test('a worker over its memory is killed', async (t) => {
  const pool = openPool(t, { maxBytes: 200 * 1024 * 1024 });
  const result = await ask(pool, 'grow');
  t.is(result.ok ? '' : result.reason, 'memory');
});

test('closing ends every worker and refuses what waits', async (t) => {
  const pool = openPool(t);
  const pid = await pidOf(pool);
  const hanging = ask(pool, 'hang');
  const waiting = ask(pool);
  const both = Promise.allSettled([hanging, waiting]);
  await pool.close();
  for (const one of await both) {
    t.is(one.status, 'rejected');
    t.is(one.status === 'rejected' && one.reason instanceof AppError ? one.reason.code : '', 'evidence.closed');
  }
  t.false(isAlive(pid));
  await t.throwsAsync(ask(pool), { instanceOf: AppError });
});
