// Stands in for the worker: does what the job's lines say. Only for the tests of the pool.
import type { JobMessage } from '../../../src/evidence/jobs.js';

let grown: Buffer[] = [];

process.on('message', ({ id, job }: JobMessage) => {
  const order = job.kind === 'print' ? (job.lines[0] ?? '') : '';
  switch (order) {
    case 'hang':
      for (;;) grown = [];
    case 'die':
      return process.exit(7);
    case 'grow':
      // Touched memory, beyond any small cap.
      for (let i = 0; i < 40; i += 1) grown.push(Buffer.alloc(8 * 1024 * 1024, i));
      return undefined;
    default:
      return process.send?.({
        id,
        result: { ok: true, facts: Buffer.from(`${process.pid}`) },
        residentBytes: process.memoryUsage.rss(),
      });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
