import { createLogger, errorText } from '../core/index.js';
import { type StandIns, startStandIns } from './stand-ins.js';
import type { FromParent, ToParent } from './index.js';

/** The child process: both stand-ins and their control. It lives no longer than its parent. */

let running: Promise<StandIns> | undefined;
let leaving = false;

function tell(message: ToParent): void {
  if (process.connected) process.send?.(message);
}

async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  try {
    await (await running)?.close();
  } finally {
    process.exit(0);
  }
}

process.on('message', (message: FromParent) => {
  switch (message.type) {
    case 'start':
      running = startStandIns({
        dataDir: message.dataDir,
        log: createLogger(message.logLevel, 'sandbox'),
        ...(message.timings === undefined ? {} : { timings: message.timings }),
      });
      running.then(
        ({ access }) => tell({ type: 'ready', access }),
        (error: unknown) => {
          tell({ type: 'failed', reason: errorText(error) });
          process.exit(1);
        },
      );
      break;
    case 'stop':
      void leave();
      break;
  }
});
process.on('disconnect', () => void leave());
// The parent decides when this ends; a Ctrl-C goes to the whole group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void leave());
