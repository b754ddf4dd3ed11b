import { DAY, HOUR, MINUTE, SECOND } from '../core/index.js';
import type { YamlValue } from '../core/index.js';
import type { Limit } from './types.js';

/** Quantities as people write them, `5工作日`, `300米内`, `超过100KB`: a number with its unit, never a bare number to guess about. */
interface Quantity {
  /** With the named group `n`. */
  pattern: RegExp;
  /** Shown when it is written wrong. */
  example: string;
  max: number;
}

const LIMIT_UNITS = { 工作日: 'workday', 工作小时: 'workhour', 天: 'day', 小时: 'hour', 分钟: 'minute' } as const;
const UNIT_WORDS = Object.fromEntries(Object.entries(LIMIT_UNITS).map(([word, unit]) => [unit, word]));
const WALL_UNITS = { 天: DAY, 小时: HOUR, 分钟: MINUTE } as const;
const LENGTH_UNITS = { 小时: HOUR, 分钟: MINUTE, 秒: SECOND } as const;
const BYTE_UNITS = { KB: 1024, MB: 1024 * 1024 } as const;

const quantity = (before: string, after: string, example: string, max = 1000): Quantity => ({
  pattern: new RegExp(`^${before}\\s*(?<n>\\d{1,7})\\s*${after}$`),
  example,
  max,
});

export const COUNT = quantity('(?:至少)?', '(?:张|个|份|项)?', '3', 100);
export const CHARACTERS = quantity('(?:至少)?', '(?:个)?字', '至少20字');
export const METRES = quantity('', '米内?', '300米内', 100_000);
export const TIMES_FOUND = quantity('至少', '处', '至少3处', 100);
export const LEVELS = quantity('至少', '级', '至少3级', 10);
export const MONTHS_BACK = quantity('近', '个月', '近3个月', 60);
export const PERCENT = quantity('', '%', '70%', 100);
export const WEEKS = quantity('', '周', '2周', 52);
export const WORKDAYS = quantity('', '个?工作日', '2工作日', 365);
export const TIMES_LIMIT = quantity('', '倍标准', '2倍标准', 20);
export const TIMES = quantity('', '次', '3次', 1000);
export const LAST_FOLLOW_UPS = quantity('最近', '次跟进', '最近3次跟进', 20);

/** A whole number of something, at least one. */
export function readQuantity(value: YamlValue | null, what: string, unit: Quantity): number | null {
  const text = value?.text(what) ?? null;
  if (value === null || text === null) return null;
  const amount = Number(unit.pattern.exec(text)?.groups?.['n'] ?? NaN);
  if (Number.isNaN(amount)) {
    value.error('flow.quantity', `「${what}」写的是「${text}」，要写成「${unit.example}」这样。`);
    return null;
  }
  if (amount < 1 || amount > unit.max) {
    value.error('flow.range', `「${what}」写的是「${text}」，数字要在 1 到 ${unit.max} 之间。`);
    return null;
  }
  return amount;
}

function readWithUnit<U extends string>(
  value: YamlValue | null,
  what: string,
  words: readonly U[],
  example: string,
  before = '',
  after = '',
): { amount: number; unit: U } | null {
  const text = value?.text(what) ?? null;
  if (value === null || text === null) return null;
  // Longest first, so that 工作小时 is not read as 小时.
  const units = words.toSorted((a, b) => b.length - a.length).join('|');
  const match = new RegExp(`^${before}\\s*(\\d{1,5})\\s*(${units})${after}$`).exec(text);
  if (match === null) {
    value.error(
      'flow.quantity',
      `「${what}」写的是「${text}」，要写成「${example}」这样，单位可以是：${words.join('、')}。`,
    );
    return null;
  }
  const amount = Number(match[1]);
  if (amount < 1) {
    value.error('flow.range', `「${what}」写的是「${text}」，数字至少是 1。`);
    return null;
  }
  return { amount, unit: match[2] as U };
}

export function readLimit(value: YamlValue | null, what: string): Limit | null {
  const found = readWithUnit(value, what, Object.keys(LIMIT_UNITS) as (keyof typeof LIMIT_UNITS)[], '5工作日');
  return found && { amount: found.amount, unit: LIMIT_UNITS[found.unit] };
}

/** Wall-clock time, ms: `10分钟内`, `7天`. */
export function readWallTime(value: YamlValue | null, what: string, example: string): number | null {
  const found = readWithUnit(value, what, Object.keys(WALL_UNITS) as (keyof typeof WALL_UNITS)[], example, '', '内?');
  return found && found.amount * WALL_UNITS[found.unit];
}

/** How long a recording is, ms: `至少8分钟`, `至少30秒`. */
export function readLength(value: YamlValue | null, what: string): number | null {
  const words = Object.keys(LENGTH_UNITS) as (keyof typeof LENGTH_UNITS)[];
  const found = readWithUnit(value, what, words, '至少8分钟', '(?:至少)?');
  return found && found.amount * LENGTH_UNITS[found.unit];
}

/** `超过100KB`: 1 KB = 1,024 bytes (METRICS, 自动跃迁). */
export function readMoreThanBytes(value: YamlValue | null, what: string): number | null {
  const found = readWithUnit(value, what, Object.keys(BYTE_UNITS) as (keyof typeof BYTE_UNITS)[], '超过100KB', '超过');
  return found && found.amount * BYTE_UNITS[found.unit];
}

/** `5 工作日`, as cards say it. */
export function formatLimit(limit: Limit): string {
  return `${limit.amount} ${UNIT_WORDS[limit.unit]}`;
}

/** `10 分钟`, `7 天`: the largest unit that divides it. */
export function formatWallTime(ms: number): string {
  for (const [word, unit] of Object.entries(WALL_UNITS)) if (ms % unit === 0) return `${ms / unit} ${word}`;
  return `${Math.ceil(ms / MINUTE)} 分钟`;
}

/** `8 分钟`, `90 秒`: the largest unit that divides it. */
export function formatLength(ms: number): string {
  for (const [word, unit] of Object.entries(LENGTH_UNITS)) if (ms % unit === 0) return `${ms / unit} ${word}`;
  return `${Math.ceil(ms / SECOND)} 秒`;
}

export function formatBytes(bytes: number): string {
  return bytes % BYTE_UNITS.MB === 0 ? `${bytes / BYTE_UNITS.MB} MB` : `${Math.round(bytes / BYTE_UNITS.KB)} KB`;
}
