import { createRequire } from 'node:module';
import { DAY, HOUR, MINUTE, wallClock } from '../core/index.js';

/** The same shape as a flow's limit: work units are counted on this calendar, the others by the wall clock. */
export interface TimeLimit {
  amount: number;
  unit: 'workday' | 'workhour' | 'day' | 'hour' | 'minute';
}

/** Calendar days are `YYYY-MM-DD` strings in the organisation's zone (`…On`); instants are Dates in UTC (`…At`). */
export interface DayException {
  on: string;
  work: boolean;
}
/** From and to, both included. */
export interface DayRange {
  from: string;
  to: string;
}
export interface Period {
  from: Date;
  /** Not included. */
  to: Date;
}

export interface CalendarOptions {
  /** IANA zone of the organisation. */
  zone?: string;
  /** Spans of work of every working day, `HH:MM`, in order. */
  hours?: readonly { from: string; to: string }[];
  /** Company days: win over the national calendar. */
  exceptions?: readonly DayException[];
}

export interface WorkCalendar {
  readonly zone: string;
  /** Length of a working day, ms: `1工作日` is this much working time. */
  readonly workdayMs: number;
  isWorkday(on: string): boolean;
  /** Inside a span of work (its end is outside). */
  isWorking(at: Date): boolean;
  localDate(at: Date): string;
  /** `HH:MM` in the zone. */
  localTime(at: Date): string;
  instantAt(on: string, time: string): Date;
  /** The instant after so much time. Work units land in working time, at the latest on the end of a span. */
  addWork(from: Date, limit: TimeLimit): Date;
  /** Working time between two instants, ms; negative when they stand in the wrong order. */
  workMsBetween(from: Date, to: Date): number;
  /** The same in working days, with fraction. */
  workdaysBetween(from: Date, to: Date): number;
  /** Working days that lie wholly between: from opening to close. */
  fullWorkdaysBetween(from: Date, to: Date): number;
  /** The first instant after `from` at this local time of a working day. */
  nextWorkdayAt(from: Date, time: string): Date;
  dayOf(at: Date): Period;
  /** Monday 00:00 to Monday 00:00. */
  weekOf(at: Date): Period;
  monthOf(at: Date): Period;
  /** The same calendar with these days off: a person's leave. */
  withLeave(leave: readonly DayRange[]): WorkCalendar;
}

/** Nine to six with an hour of lunch: eight working hours, the usual day of an office. */
const DEFAULT_HOURS = [
  { from: '09:00', to: '12:00' },
  { from: '13:00', to: '18:00' },
];
/** A calendar without a working day for ten years is a mistake in the exceptions. */
const MAX_DAYS_AHEAD = 3_660;

