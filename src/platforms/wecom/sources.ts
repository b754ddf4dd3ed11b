import { errorCode, HOUR, MINUTE, type Clock, type Log } from '../../core/index.js';
import type { CallbackReceiver, CallbackResponse } from '../contract.js';
import type { WecomClient } from './client.js';
import type { CountCallback } from './types.js';

/** The vendor asks for no period; half a day keeps up with a list that changes a few times a year. */
const REFRESH_MS = 12 * HOUR;
/** An address that is not on the list may be a new one: the list is read again, but not at every stranger's knock. */
const REREAD_MS = 5 * MINUTE;

export interface Sources {
  /** Reads the list; resolves also when it could not be read. */
  refresh(): Promise<void>;
  /** At once, by the list as it is. While there is no list everybody passes: the signature is the check that must hold. */
  isKnown(address: string): boolean;
}

/** Addresses from which WeCom's callbacks come, as it publishes them. https://developer.work.weixin.qq.com/document/path/90238 */
export function createSources(deps: { client: Pick<WecomClient, 'get'>; clock: Clock; log: Log }): Sources {
  const { client, clock, log } = deps;
  let list: ((address: string) => boolean) | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  function refresh(): Promise<void> {
    reading ??= client
      .get('getcallbackip')
      .then((answer) => {
        const entries = Array.isArray(answer['ip_list']) ? answer['ip_list'].map(String) : [];
        // An empty list would shut the vendor out.
        if (entries.length > 0) list = matcher(entries);
        else log.warn('the list of callback addresses is empty, the last one holds');
      })
      .catch((error: unknown) => {
        log.warn({ code: errorCode(error) }, 'callback addresses not read, the last list holds');
      })
      .finally(() => {
        readAt = clock.now().getTime();
        reading = null;
      });
    return reading;
  }

  return {
    refresh,
    isKnown(address) {
      const age = clock.now().getTime() - readAt;
      const isKnown = list === null || list(address);
      // Beside the answer, which has a second; the vendor knocks again.
      if (age > REFRESH_MS || ((!isKnown || list === null) && age > REREAD_MS)) void refresh();
      return isKnown;
    },
  };
}

/** Entries are addresses, or end in `*` for any last part: `101.226.103.*`. */
function matcher(entries: readonly string[]): (address: string) => boolean {
  const whole = new Set(entries.filter((entry) => !entry.endsWith('*')));
  const heads = entries.filter((entry) => entry.endsWith('.*')).map((entry) => entry.slice(0, -1));
  return (address) =>
    whole.has(address) ||
    heads.some((head) => address.startsWith(head) && /^\d{1,3}$/.test(address.slice(head.length)));
}

const REFUSED: CallbackResponse = { status: 403, contentType: 'text/plain; charset=utf-8', body: 'forbidden' };

/**
 * Before the signature, which still holds. What the console and the doctor ask by GET gives nothing away and comes from
 * other addresses as well.
 */
export function onlyFrom(
  sources: Sources,
  receive: CallbackReceiver,
  deps: { log: Log; count?: CountCallback | undefined },
): CallbackReceiver {
  return async (request) => {
    const { from = '' } = request;
    if (request.method !== 'POST' || sources.isKnown(from)) return receive(request);
    deps.log.warn({ from }, 'callback from an address that WeCom does not name');
    deps.count?.('other', 'refused');
    return REFUSED;
  };
}
