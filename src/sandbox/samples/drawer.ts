import { Worker } from 'node:worker_threads';
import type { Sample, SampleParams } from './index.js';

export interface Wanted {
  id: number;
  name: string;
  params: SampleParams;
}
export type Drawn = { id: number } & ({ sample: Omit<Sample, 'bytes'> & { bytes: Uint8Array } } | { error: string });

/** Draws samples in a thread of its own: a picture is a second of work, and whoever answers phones must not stop for it. */
export interface Drawer {
  /** Rejects with the reason when the sample is unknown or cannot be drawn. */
  draw(name: string, params: SampleParams): Promise<Sample>;
  close(): Promise<void>;
}

export function createDrawer(): Drawer {
  const waiting = new Map<number, { resolve: (sample: Sample) => void; reject: (error: Error) => void }>();
  let worker: Worker | null = null;
  let serial = 0;

  function giveUp(reason: string): void {
    worker = null;
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  }

  function start(): Worker {
    const started = new Worker(new URL('./drawer-worker.js', import.meta.url));
    started.on('message', (drawn: Drawn) => {
      const asker = waiting.get(drawn.id);
      waiting.delete(drawn.id);
      if ('error' in drawn) asker?.reject(new Error(drawn.error));
      else asker?.resolve({ ...drawn.sample, bytes: Buffer.from(drawn.sample.bytes) });
    });
    started.on('error', (error) => giveUp(error.message));
    started.on('exit', () => {
      if (worker === started) giveUp('the drawer ended');
    });
    return started;
  }

  return {
    draw(name, params) {
      worker ??= start();
      const id = serial++;
      const wanted: Wanted = { id, name, params };
      worker.postMessage(wanted);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    async close() {
      await worker?.terminate();
    },
  };
}
