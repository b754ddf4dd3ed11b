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

/** `这张`, `这份 PDF`, `这份表`. */
export type Noun = '这张' | '这份 PDF' | '这份表' | '这条公告';

const MOST_PROBLEMS = 2;

/** One verdict and one or two sentences of all checks: the heaviest problems first, one thing to do. */
export function combine(
  checks: readonly Check[],
  noun: Noun,
  facts: Record<string, unknown>,
  verifier: Verdict['verifier'],
): Verdict {
  const status = worst(checks.map(({ finding }) => finding.status));
  return { status, findings: checks.map(({ finding }) => finding), say: words(checks, status, noun), facts, verifier };
}

function words(checks: readonly Check[], status: VerdictStatus, noun: Noun): string {
  if (status === 'passed') {
    const good = checks.flatMap((check) => check.good ?? []);
    return good.length === 0 ? `${noun}通过了。` : `${noun}通过了：${good.join('，')}。`;
  }
  const heaviest = checks.filter(({ finding, problem }) => finding.status === status && problem !== undefined);
  const problems = heaviest.slice(0, MOST_PROBLEMS).map(({ problem }) => problem ?? '');
  const todo = heaviest.find((check) => check.todo !== undefined)?.todo;
  const end = todo === undefined ? '' : `${todo}。`;
  switch (status) {
    case 'failed':
      return `${noun}没通过：${problems.join('；')}。${end}`;
    case 'review':
      return `${noun}要请主管看一眼：${problems.join('；')}。${end}`;
    case 'unchecked':
      return `${noun}已收下，先记「未核验」：${problems.join('；')}。${end}`;
  }
}
