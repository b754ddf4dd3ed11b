import type { Org } from '../org/index.js';
import type { EvidenceView } from './backend.js';
import type { Looked } from './looks.js';

const WHAT: Record<Looked['which'], string> = { page: '看了核验经过', copy: '看了图', original: '看了原件' };

/** 一组主管 看了原件，2 次 */
export function lookRows(org: Org, looked: readonly Looked[]): EvidenceView['looks'] {
  return looked.map(({ who, which, at, times }) => ({
    who: org.person(who)?.name ?? '已离职的人',
    text: times === 1 ? WHAT[which] : `${WHAT[which]}，${times} 次`,
    at: at.toISOString(),
  }));
}
