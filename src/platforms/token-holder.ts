import { errorCode, errorText, HOUR, PlatformRefusedError, SECOND, type Clock, type Log } from '../core/index.js';

/** A token or a ticket as it is kept. Never logged. */
export interface StoredToken {
  value: string;
  /** From here on it is renewed, while the old one still serves. */
  renewAt: Date;
  expiresAt: Date;
}

/** Where tokens are shared by all processes of the company; keys are `platform:app`. Must be safe to call concurrently. */
export interface TokenStore {
  load(key: string): Promise<StoredToken | null>;
  save(key: string, token: StoredToken): Promise<void>;
  /** Forgets the token, but only if it is still `value`: another process may have renewed it in the meantime. */
  drop(key: string, value: string): Promise<void>;
  /** True for the one process that may renew now, for at most `ms`. `save` and `release` end it early. */
  claim(key: string, ms: number): Promise<boolean>;
  release(key: string): Promise<void>;
}

/** What the vendor gave: the token or ticket, and how long it lives. */
export interface FetchedToken {
  value: string;
  lifeMs: number;
}

export interface TokenHolder {
  /** A token that is valid by the clock. Many callers share one renewal. */
  get(): Promise<string>;
  /** The vendor refused this token: forget it, unless it was renewed already. */
  drop(failed: string): Promise<void>;
  /** Runs `call` with a token; when the vendor refuses the token, renews once and runs `call` once more. */
  run<T>(call: (token: string) => Promise<T>): Promise<T>;
  /** `stopped`: the vendor refused our secret; somebody must look at the settings. */
  state(): 'idle' | 'ready' | 'stopped';
}

export interface TokenHolderDeps {
  /** Name in the store, e.g. `wecom:<corp>:<agent>`, `wecom:<corp>:page-ticket`. */
  key: string;
  store: TokenStore;
  clock: Clock;
  log: Log;
  /** Asks the vendor. A `PlatformRefusedError` that is not retryable means that the settings are wrong: the secret, a permission. */
  fetch: () => Promise<FetchedToken>;
  /** Does this error of a call mean that the token is no longer good? */
  isTokenRefused: (error: unknown) => boolean;
  /** Called once each time the holder stops: wakes an administrator. */
  onStopped?: (error: PlatformRefusedError) => void;
}

/** Renewed when this part of its life is over. */
const RENEW_AT = 0.9;
/** A failed renewal is tried again after 1, 2, 4 … s, at most every half minute. */
const MAX_BACKOFF_MS = 30 * SECOND;
/** Both vendors punish repeated wrong secrets (WeCom bans the address for an hour), so a refused secret rests as long. */
const STOPPED_FOR_MS = HOUR;
/** Longest a renewal by another process is waited for; above the time limit of one call. */
const CLAIM_MS = 10 * SECOND;
const CLAIM_POLL_MS = 100;

