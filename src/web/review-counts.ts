import type { EvidenceDocument } from '../deals/index.js';
import type { TodoDocument } from '../todos/index.js';
import type { ReviewCount } from './backend.js';

const RANK = ['failed', 'review', 'unchecked'] as const;

/** Every decision counts once, under the heaviest finding; the machine's word is its verdict before anybody looked. Pure. */
export function countReviews(
  answered: readonly TodoDocument[],
  evidence: ReadonlyMap<string, EvidenceDocument>,
): ReviewCount[] {
  const counts = new Map<string, ReviewCount>();
  for (const { evidenceId, answer } of answered) {
    const found = evidenceId === undefined ? undefined : evidence.get(evidenceId);
    if (found?.verdict === undefined || answer === undefined) continue;
    const { findings, status } = found.verdict;
    const heaviest = RANK.flatMap((rank) => findings.filter((one) => one.status === rank))[0];
    const code = heaviest?.code ?? 'asked';
    const count = counts.get(code) ?? { code, decided: 0, passed: 0, returned: 0, overruled: 0, refused: 0 };
    count.decided += 1;
    if (answer.approved) count.passed += 1;
    else count.returned += 1;
    if (status === 'failed') {
      count.refused += 1;
      if (answer.approved) count.overruled += 1;
    }
    counts.set(code, count);
  }
  return [...counts.values()].sort((a, b) => b.decided - a.decided || a.code.localeCompare(b.code));
}
