import type { EvidenceDocument } from '../deals/index.js';
import type { TodoDocument } from '../todos/index.js';
import type { ReviewCount, VerifierCount } from './backend.js';

const RANK = ['failed', 'review', 'unchecked'] as const;

const none = (code: string): ReviewCount => ({ code, decided: 0, passed: 0, returned: 0, overruled: 0, refused: 0 });

/**
 * How people decided, by verifier and by check: every decision counts once, under the heaviest finding, and for the verifier whose verdict it was;
 * the machine's word is its verdict before anybody looked. `refused`: what the machine had passed and a person refused. Pure.
 */
export function countReviews(
  answered: readonly TodoDocument[],
  evidence: ReadonlyMap<string, EvidenceDocument>,
  refused: readonly EvidenceDocument[] = [],
): VerifierCount[] {
  const verifiers = new Map<string, { count: Omit<VerifierCount, 'checks'>; checks: Map<string, ReviewCount> }>();
  const of = (found: EvidenceDocument) => {
    const verifier = found.verdict?.verifier.id ?? 'none';
    const known = verifiers.get(verifier);
    if (known !== undefined) return known;
    const { code: _code, ...zero } = none('');
    const made = { count: { verifier, ...zero, missed: 0 }, checks: new Map<string, ReviewCount>() };
    verifiers.set(verifier, made);
    return made;
  };
  for (const { evidenceId, answer } of answered) {
    const found = evidenceId === undefined ? undefined : evidence.get(evidenceId);
    if (found?.verdict === undefined || answer === undefined) continue;
    const { findings, status } = found.verdict;
    const code = RANK.flatMap((rank) => findings.filter((one) => one.status === rank))[0]?.code ?? 'asked';
    const { count, checks } = of(found);
    const check = checks.get(code) ?? none(code);
    checks.set(code, check);
    for (const row of [count, check]) {
      row.decided += 1;
      row[answer.approved ? 'passed' : 'returned'] += 1;
      if (status !== 'failed') continue;
      row.refused += 1;
      if (answer.approved) row.overruled += 1;
    }
  }
  for (const found of refused) of(found).count.missed += 1;
  const most =
    <Row extends { decided: number }>(name: (row: Row) => string) =>
    (a: Row, b: Row) =>
      b.decided - a.decided || name(a).localeCompare(name(b));
  return [...verifiers.values()]
    .map(({ count, checks }) => ({ ...count, checks: [...checks.values()].sort(most((row) => row.code)) }))
    .sort(most((row) => row.verifier));
}
