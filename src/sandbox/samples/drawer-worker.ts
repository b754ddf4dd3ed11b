import { parentPort } from 'node:worker_threads';
import { errorText } from '../../core/index.js';
import type { Drawn, Wanted } from './drawer.js';
import { makeSample } from './index.js';

// Entry of the drawer's thread.
parentPort?.on('message', ({ id, name, params }: Wanted) => {
  makeSample(name, params).then(
    (sample) => parentPort?.postMessage({ id, sample } satisfies Drawn),
    (error: unknown) => parentPort?.postMessage({ id, error: errorText(error) } satisfies Drawn),
  );
});
