import { NotFoundError } from '../core/index.js';
import type { Org } from '../org/index.js';
import type { Outcome } from '../store/index.js';
import { factsOf } from './effects.js';
import { sendEffect } from './sending.js';
import type { Handover } from './face.js';
import type { DealDocument } from './model.js';

/**
 * Somebody else owns the deal from now on, in their own team. The old checklist card is out of date: the next one is
 * shown where the new owner talks to us.
 */
export function handOver(
  org: Pick<Org, 'person' | 'team'>,
  before: DealDocument,
  { key, to, cardId, card }: Handover & { key: string },
  now: Date,
): Outcome<DealDocument, undefined> {
  const heir = org.person(to);
  if (heir === undefined) throw new NotFoundError('person.unknown', `no person ${to}`);
  if (before.ownerId === to || before.status !== 'open') return { unchanged: true, result: undefined };
  const teamId = heir.teamId ?? before.teamId;
  const regionId = org.team(teamId)?.regionId ?? heir.regionId ?? before.regionId;
  const after: DealDocument = { ...before, ownerId: to, teamId, regionId };
  return {
    set: { ownerId: to, teamId, regionId, updatedAt: now },
    events: [{ type: 'owner.changed', data: { ...factsOf(after), from: before.ownerId, to } }],
    effects: [
      sendEffect({
        key: `handover:${key}`,
        to: { kind: 'person', personId: to },
        message: { kind: 'show', cardId, card },
        purpose: 'todo',
      }),
    ],
    result: undefined,
  };
}
