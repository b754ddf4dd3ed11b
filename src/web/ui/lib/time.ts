// People read the organisation's local time wherever the browser stands.
const ZONE = 'Asia/Shanghai';

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hourCycle: 'h23', ...options });
const hourMinute = format({ hour: '2-digit', minute: '2-digit' });
const monthDay = format({ month: 'numeric', day: 'numeric' });
const weekday = format({ weekday: 'short' });
const dayKey = format({ year: 'numeric', month: '2-digit', day: '2-digit' });

/** 14:02 */
export const clockText = (at: Date | string): string => hourMinute.format(new Date(at));
/** 11月24日 */
export function dayText(at: Date | string): string {
  const parts = monthDay.formatToParts(new Date(at));
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('month')}月${part('day')}日`;
}
/** 周一 */
export const weekdayText = (at: Date | string): string => weekday.format(new Date(at));
export const sameDay = (a: Date | string, b: Date | string): boolean =>
  dayKey.format(new Date(a)) === dayKey.format(new Date(b));
/** 11月24日 14:02 */
export const momentText = (at: Date | string): string => `${dayText(at)} ${clockText(at)}`;

/** As chat apps write it: time today, 昨天 yesterday, then the date. */
export function chatTime(at: Date | string, now: Date): string {
  if (sameDay(at, now)) return clockText(at);
  const yesterday = new Date(now.getTime() - 86_400_000);
  return sameDay(at, yesterday) ? `昨天 ${clockText(at)}` : momentText(at);
}
