/** Dates and times in lines that OCR read from a picture. Pure. */

export interface ReadTimes {
  /** `YYYY-MM-DD`, in order of appearance, without repeats. */
  dates: string[];
  /** `HH:MM`. */
  times: string[];
}

/** NFKC, no white space (chi_sim puts spaces between characters), one kind of dash and colon. */
export function foldLine(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\s+/gu, '')
    .replace(/[‐-―−﹣－~]/gu, '-')
    .replace(/[：﹕ː∶]/gu, ':')
    .replace(/[．。·•]/gu, '.');
}

interface Shape {
  pattern: RegExp;
  /** Names of the groups in order. */
  groups: readonly ('year' | 'month' | 'day' | 'hour' | 'minute')[];
}

// Glued forms first: what a recogniser makes of a date and a clock that stand close together. What a shape has taken is not read again.
const SHAPES: readonly Shape[] = [
  {
    pattern: /(20\d\d)[-./年](\d{1,2})[-./月](\d{2})(\d{2}):(\d{2})/gu,
    groups: ['year', 'month', 'day', 'hour', 'minute'],
  },
  {
    pattern: /(?<!\d)(\d{2}):(\d{2})(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})/gu,
    groups: ['hour', 'minute', 'year', 'month', 'day'],
  },
  {
    pattern:
      /(20[23]\d)[-./年:7]?(0[1-9]|1[0-2])[-./月:7]?(0[1-9]|[12]\d|3[01])(?:日|\D{0,4})?([01]\d|2[0-3])[:.](\d\d)/gu,
    groups: ['year', 'month', 'day', 'hour', 'minute'],
  },
  { pattern: /(?<!\d)(20\d\d)[-./年_](\d{1,2})[-./月_](\d{1,2})(?!\d)/gu, groups: ['year', 'month', 'day'] },
  {
    pattern: /(?<![\d:;])([01]?\d|2[0-3])[:;]([0-5]\d)(?:[:;][0-5]\d)?(?!\d)/gu,
    groups: ['hour', 'minute'],
  },
];

export function readTimes(text: string): ReadTimes {
  let rest = foldLine(text);
  const found: { at: number; date?: string; time?: string }[] = [];
  for (const { pattern, groups } of SHAPES) {
    rest = rest.replace(pattern, (whole: string, ...args: unknown[]) => {
      const at = args.find((one): one is number => typeof one === 'number') ?? 0;
      const value = (name: (typeof groups)[number]): number => Number(args[groups.indexOf(name)]);
      const hasDate = groups.includes('year');
      const hasTime = groups.includes('hour');
      const date = hasDate ? calendarDate(value('year'), value('month'), value('day')) : undefined;
      const time = hasTime ? clock(value('hour'), value('minute')) : undefined;
      if ((hasDate && date === undefined) || (hasTime && time === undefined)) return whole;
      found.push({ at, ...(date === undefined ? {} : { date }), ...(time === undefined ? {} : { time }) });
      // Same length, so that positions stay true; a character that no shape accepts.
      return '□'.repeat(whole.length);
    });
  }
  found.sort((a, b) => a.at - b.at);
  return {
    dates: [...new Set(found.flatMap(({ date }) => date ?? []))],
    times: [...new Set(found.flatMap(({ time }) => time ?? []))],
  };
}

function calendarDate(year: number, month: number, day: number): string | undefined {
  if (year < 2000 || year > 2099 || month < 1 || month > 12 || day < 1) return undefined;
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function clock(hour: number, minute: number): string | undefined {
  if (hour > 23 || minute > 59) return undefined;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}
