/** What the starting thread and the store's thread say to each other. */
export interface WorkerOptions {
  dataDir: string;
  host: string;
  port: number;
  secret: string | null;
  ttlSweepMs: number;
}

export type ToWorker = { kind: 'stop' } | { kind: 'stats'; id: number };

export type FromWorker =
  | { kind: 'ready'; port: number }
  | { kind: 'refused'; code: 'damaged' | 'unwritable'; say: string; cause: string }
  | { kind: 'failed'; message: string; errno?: string }
  | { kind: 'stats'; id: number; stats: Record<string, number> }
  | { kind: 'internal-error'; command: string; message: string }
  | { kind: 'stopped' };

/** The user name in the uri; the password is a secret made at every start. */
export const USER = 'store';
