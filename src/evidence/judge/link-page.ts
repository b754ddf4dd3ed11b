import { foldName } from '../names.js';
import type { FetchedPage } from '../links/fetch-page.js';
import type { Finding } from '../types.js';
import type { Check } from './verdict.js';

/** What stands on the page of a notice. */
export type LinkPage = { ok: true; text: string } | (FetchedPage & { ok: false });

/** Share of the title's pairs of characters that must stand on the page: titles are shortened and retyped. */
const TITLE_SHARE = 0.7;

const PROBLEM: Record<(LinkPage & { ok: false })['reason'], string> = {
  address: '这个网址不在公开的互联网上',
  unreachable: '这一页没打开',
  too_large: '这一页太大，没读完',
  unreadable: '这一页不是文字，读不了',
};

/** The page against what was said of it. Nothing here fails anybody: a page may be reached only with a login, or be a picture. */
export function judgePage(page: LinkPage, said: { title: string; publishedOn: string | null }): Check[] {
  if (!page.ok) {
    return [
      {
        finding: { ...base('link.page', 'unchecked'), measured: page.detail.slice(0, 100) },
        problem: PROBLEM[page.reason],
        todo: '换个打得开的网址，或者请主管看一眼',
      },
    ];
  }
  const checks: Check[] = [
    { finding: { ...base('link.page', 'passed'), measured: [...page.text].length, unit: 'characters' } },
  ];
  const share = titleShare(said.title, page.text);
  if (said.title.trim() !== '') {
    checks.push(
      share >= TITLE_SHARE
        ? { finding: { ...base('link.page_title', 'passed'), measured: Math.round(share * 100), unit: '%' } }
        : {
            finding: { ...base('link.page_title', 'review'), measured: Math.round(share * 100), unit: '%' },
            problem: '那一页上没找到这个标题',
            todo: '核对一下链接和标题',
          },
    );
  }
  const { dates, published } = readDates(page.text);
  if (said.publishedOn !== null && dates.length > 0) {
    const found = dates.includes(said.publishedOn);
    checks.push(
      found
        ? { finding: { ...base('link.page_date', 'passed'), measured: said.publishedOn } }
        : {
            finding: {
              ...base('link.page_date', 'review'),
              measured: published ?? dates[0] ?? null,
              expected: said.publishedOn,
            },
            problem:
              published === null
                ? '那一页上没有你说的日期'
                : `页面上写的是 ${published}，和你说的 ${said.publishedOn} 不一样`,
            todo: '核对一下发布日期',
          },
    );
  }
  return checks;
}

function base(code: string, status: Finding['status']): Finding {
  return { code, status, measured: null, expected: null, source: 'page' };
}

/** The day under which a page says it was published; null when it says none, or several. */
export function publishedOnPage(page: LinkPage): string | null {
  return page.ok ? readDates(page.text).published : null;
}

function readDates(text: string): { dates: string[]; published: string | null } {
  const day = (match: RegExpMatchArray): string[] => {
    const date = `${match[1]}-${String(match[2]).padStart(2, '0')}-${String(match[3]).padStart(2, '0')}`;
    const instant = new Date(`${date}T00:00Z`);
    return Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 10) !== date ? [] : [date];
  };
  const DAY = String.raw`(20\d\d)\s{0,2}[-./年]\s{0,2}(\d{1,2})\s{0,2}[-./月]\s{0,2}(\d{1,2})`;
  const labelled = [
    ...text.matchAll(new RegExp(String.raw`(?:发布|公告|发文|公示)(?:日期|时间|于)?\s{0,4}[:：]?\s{0,4}${DAY}`, 'gu')),
  ].flatMap(day);
  const published = new Set(labelled).size === 1 ? (labelled[0] ?? null) : null;
  return { dates: [...new Set([...text.matchAll(new RegExp(DAY, 'gu'))].flatMap(day))], published };
}

function titleShare(title: string, text: string): number {
  const wanted = foldName(title);
  const page = foldName(text);
  if (wanted.length < 2) return page.includes(wanted) ? 1 : 0;
  const pairs = Array.from({ length: wanted.length - 1 }, (_, n) => wanted.slice(n, n + 2));
  return pairs.filter((pair) => page.includes(pair)).length / pairs.length;
}
