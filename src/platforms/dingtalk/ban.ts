import { HOUR } from '../../core/index.js';
import { BAN_MS } from './error-table.js';

/**
 * How long no call is made while the vendor blocks our address. It says five minutes and nothing of what comes after
 * (https://open.dingtalk.com/document/development/call-frequency-limit). Whoever is still blocked then shares the address
 * with somebody who goes on calling, or the block is longer than it says: so our own stop doubles each time in a row,
 * up to an hour, and one answered call ends it.
 */

/** Longer would keep people waiting after the block is over; a call an hour prolongs nothing. */
export const MAX_BAN_MS = HOUR;

export interface Ban {
  /** No call before this instant, ms since 1970. */
  readonly until: number;
  /** Blocks in a row. */
  readonly times: number;
}

export const NO_BAN: Ban = { until: 0, times: 0 };

/**
 * What holds after a call was answered. `sentAt`, `now`: ms since 1970. A call that was on its way when the block began
 * tells nothing new: neither does its refusal lengthen the stop, nor its success end it.
 */
export function afterAnswer(
  ban: Ban,
  { blocked, sentAt, now }: { blocked: boolean; sentAt: number; now: number },
): Ban {
  if (sentAt < ban.until) return ban;
  if (!blocked) return NO_BAN;
  return { until: now + Math.min(BAN_MS * 2 ** ban.times, MAX_BAN_MS), times: ban.times + 1 };
}
