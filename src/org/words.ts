import { DAY, type Clock } from '../core/index.js';
import type { WorkCalendar } from './calendar.js';

/** Instants as people say them, in the organisation's zone. */
export interface TimeWords {
  /** `今天 17:30`, `明天 09:00`, `11 月 22 日 18:00`, with the year when it is another one. */
  dayTime(at: Date): string;
  /** `今天`, `昨天`, `11 月 22 日`. */
  day(at: Date): string;
  /** `11-22` */
  shortDay(at: Date): string;
}

export function createTimeWords(calendar: WorkCalendar, clock: Clock): TimeWords {
  function day(at: Date): string {
    const now = clock.now();
    const on = calendar.localDate(at);
    if (on === calendar.localDate(now)) return '今天';
    if (on === calendar.localDate(new Date(now.getTime() - DAY))) return '昨天';
    if (on === calendar.localDate(new Date(now.getTime() + DAY))) return '明天';
    const [year, month, date] = on.split('-').map(Number);
    const sameYear = calendar.localDate(now).startsWith(`${year}-`);
    return `${sameYear ? '' : `${year} 年 `}${month} 月 ${date} 日`;
  }
  return {
    day,
    dayTime: (at) => `${day(at)} ${calendar.localTime(at)}`,
    shortDay: (at) => calendar.localDate(at).slice(5),
  };
}
