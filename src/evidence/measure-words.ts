/** What was measured, as people read it. Evidence keeps raw values with a unit for logs and machines. */

type Value = string | number | null;

const WITH_UNIT: Readonly<Record<string, (value: string) => string>> = {
  '%': (value) => `${value}%`,
  '0-255': (value) => `亮度 ${value}（0–255）`,
  m: metres,
  min: (value) => `${value} 分钟`,
  s: (value) => `${value} 秒`,
  dB: (value) => `${value} 分贝`,
  pages: (value) => `${value} 页`,
  rows: (value) => `${value} 行`,
  cells: (value) => `${value} 格`,
  'empty cells': (value) => `${value} 格空着`,
  levels: (value) => `${value} 级`,
  characters: (value) => `${value} 个字`,
  pixels: (value) => `${value} 像素`,
  seals: (value) => `${value} 个章`,
  times: (value) => `${value} 次`,
  bytes,
  date: (value) => value,
};

/** Null stays null: nothing was measured, or nothing is wanted. */
export function measureWords(value: Value, unit: string | undefined): string | null {
  if (value === null) return null;
  const text = moment(String(value));
  if (unit === undefined) return text;
  const around = /^±(\d+) min$/u.exec(unit);
  if (around !== null) return `${text}（±${around[1]} 分钟）`;
  return WITH_UNIT[unit]?.(text) ?? `${text} ${unit}`;
}

/** 2026-11-25T17:40 (local time as it was read) → 11月25日 17:40; days and everything else as they are. */
function moment(text: string): string {
  const read = /^\d{4}-(\d{2})-(\d{2})[T ](\d{2}:\d{2})(?::\d{2})?$/u.exec(text);
  return read === null ? text : `${Number(read[1])}月${Number(read[2])}日 ${read[3]}`;
}

const KILO = 1_000;
function metres(value: string): string {
  const number = Number(value);
  return number >= KILO ? `${(number / KILO).toFixed(1)} 公里` : `${value} 米`;
}

const MEBI = 1_048_576;
function bytes(value: string): string {
  const number = Number(value);
  if (number >= MEBI) return `${(number / MEBI).toFixed(1)} MB`;
  return number >= KILO ? `${Math.round(number / KILO)} KB` : `${value} 字节`;
}
