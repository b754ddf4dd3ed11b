import { MINUTE } from '../../core/index.js';
import type { CheckInRecord } from '../contract.js';
import type { DingtalkClient } from './client.js';
import { CheckInAnswer } from './types.js';

/** The event tells the instant, the record may differ by what the two servers' clocks do. */
const AROUND_MS = MINUTE;

/**
 * The official check-in (签到) that an event told of. The vendor does not say which datum its places are in.
 * https://open.dingtalk.com/document/development/obtain-the-check-in-records-of-multiple-users
 */
export async function readCheckIn(
  client: Pick<DingtalkClient, 'callOld'>,
  datum: CheckInRecord['datum'],
  userId: string,
  at: Date,
): Promise<CheckInRecord | null> {
  const body = {
    userid_list: userId,
    start_time: at.getTime() - AROUND_MS,
    end_time: at.getTime() + AROUND_MS,
    cursor: 0,
    size: 100,
  };
  const { result } = await client.callOld('/topapi/checkin/record/get', body, CheckInAnswer, true);
  const off = (time: number): number => Math.abs(time - at.getTime());
  const [nearest] = result.page_list
    .filter(({ userid }) => userid === userId)
    .sort((one, two) => off(one.checkin_time) - off(two.checkin_time));
  if (nearest === undefined) return null;
  const { latitude: lat, longitude: lng, checkin_time: time, place, detail_place: detail } = nearest;
  return { lat, lng, datum, at: new Date(time), label: place || detail };
}
