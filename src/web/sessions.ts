import { createHash, randomBytes } from 'node:crypto';
import { DAY, HOUR, MINUTE, type Clock, type PersonId } from '../core/index.js';
import type { PlatformName } from '../platforms/contract.js';

/**
 * A row of the session store. The key is the sha256 of what the browser holds, so a copy of the store opens nothing.
 * `login`: a login on its way (the state of OAuth), used once. `session`: a person who has logged in.
 */
export type SessionRecord =
  | {
      _id: string;
      kind: 'login';
      expiresAt: Date;
      platform: PlatformName;
      browser: string;
      to: string;
      redirectUri: string;
    }
  | {
      _id: string;
      kind: 'session';
      /** Absolute end; a store may drop the row after it (TTL index). */
      expiresAt: Date;
      /** Last use, written at most once a few minutes; idle sessions end earlier. */
      seenAt: Date;
      platform: PlatformName;
      personId: PersonId;
    };

export interface SessionStore {
  create(record: SessionRecord): Promise<void>;
  get(id: string): Promise<SessionRecord | null>;
  /** True for exactly one of several concurrent calls: it makes a login state usable once. */
  delete(id: string): Promise<boolean>;
  touch(id: string, seenAt: Date): Promise<void>;
}

/** For tests and single runs: forgets everything with the process. */
export class MemorySessionStore implements SessionStore {
  readonly #rows = new Map<string, SessionRecord>();
  create(record: SessionRecord): Promise<void> {
    this.#rows.set(record._id, { ...record });
    return Promise.resolve();
  }
  get(id: string): Promise<SessionRecord | null> {
    const row = this.#rows.get(id);
    return Promise.resolve(row ? { ...row } : null);
  }
  delete(id: string): Promise<boolean> {
    return Promise.resolve(this.#rows.delete(id));
  }
  touch(id: string, seenAt: Date): Promise<void> {
    const row = this.#rows.get(id);
    if (row?.kind === 'session') row.seenAt = seenAt;
    return Promise.resolve();
  }
}

/** A login that takes longer than this begins anew; both platforms' codes live five minutes too. */
const LOGIN_MS = 5 * MINUTE;
/** A working day in the field with long drives between two looks. */
const IDLE_MS = 12 * HOUR;
/** After this one logs in again whatever one did; inside the chat apps that is silent. */
const ABSOLUTE_MS = 7 * DAY;
/** `seenAt` is not worth a write at every request. */
const TOUCH_AFTER_MS = 5 * MINUTE;

const hash = (token: string): string => createHash('sha256').update(token).digest('base64url');
/** 256 bit. Letters and digits only, as the platforms demand of `state`. */
const newToken = (): string => randomBytes(32).toString('hex');

export interface Sessions {
  /** `browser` binds the login to the browser that began it; it is handed over as a cookie. */
  beginLogin(login: {
    platform: PlatformName;
    to: string;
    redirectUri: string;
  }): Promise<{ state: string; browser: string }>;
  /** What was begun under this state by this browser; null when unknown, used, too old or somebody else's. */
  finishLogin(
    platform: PlatformName,
    state: string,
    browser: string | undefined,
  ): Promise<{ to: string; redirectUri: string } | null>;
  open(person: { personId: PersonId; platform: PlatformName }): Promise<string>;
  read(token: string | undefined): Promise<{ personId: PersonId; platform: PlatformName } | null>;
  close(token: string | undefined): Promise<void>;
}

/** `clock` is the machine's, also in the sandbox: moving the demo's clock does not log anybody out. */
export function createSessions({ store, clock }: { store: SessionStore; clock: Clock }): Sessions {
  const after = (ms: number): Date => new Date(clock.now().getTime() + ms);
  return {
    async beginLogin({ platform, to, redirectUri }) {
      const state = newToken();
      const browser = newToken();
      await store.create({
        _id: hash(state),
        kind: 'login',
        expiresAt: after(LOGIN_MS),
        platform,
        browser: hash(browser),
        to,
        redirectUri,
      });
      return { state, browser };
    },

    async finishLogin(platform, state, browser) {
      const row = await store.get(hash(state));
      if (row?.kind !== 'login' || browser === undefined || row.browser !== hash(browser) || row.platform !== platform)
        return null;
      // Deleted before use: of two answers with the same state, one wins.
      if (!(await store.delete(row._id)) || row.expiresAt <= clock.now()) return null;
      return { to: row.to, redirectUri: row.redirectUri };
    },

    async open({ personId, platform }) {
      const token = newToken();
      await store.create({
        _id: hash(token),
        kind: 'session',
        expiresAt: after(ABSOLUTE_MS),
        seenAt: clock.now(),
        platform,
        personId,
      });
      return token;
    },

    async read(token) {
      if (token === undefined || token === '') return null;
      const row = await store.get(hash(token));
      if (row?.kind !== 'session') return null;
      const now = clock.now();
      if (row.expiresAt <= now || now.getTime() - row.seenAt.getTime() > IDLE_MS) {
        await store.delete(row._id);
        return null;
      }
      if (now.getTime() - row.seenAt.getTime() > TOUCH_AFTER_MS) await store.touch(row._id, now);
      return { personId: row.personId, platform: row.platform };
    },

    async close(token) {
      if (token !== undefined && token !== '') await store.delete(hash(token));
    },
  };
}
