import { ObjectId } from 'bson';
import { typeName, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';

type DateOperator = { min: 1; max: 1; run: (args: Value[]) => Value };

const DAY_MS = 86_400_000;

function utc(name: string, value: Value): Date {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  throw CommandError.location(16006, `can't convert from BSON type ${typeName(value)} to Date in ${name}`);
}

function part(name: string, read: (date: Date) => number): DateOperator {
  return {
    min: 1,
    max: 1,
    run: ([value]) => (value === null || value === undefined ? null : read(utc(name, value))),
  };
}

function dayOfYear(date: Date): number {
  return (
    Math.floor(
      (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
        DAY_MS,
    ) + 1
  );
}

/** Monday 1 … Sunday 7. */
function isoDay(date: Date): number {
  return date.getUTCDay() || 7;
}

/** The Thursday of a date's ISO week decides to which year the week belongs. */
function isoThursday(date: Date): Date {
  return new Date(date.getTime() + (4 - isoDay(date)) * DAY_MS);
}

/** Parts of an instant in UTC. The forms with a time zone are refused: calendar days are the application's business. */
export const dateOperators: Readonly<Record<string, DateOperator>> = {
  $year: part('$year', (date) => date.getUTCFullYear()),
  $month: part('$month', (date) => date.getUTCMonth() + 1),
  $dayOfMonth: part('$dayOfMonth', (date) => date.getUTCDate()),
  $dayOfWeek: part('$dayOfWeek', (date) => date.getUTCDay() + 1),
  $dayOfYear: part('$dayOfYear', dayOfYear),
  $isoDayOfWeek: part('$isoDayOfWeek', isoDay),
  $isoWeek: part('$isoWeek', (date) => Math.ceil(dayOfYear(isoThursday(date)) / 7)),
  $isoWeekYear: part('$isoWeekYear', (date) => isoThursday(date).getUTCFullYear()),
  $hour: part('$hour', (date) => date.getUTCHours()),
  $minute: part('$minute', (date) => date.getUTCMinutes()),
  $second: part('$second', (date) => date.getUTCSeconds()),
  $millisecond: part('$millisecond', (date) => date.getUTCMilliseconds()),
};

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** `$dateToString` in UTC. */
export function formatUtc(date: Date, format: string): string {
  return format.replace(/%(.)/g, (_, code: string) => {
    switch (code) {
      case 'Y':
        return pad(date.getUTCFullYear(), 4);
      case 'm':
        return pad(date.getUTCMonth() + 1, 2);
      case 'd':
        return pad(date.getUTCDate(), 2);
      case 'H':
        return pad(date.getUTCHours(), 2);
      case 'M':
        return pad(date.getUTCMinutes(), 2);
      case 'S':
        return pad(date.getUTCSeconds(), 2);
      case 'L':
        return pad(date.getUTCMilliseconds(), 3);
      case 'j':
        return pad(dayOfYear(date), 3);
      case 'w':
        return String(date.getUTCDay() + 1);
      case 'u':
        return String(isoDay(date));
      case 'V':
        return pad(Math.ceil(dayOfYear(isoThursday(date)) / 7), 2);
      case 'G':
        return pad(isoThursday(date).getUTCFullYear(), 4);
      case 'z':
        return '+0000';
      case 'Z':
        return '0';
      case '%':
        return '%';
      default:
        throw CommandError.location(18536, `Invalid format character '%${code}' in format string`);
    }
  });
}
