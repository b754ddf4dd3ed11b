import { monthsBefore } from './local-time.js';
import { foldRadicals } from './names.js';

/** Until when an offer is valid, found in the text of a document. Pure. */

export interface Validity {
  /** Last valid day, `YYYY-MM-DD`. */
  until: string;
  /** The words it was found in. */
  quote: string;
}

// The day is whole: `20日` is never read as 2 with a 0 behind it.
const DATE = String.raw`(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})(?!\d)日?`;
const UNIT = '个月|天|日历天|日|个?工作日|个自然日|年';
const fold = (text: string): string =>
  plainNumbers(foldRadicals(text).replace(/\s+/gu, '').replace(/：/gu, ':').replace(/半年/gu, '6个月'));

/** `有效期至2026年12月24日`, `有效期:2026-11-01至2026-12-24`, `本报价自2026年11月24日起30日内有效`, `报价有效期30天` (from the document's own date). */
export function readValidities(text: string): Validity[] {
  const folded = fold(text);
  const out: Validity[] = [];
  const add = (until: string | undefined, quote: string): void => {
    if (until !== undefined && !out.some((one) => one.until === until)) out.push({ until, quote: quote.slice(0, 40) });
  };

  // A range or an end date after the word.
  const range = new RegExp(String.raw`有效期(?:限|间)?[:为是自从]*${DATE}(?:起)?[至到~-]+(?:${DATE})`, 'gu');
  const rest = folded.replace(range, (whole, ...args: string[]) => {
    add(date(args[3], args[4], args[5]), whole);
    return '';
  });
  for (const match of rest.matchAll(
    new RegExp(String.raw`有效期(?:限|间)?[:为是]*(?:截止|截至|至|到|止于|至于)?[:为是]*${DATE}(?!日?起)`, 'gu'),
  )) {
    add(date(match[1], match[2], match[3]), match[0]);
  }
  for (const match of rest.matchAll(
    new RegExp(String.raw`(?:有效(?:截止|截至|至|到)|截止日期|失效日期)[:为是]*${DATE}`, 'gu'),
  )) {
    add(date(match[1], match[2], match[3]), match[0]);
  }
  for (const match of rest.matchAll(new RegExp(String.raw`${DATE}(?:以?前|之前)(?:均|都)?有效`, 'gu'))) {
    add(date(match[1], match[2], match[3]), match[0]);
  }
  // So many days from a date, or from the document's date.
  const from = String.raw`${DATE}(?:起|开始)(?:计算)?[,，]?`;
  const days = String.raw`(\d{1,3})(${UNIT})`;
  for (const match of rest.matchAll(
    new RegExp(String.raw`有效期(?:限)?[:为是自从]*${from}${days}|自?${from}${days}内?有效`, 'gu'),
  )) {
    const [, ...parts] = match;
    const [year, month, day, amount, unit] = parts[0] === undefined ? parts.slice(5) : parts;
    add(later(date(year, month, day), amount, unit), match[0]);
  }
  for (const match of rest.matchAll(
    new RegExp(
      String.raw`有效期(?:限)?[:为是]*(?:自[^,，。;；\d]{0,12}起)?${days}|(?:自[^,，。;；\d]{0,12}起|(?:报价单?|价格|本单)[^,，。;；\d]{0,8})${days}之?内有效`,
      'gu',
    ),
  )) {
    add(later(documentDate(folded), match[1] ?? match[3], match[2] ?? match[4]), match[0]);
  }
  return out;
}

/** The date under which a document was issued: the labelled one, else the first that stands in it. */
function documentDate(folded: string): string | undefined {
  const labelled = new RegExp(String.raw`(?:报价|发出|签发|开具|出具)?(?:日期|时间)[:为是]*${DATE}`, 'u').exec(folded);
  const match = labelled ?? new RegExp(DATE, 'u').exec(folded);
  return match === null ? undefined : date(match[1], match[2], match[3]);
}

function later(from: string | undefined, amount: string | undefined, unit: string | undefined): string | undefined {
  if (from === undefined || amount === undefined) return undefined;
  if (unit === '个月' || unit === '年') return monthsBefore(from, -Number(amount) * (unit === '年' ? 12 : 1));
  // Working days need a calendar; counted as weekdays here, which is the shorter, stricter reading around holidays.
  let days = Number(amount);
  if (unit !== undefined && unit.endsWith('工作日')) days = Math.floor(days / 5) * 7 + (days % 5);
  return new Date(Date.parse(`${from}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function date(year: string | undefined, month: string | undefined, day: string | undefined): string | undefined {
  const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  const instant = new Date(`${text}T00:00Z`);
  return Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 10) !== text ? undefined : text;
}

const DIGITS = '〇一二三四五六七八九';
const digit = (char: string): number => (/[零○]/u.test(char) ? 0 : char === '两' ? 2 : DIGITS.indexOf(char));

/** Up to 99: 三十, 十五, 二十一, 两. */
function counted(text: string): number {
  const [tens, ones] = text.includes('十') ? text.split('十') : [undefined, text];
  const small = ones === undefined || ones === '' ? 0 : digit(ones);
  return tens === undefined ? small : (tens === '' ? 1 : digit(tens)) * 10 + small;
}

/** Chinese numbers of dates and spans in figures: `二〇二六年十二月三十一日`, `三十天`, `三个月`. */
function plainNumbers(text: string): string {
  const number = '[一二两三四五六七八九十]{1,3}';
  const dates = text.replace(
    new RegExp(String.raw`(二[〇零○][〇零○一二三四五六七八九]{2})年(${number})月(${number})日`, 'gu'),
    (_, year: string, month: string, day: string) =>
      `${[...year].map(digit).join('')}年${counted(month)}月${counted(day)}日`,
  );
  return dates.replace(
    new RegExp(String.raw`(${number})(?=个月|天|日历天|个?工作日|个自然日)`, 'gu'),
    (words) => `${counted(words)}`,
  );
}
