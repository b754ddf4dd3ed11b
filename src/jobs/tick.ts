import { parse } from 'node-cron';
import { addDays, type WorkCalendar } from '../org/index.js';

/** Recurring work of the whole cluster, as data. `run` may be called twice for one instant: the second time changes nothing. */
export interface Tick {
  name: string;
  /** Five fields in the organisation's zone: `0 9 * * *`. */
  cron: string;
  run(now: Date): Promise<void>;
}

/** The instants after `from`, up to and including `to`, at which a cron line is due by the calendar's clock. */
export function occurrences(cron: string, from: Date, to: Date, calendar: WorkCalendar): Date[] {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = parse(cron);
  const found: Date[] = [];
  for (let on = calendar.localDate(from), last = calendar.localDate(to); on <= last; on = addDays(on, 1)) {
    const day = new Date(`${on}T00:00Z`);
    if (!month.includes(day.getUTCMonth() + 1)) continue;
    if (!dayOfMonth.includes(day.getUTCDate()) || !dayOfWeek.includes(day.getUTCDay())) continue;
    for (const h of hour) {
      for (const m of minute) {
        const at = calendar.instantAt(on, `${two(h)}:${two(m)}`);
        if (at > from && at <= to) found.push(at);
      }
    }
  }
  return found;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
