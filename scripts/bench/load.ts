import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus } from 'node:os';

export interface Shot {
  path: string;
  body: string;
}

export interface Load {
  /** Requests a second. */
  rate: number;
  p50: number;
  p99: number;
}

function shooter(port: number, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const shoot = ({ path, body }: Shot): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        { port, host: '127.0.0.1', path, method: body === '' ? 'GET' : 'POST', agent },
        (answer) => {
          answer.resume();
          answer.once('end', () => {
            if (answer.statusCode === 200) resolve();
            else reject(new Error(`answered ${answer.statusCode}`));
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  return { shoot, end: () => agent.destroy() };
}

function loadOf(latencies: number[], seconds: number): Load {
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { rate: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** Every connection sends its next request when it has its answer; a bad status voids the sample. */
export async function closedLoop(port: number, connections: number, shots: readonly Shot[]): Promise<Load> {
  const { shoot, end } = shooter(port, connections);
  const latencies: number[] = [];
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let shot = shots[next++]; shot !== undefined; shot = shots[next++]) {
        const at = performance.now();
        await shoot(shot);
        latencies.push(performance.now() - at);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  end();
  return loadOf(latencies, seconds);
}

/** One request at each tick whatever the answers do, counted from the tick: a stall cannot hide itself. */
export async function openLoop(port: number, perSecond: number, shots: readonly Shot[]): Promise<Load> {
  const { shoot, end } = shooter(port, 512);
  const latencies: number[] = [];
  const began = performance.now();
  await Promise.all(
    shots.map(async (shot, n) => {
      const due = began + (n * 1_000) / perSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      await shoot(shot);
      latencies.push(performance.now() - due);
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  end();
  return loadOf(latencies, seconds);
}

/** Share of the machine that anybody but these processes took between two looks; null where the system does not tell. */
export function otherLoad(pids: readonly number[]): () => number | null {
  const ticks = (): { all: number; busy: number; own: number } | null => {
    try {
      const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/u).slice(1, 9).map(Number) ?? [];
      const all = fields.reduce((sum, one) => sum + one, 0);
      const own = pids
        .map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [])
        .reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), 0);
      return { all, busy: all - (fields[3] ?? 0) - (fields[4] ?? 0), own };
    } catch {
      return null;
    }
  };
  const before = ticks();
  return () => {
    const after = ticks();
    if (before === null || after === null || after.all === before.all) return null;
    return Math.max(0, (after.busy - before.busy - (after.own - before.own)) / (after.all - before.all));
  };
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

export const machine = { node: process.version, cores: cpus().length };