export function createCalendar(options: CalendarOptions = {}): WorkCalendar {
  const { zone = 'Asia/Shanghai', hours = DEFAULT_HOURS, exceptions = [] } = options;
  const toLocal = (at: Date | number) => wallClock(at, zone);
  /** How far the zone is ahead of UTC at an instant. */
  const offsetAt = (atMs: number) => {
    const { date, time, second } = toLocal(atMs);
    return Date.parse(`${date}T${time}:${second}Z`) - Math.floor(atMs / 1_000) * 1_000;
  };
  const spansOfDay = hours.map(({ from, to }) => ({ from: minutesOf(from), to: minutesOf(to) }));
  if (spansOfDay.some((span, i) => span.to <= span.from || span.from < (spansOfDay[i - 1]?.to ?? 0)))
    throw new RangeError('spans of work must be in order, not overlap and not be empty');
  const workdayMs = spansOfDay.reduce((sum, span) => sum + (span.to - span.from) * MINUTE, 0);
  if (workdayMs === 0) throw new RangeError('a working day needs working time');
  const company = new Map(exceptions.map(({ on, work }) => [on, work]));
  const days = new Map<string, readonly Span[]>();

  const isWorkday = (on: string) => company.get(on) ?? isNationalWorkday(on);

  const instantAt = (on: string, time: string) => {
    const wall = Date.parse(`${on}T00:00Z`) + minutesOf(time) * MINUTE;
    // The offset is looked up twice: the first guess may lie on the other side of a change of summer time.
    const guess = wall - offsetAt(wall);
    return new Date(wall - offsetAt(guess));
  };

  const spansOn = (on: string): readonly Span[] => {
    let spans = days.get(on);
    if (!spans) {
      spans = isWorkday(on)
        ? hours.map(({ from, to }) => ({ from: instantAt(on, from).getTime(), to: instantAt(on, to).getTime() }))
        : [];
      days.set(on, spans);
    }
    return spans;
  };

  const localDate = (at: Date) => toLocal(at).date;

  const addWorkMs = (from: Date, workMs: number) => {
    let left = workMs;
    let on = localDate(from);
    for (let ahead = 0; ahead < MAX_DAYS_AHEAD; ahead++, on = addDays(on, 1)) {
      for (const span of spansOn(on)) {
        if (span.to < from.getTime()) continue;
        const start = Math.max(span.from, from.getTime());
        if (left <= span.to - start) return new Date(start + left);
        left -= span.to - start;
      }
    }
    throw new RangeError('the calendar has no working day for ten years');
  };

  const workMsBetween = (from: Date, to: Date): number => {
    if (to < from) return 0 - workMsBetween(to, from); // never -0
    let sum = 0;
    for (let on = localDate(from), last = localDate(to); on <= last; on = addDays(on, 1)) {
      for (const span of spansOn(on)) {
        sum += Math.max(0, Math.min(span.to, to.getTime()) - Math.max(span.from, from.getTime()));
      }
    }
    return sum;
  };

  return {
    zone,
    workdayMs,
    isWorkday,
    isWorking: (at) => spansOn(localDate(at)).some((span) => span.from <= at.getTime() && at.getTime() < span.to),
    localDate,
    localTime: (at) => toLocal(at).time,
    instantAt,
    addWork(from, { amount, unit }) {
      if (!(amount >= 0)) throw new RangeError(`a limit cannot be ${amount}`);
      switch (unit) {
        case 'workday':
          return addWorkMs(from, Math.round(amount * workdayMs));
        case 'workhour':
          return addWorkMs(from, Math.round(amount * HOUR));
        case 'day':
          return new Date(from.getTime() + amount * DAY);
        case 'hour':
          return new Date(from.getTime() + amount * HOUR);
        case 'minute':
          return new Date(from.getTime() + amount * MINUTE);
      }
    },
    workMsBetween,
    workdaysBetween: (from, to) => workMsBetween(from, to) / workdayMs,
    fullWorkdaysBetween(from, to) {
      let count = 0;
      for (let on = localDate(from), last = localDate(to); on <= last; on = addDays(on, 1)) {
        const spans = spansOn(on);
        const [open, close] = [spans[0], spans.at(-1)];
        if (open && close && from.getTime() <= open.from && close.to <= to.getTime()) count++;
      }
      return count;
    },
    nextWorkdayAt(from, time) {
      let on = localDate(from);
      for (let ahead = 0; ahead < MAX_DAYS_AHEAD; ahead++, on = addDays(on, 1)) {
        if (!isWorkday(on)) continue;
        const at = instantAt(on, time);
        if (at > from) return at;
      }
      throw new RangeError('the calendar has no working day for ten years');
    },
    dayOf(at) {
      const on = localDate(at);
      return { from: instantAt(on, '00:00'), to: instantAt(addDays(on, 1), '00:00') };
    },
    weekOf(at) {
      const on = localDate(at);
      const monday = addDays(on, -((new Date(`${on}T00:00Z`).getUTCDay() + 6) % 7));
      return { from: instantAt(monday, '00:00'), to: instantAt(addDays(monday, 7), '00:00') };
    },
    monthOf(at) {
      const first = `${localDate(at).slice(0, 7)}-01`;
      const next = `${addDays(first, 31).slice(0, 7)}-01`;
      return { from: instantAt(first, '00:00'), to: instantAt(next, '00:00') };
    },
    withLeave(leave) {
      if (leave.length === 0) return this;
      const off = leave.flatMap(({ from, to }) => daysOf(from, to).map((on) => ({ on, work: false })));
      return createCalendar({ zone, hours, exceptions: [...exceptions, ...off] });
    },
  };
}

/** Instants, ms since the epoch. */
interface Span {
  from: number;
  to: number;
}

export function addDays(on: string, days: number): string {
  return new Date(Date.parse(`${on}T00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** A range of leave longer than this is a typing mistake (年 wrong), and would fill the memory. */
const MAX_LEAVE_DAYS = 1_000;
function daysOf(from: string, to: string): string[] {
  const days: string[] = [];
  for (let on = from; on <= to && days.length < MAX_LEAVE_DAYS; on = addDays(on, 1)) days.push(on);
  return days;
}

function minutesOf(time: string): number {
  const match = /^(\d{2}):([0-5]\d)$/.exec(time);
  const minutes = match ? Number(match[1]) * 60 + Number(match[2]) : NaN;
  if (!(minutes <= 24 * 60)) throw new RangeError(`not a time of day: ${time}`);
  return minutes;
}

/**
 * National holidays and make-up days (调休): the tables of the package, not its functions. Those compute with the host's
 * zone, and on a host west of Greenwich every holiday lies a day early (1.5.7). Beyond the years that are announced,
 * a day is a working day from Monday to Friday.
 */
function isNationalWorkday(on: string): boolean {
  national ??= createRequire(import.meta.url)('chinese-days/dist/chinese-days.json') as NationalDays;
  const weekday = new Date(`${on}T00:00Z`).getUTCDay();
  return on in national.workdays || (weekday >= 1 && weekday <= 5 && !(on in national.holidays));
}
interface NationalDays {
  holidays: Record<string, string>;
  workdays: Record<string, string>;
}
let national: NationalDays | undefined;
