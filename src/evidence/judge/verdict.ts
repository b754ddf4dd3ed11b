import type { Finding, Verdict, VerdictStatus } from '../types.js';

/** One check: a finding for the record, and the words for the person. */
export interface Check {
  finding: Finding;
  /** What was measured against what is wanted, without a full stop; for everything but `passed`. */
  problem?: string;
  /** The one next thing to do, without a full stop. */
  todo?: string;
  /** A few words that are worth saying when all is well. */
  good?: string;
}

const RANK: Record<VerdictStatus, number> = { passed: 0, unchecked: 1, review: 2, failed: 3 };

/** Failed outranks review outranks unchecked outranks passed. */
export function worst(statuses: readonly VerdictStatus[]): VerdictStatus {
  return statuses.reduce<VerdictStatus>((so, one) => (RANK[one] > RANK[so] ? one : so), 'passed');
}

export type Subject = 'photo' | 'file' | 'sheet' | 'link' | 'voice';

/** How a person calls it: pointing at this one, and received. */
const NAMES: Record<Subject, { one: string; received: string }> = {
  photo: { one: '这张', received: '照片' },
  file: { one: '这份 PDF ', received: 'PDF ' },
  sheet: { one: '这份表', received: '表格' },
  link: { one: '这条公告', received: '公告' },
  voice: { one: '这段录音', received: '录音' },
};

const MOST_PROBLEMS = 2;

/** One verdict and one or two sentences of all checks: the heaviest problems first, one thing to do. */
export function combine(
  checks: readonly Check[],
  subject: Subject,
  facts: Record<string, unknown>,
  verifier: Verdict['verifier'],
): Verdict {
  const status = worst(checks.map(({ finding }) => finding.status));
  return {
    status,
    findings: checks.map(({ finding }) => finding),
    say: words(checks, status, NAMES[subject]),
    facts,
    verifier,
  };
}

function words(
  checks: readonly Check[],
  status: VerdictStatus,
  { one, received }: { one: string; received: string },
): string {
  if (status === 'passed') {
    const good = checks.flatMap((check) => check.good ?? []);
    return good.length === 0 ? `${one}通过了。` : `${one}通过了：${good.join('，')}。`;
  }
  const heaviest = checks.filter(({ finding, problem }) => finding.status === status && problem !== undefined);
  const problems = heaviest.slice(0, MOST_PROBLEMS).map(({ problem }) => problem ?? '');
  const todo = heaviest.find((check) => check.todo !== undefined)?.todo;
  const end = todo === undefined ? '' : `${todo}。`;
  switch (status) {
    case 'failed':
      return `${one}没通过：${problems.join('；')}。${end}`;
    case 'review':
      return `${one}要请主管看一眼：${problems.join('；')}。${end}`;
    case 'unchecked':
      return `${received}已收下，先记「未核验」：${problems.join('；')}。${end}`;
  }
}