export function createTokenHolder(deps: TokenHolderDeps): TokenHolder {
  const { key, store, clock, log } = deps;
  let cached: StoredToken | null = null;
  /** The last token the vendor refused: not taken again from the store. */
  let refused: string | null = null;
  let renewal: Promise<StoredToken> | null = null;
  let failure: { error: Error; at: number; waitMs: number; stopped: boolean } | null = null;

  /** The token if it is good by the clock until then. */
  const good = (token: StoredToken | null, until: 'renewAt' | 'expiresAt'): StoredToken | null =>
    token !== null && clock.now().getTime() < token[until].getTime() ? token : null;

  /** The shared store is a help, not a condition: when it is away we ask the vendor ourselves. */
  async function fromStore<T>(doing: string, action: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await action();
    } catch (error) {
      log.warn({ key, doing, code: errorCode(error) }, 'token store did not answer');
      return otherwise;
    }
  }

  /** What is still resting from the last failure; a clock that went back ends the rest. */
  function resting(): Error | null {
    if (failure === null) return null;
    const elapsed = clock.now().getTime() - failure.at;
    return elapsed >= 0 && elapsed < failure.waitMs ? failure.error : null;
  }

  async function fetchAndSave(): Promise<StoredToken> {
    const { value, lifeMs } = await deps.fetch();
    const now = clock.now().getTime();
    const token = { value, renewAt: new Date(now + lifeMs * RENEW_AT), expiresAt: new Date(now + lifeMs) };
    await fromStore('save', () => store.save(key, token), undefined);
    return token;
  }

  async function renew(): Promise<StoredToken> {
    const deadline = Date.now() + CLAIM_MS;
    for (;;) {
      const shared = good(await fromStore('load', () => store.load(key), null), 'renewAt');
      if (shared !== null && shared.value !== refused) return shared;
      if (Date.now() >= deadline || (await fromStore('claim', () => store.claim(key, CLAIM_MS), true))) break;
      await new Promise((resolve) => setTimeout(resolve, CLAIM_POLL_MS));
    }
    try {
      return await fetchAndSave();
    } finally {
      await fromStore('release', () => store.release(key), undefined);
    }
  }

  /** One renewal in flight for all callers of this process. */
  function renewOnce(): Promise<StoredToken> {
    renewal ??= renew()
      .then(
        (token) => {
          cached = token;
          failure = null;
          return token;
        },
        (reason: unknown) => {
          const error = reason instanceof Error ? reason : new Error(errorText(reason));
          const stopped = error instanceof PlatformRefusedError && !error.retryable;
          const waitMs = stopped
            ? STOPPED_FOR_MS
            : Math.min(MAX_BACKOFF_MS, failure && !failure.stopped ? failure.waitMs * 2 : SECOND);
          failure = { error, at: clock.now().getTime(), waitMs, stopped };
          log[stopped ? 'error' : 'warn']({ key, code: errorCode(error), waitMs }, 'token was not renewed');
          if (stopped) deps.onStopped?.(error);
          throw error;
        },
      )
      .finally(() => {
        renewal = null;
      });
    return renewal;
  }

  async function get(): Promise<string> {
    const fresh = good(cached, 'renewAt');
    if (fresh !== null) return fresh.value;
    const rest = resting();
    const ageing = good(cached, 'expiresAt');
    if (ageing !== null) {
      // Renewed beside the work: nobody waits while the old one still serves. renewOnce has logged its own failure.
      if (rest === null) renewOnce().catch(() => undefined);
      return ageing.value;
    }
    if (rest !== null && renewal === null) throw rest;
    return (await renewOnce()).value;
  }

  async function drop(failed: string): Promise<void> {
    refused = failed;
    if (cached?.value === failed) cached = null;
    await fromStore('drop', () => store.drop(key, failed), undefined);
  }

  return {
    get,
    drop,
    async run(call) {
      const token = await get();
      try {
        return await call(token);
      } catch (error) {
        if (!deps.isTokenRefused(error)) throw error;
        log.info({ key, code: errorCode(error) }, 'token refused by the platform, renewing');
        await drop(token);
        return await call(await get());
      }
    },
    state() {
      if (failure?.stopped) return 'stopped';
      return good(cached, 'expiresAt') ? 'ready' : 'idle';
    },
  };
}

/** Keeps tokens in this process only: tests, commands, one process without a store. */
export function memoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>();
  const claims = new Map<string, number>();
  return {
    load: (key) => Promise.resolve(tokens.get(key) ?? null),
    save: (key, token) => {
      tokens.set(key, token);
      claims.delete(key);
      return Promise.resolve();
    },
    drop: (key, value) => {
      if (tokens.get(key)?.value === value) tokens.delete(key);
      return Promise.resolve();
    },
    claim: (key, ms) => {
      if ((claims.get(key) ?? 0) > Date.now()) return Promise.resolve(false);
      claims.set(key, Date.now() + ms);
      return Promise.resolve(true);
    },
    release: (key) => {
      claims.delete(key);
      return Promise.resolve();
    },
  };
}
