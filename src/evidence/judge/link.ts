import { daysBetween, monthsBefore, spokenDate, toLocalDate } from '../local-time.js';
import type { EvidenceContext, EvidenceRequest, Verdict } from '../types.js';
import { countNames } from '../names.js';
import { judgePage, publishedOnPage, type LinkPage } from './link-page.js';
import { combine, type Check } from './verdict.js';

export const LINK_VERIFIER = { id: 'link', version: '3' };

/**
 * A public notice: address, title and day as the person says them, and as the page has them where it was fetched (null: it was not meant to be).
 * A day that the person did not give is taken from the page.
 */
export function judgeLink(
  request: EvidenceRequest & { kind: 'link' },
  context: EvidenceContext,
  page: LinkPage | null = null,
): Verdict {
  const address = judgeAddress(request.url);
  const checks: Check[] = [address, judgeTitle(request.title)];
  const said = request.publishedOn?.trim() ?? '';
  const fromPage = said === '' && page !== null ? publishedOnPage(page) : null;
  const publishedOn = said === '' ? (fromPage ?? undefined) : said;
  if (page !== null && address.finding.status === 'passed') {
    checks.push(...judgePage(page, { title: request.title, publishedOn: said === '' ? null : calendarDate(said) }));
  }
  if (request.publishedWithinMonths !== undefined) {
    const today = toLocalDate(context.receivedAt, context.zone);
    const check = judgePublished(publishedOn, request.publishedWithinMonths, today);
    checks.push(fromPage === null ? check : { ...check, finding: { ...check.finding, source: 'page' } });
  }
  const clientOnPage =
    page?.ok === true ? countNames(page.text, [context.client.name, ...context.client.aliases]) : null;
  // A link without a demand on its day may be of anything; a notice is this client's.
  if (clientOnPage !== null && request.publishedWithinMonths !== undefined)
    checks.push(judgeClient(clientOnPage, context.client.name));
  const facts = {
    url: request.url,
    title: request.title,
    ...(publishedOn === undefined ? {} : { publishedOn }),
    ...(clientOnPage === null ? {} : { clientOnPage }),
  };
  return combine(checks, 'link', facts, LINK_VERIFIER);
}

function judgeAddress(url: string): Check {
  const finding = {
    code: 'link.address',
    measured: url.slice(0, 200),
    expected: 'http(s)',
    source: 'stated by the sender',
  };
  const host = URL.canParse(url) ? new URL(url) : null;
  if (host !== null && /^https?:$/u.test(host.protocol) && host.hostname.includes('.'))
    return { finding: { ...finding, status: 'passed' } };
  return {
    finding: { ...finding, status: 'failed' },
    problem: '这不像一个网址',
    todo: '从浏览器地址栏复制完整的链接再发，要以 http 开头',
  };
}

function judgeTitle(title: string): Check {
  const finding = { code: 'link.title', measured: title.slice(0, 100), expected: null, source: 'stated by the sender' };
  if (title.trim() !== '') return { finding: { ...finding, status: 'passed' } };
  return { finding: { ...finding, status: 'unchecked' }, problem: '公告标题没写', todo: '把公告标题也发过来' };
}

/** Another hospital's notice is no notice of this client; a page may write the name in its own way, so a person decides. */
function judgeClient(times: number, clientName: string): Check {
  const finding = { code: 'link.client', measured: times, expected: 1, unit: 'times', source: 'page' };
  if (times > 0) return { finding: { ...finding, status: 'passed' } };
  return {
    finding: { ...finding, status: 'review' },
    problem: `那一页上没提到「${clientName}」`,
    todo: '贴错了就换一条这家客户的公告',
  };
}

function judgePublished(publishedOn: string | undefined, withinMonths: number, today: string): Check {
  const earliest = monthsBefore(today, withinMonths);
  const finding = {
    code: 'link.published',
    measured: publishedOn ?? null,
    expected: earliest,
    unit: 'date',
    source: 'stated by the sender',
  };
  const say = '写成 2026-01-31 这样';
  if (publishedOn === undefined || publishedOn.trim() === '') {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: '没说公告是哪天发布的',
      todo: `把发布日期也发过来，${say}`,
    };
  }
  const date = calendarDate(publishedOn);
  if (date === null) {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: `发布日期「${publishedOn.slice(0, 20)}」没看懂`,
      todo: say,
    };
  }
  if (date > today) {
    return {
      finding: { ...finding, status: 'failed', measured: date },
      problem: `发布日期 ${spokenDate(date, today)}还没到`,
      todo: '核对一下公告上的日期再发',
    };
  }
  if (date < earliest) {
    return {
      finding: { ...finding, status: 'failed', measured: date },
      problem: `公告发布于 ${spokenDate(date, today)}，要近 ${withinMonths} 个月的，早了 ${daysBetween(date, earliest)} 天`,
      todo: '换一条新一点的，没有就申请豁免',
    };
  }
  return { finding: { ...finding, status: 'passed', measured: date }, good: `发布于 ${spokenDate(date, today)}` };
}

function calendarDate(text: string): string | null {
  const match = /^(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})日?$/u.exec(text.normalize('NFKC').replace(/\s/gu, ''));
  if (match === null) return null;
  const date = `${match[1]}-${String(match[2]).padStart(2, '0')}-${String(match[3]).padStart(2, '0')}`;
  const instant = new Date(`${date}T00:00Z`);
  return Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 10) !== date ? null : date;
}
