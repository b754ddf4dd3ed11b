// Time on a shared machine: wall seconds, and CPU seconds of the worker processes, which other people's load stretches less.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

export interface Spent {
  wallMs: number;
  /** Null where /proc is missing. */
  cpuMs: number | null;
}

/** CPU of the processes this one has started and that still live, in ms; user and system ticks are 1/100 s. */
async function childrenCpuMs(): Promise<number | null> {
  try {
    const tasks = await readdir('/proc/self/task');
    const lists = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8')));
    const pids = [
      ...new Set(
        lists
          .join(' ')
          .split(/\s+/u)
          .filter((pid) => pid !== ''),
      ),
    ];
    const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
    return stats.reduce((sum, stat) => {
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
    }, 0);
  } catch {
    return null;
  }
}

export async function timed<T>(work: () => Promise<T>): Promise<{ result: T } & Spent> {
  const [before, started] = [await childrenCpuMs(), performance.now()];
  const result = await work();
  const [after, wallMs] = [await childrenCpuMs(), performance.now() - started];
  return { result, wallMs, cpuMs: before === null || after === null ? null : after - before };
}

/** The installed `tesseract` program on a file, one thread, scattered text; null where it is not installed. */
export async function nativeTesseract(file: string): Promise<Spent | null> {
  const started = performance.now();
  // `times` writes the CPU of the shell, then that of its children: `0m1.230s 0m0.040s`.
  const args = ['-c', '"$@" >/dev/null 2>&1 && times', 'sh', 'tesseract', file, '-', '-l', 'chi_sim', '--psm', '11'];
  return await new Promise((resolve) => {
    execFile('sh', args, { env: { ...process.env, OMP_THREAD_LIMIT: '1' } }, (error, stdout) => {
      const children = stdout.trim().split('\n').at(-1) ?? '';
      const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/gu)].map(([, m, s]) => Number(m) * 60 + Number(s));
      const cpuMs = seconds.reduce((sum, one) => sum + one, 0) * 1000;
      resolve(error === null ? { wallMs: performance.now() - started, cpuMs } : null);
    });
  });
}
