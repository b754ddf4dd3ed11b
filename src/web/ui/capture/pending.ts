import type { SentPosition } from './bridge.ts';

/** What was taken and has not reached the server: kept on the phone, so that a lost signal or a closed page loses nothing. */
export interface Pending {
  /** Made once: however often it is sent, it counts once. */
  id: string;
  file: File | null;
  /** Where the platform keeps the photo. */
  media?: string;
  position: SentPosition | null;
  /** ms since 1970, of the phone. */
  positionAt: number;
  code?: string;
  note?: string;
}

const DATABASE = 'trailmark';
const STORE = 'captures';

/** `crypto.randomUUID` is missing in older clients. */
export const newSendingId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('indexedDB'));
  });
}

/** A browser without a store (private windows) only keeps what is on the screen: null, and nothing is said. */
async function withStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | null> {
  try {
    const database = await open();
    try {
      return await new Promise<T>((resolve, reject) => {
        const request = act(database.transaction(STORE, mode).objectStore(STORE));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('indexedDB'));
      });
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

export const keepPending = (ticket: string, pending: Pending): Promise<unknown> =>
  // Vue's proxies cannot be stored.
  withStore('readwrite', (store) => store.put({ ...pending, position: plain(pending.position) }, ticket));
export const dropPending = (ticket: string): Promise<unknown> =>
  withStore('readwrite', (store) => store.delete(ticket));
export const pendingOf = (ticket: string): Promise<Pending | null> =>
  withStore<Pending | undefined>('readonly', (store) => store.get(ticket)).then((found) => found ?? null);

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
