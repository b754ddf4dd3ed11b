/** Wall-clock minutes of a zone as text (`YYYY-MM-DDTHH:MM`), which compare and subtract without a zone. Pure. */
import { wallClock } from '../core/index.js';

export function toLocalMinute(at: Date, zone: string): string {
  const { date, time } = wallClock(at, zone);
  return `${date}T${time}`;
}

export function toLocalDate(at: Date, zone: string): string {
  return toLocalMinute(at, zone).slice(0, 10);
}

/** Minutes from one wall-clock minute to another. */
export function minutesBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to.slice(0, 16)}Z`) - Date.parse(`${from.slice(0, 16)}Z`)) / 60_000);
}

export function addMinutes(minute: string, minutes: number): string {
  return new Date(Date.parse(`${minute.slice(0, 16)}Z`) + minutes * 60_000).toISOString().slice(0, 16);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to.slice(0, 10)}T00:00Z`) - Date.parse(`${from.slice(0, 10)}T00:00Z`)) / 86_400_000);
}

/** The same day N calendar months earlier; the last of a shorter month. */
export function monthsBefore(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const last = new Date(Date.UTC(year, month - months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 - months, Math.min(day, last))).toISOString().slice(0, 10);
}

/** `9 月 3 日 14:02`, with the year when it is not this one. */
export function spokenMinute(minute: string, today: string): string {
  return `${spokenDate(minute, today)} ${minute.slice(11, 16)}`;
}

export function spokenDate(date: string, today: string): string {
  const [year = '', month = '', day = ''] = date.slice(0, 10).split('-');
  return `${year === today.slice(0, 4) ? '' : `${year} 年 `}${Number(month)} 月 ${Number(day)} 日`;
}

/** `80 天`, `3 小时 12 分`, `25 分钟`. */
export function spokenDistance(from: string, to: string): string {
  const minutes = Math.abs(minutesBetween(from, to));
  if (minutes >= 24 * 60) return `${Math.max(1, Math.abs(daysBetween(from, to)))} 天`;
  return spokenMinutes(minutes);
}

export function spokenMinutes(minutes: number): string {
  if (minutes < 60) return `${minutes} 分钟`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} 小时` : `${Math.floor(minutes / 60)} 小时 ${rest} 分`;
}
