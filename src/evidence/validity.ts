import { monthsBefore } from './local-time.js';
import { foldRadicals } from './names.js';

/** Until when an offer is valid, found in the text of a document. Pure. */

export interface Validity {
  /** Last valid day, `YYYY-MM-DD`. */
  until: string;
  /** The words it was found in. */
  quote: string;
}

const DATE = String.raw`(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})日?`;
const fold = (text: string): string => foldRadicals(text).replace(/\s+/gu, '').replace(/：/gu, ':');

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
    new RegExp(String.raw`有效期(?:限|间)?[:为是]*(?:截止|截至|至|到|止于|至于)?[:为是]*${DATE}(?!起)`, 'gu'),
  )) {
    add(date(match[1], match[2], match[3]), match[0]);
  }
  for (const match of rest.matchAll(
    new RegExp(String.raw`(?:有效(?:截止|截至|至|到)|截止日期|失效日期)[:为是]*${DATE}`, 'gu'),
  )) {
    add(date(match[1], match[2], match[3]), match[0]);
  }
  // So many days from a date, or from the document's date.
  for (const match of rest.matchAll(
    new RegExp(String.raw`自?${DATE}起?(\d{1,3})(个月|天|日|个?工作日)内?有效`, 'gu'),
  )) {
    add(later(date(match[1], match[2], match[3]), match[4], match[5]), match[0]);
  }
  for (const match of rest.matchAll(
    /有效期(?:限)?[:为是]*(?:自[^,，。;；]{0,12}起)?(\d{1,3})(个月|天|日|个?工作日)|自[^,，。;；\d]{0,12}起(\d{1,3})(个月|天|日|个?工作日)内?有效/gu,
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
  if (unit === '个月') return monthsBefore(from, -Number(amount));
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
