import { asId, BadInputError, type PersonId } from '../core/index.js';
import { samePersonCard } from '../org/index.js';
import type { ConversationDeps } from './context.js';
import type { Turn } from './turn.js';

/** An administrator says whether somebody new is the one of the same name who is known already. */
export async function settleSamePerson(
  deps: ConversationDeps,
  turn: Turn,
  ids: readonly string[],
  same: boolean,
): Promise<void> {
  const keep = deps.org.person(ids[0] ?? '');
  const other = deps.org.person(ids[1] ?? '');
  if (!['admin', 'operations'].includes(turn.person.role)) {
    turn.reply('not-yours', {});
    return;
  }
  if (keep === undefined || other === undefined) {
    turn.replace('stale', {});
    return;
  }
  const isJoined = other.joinedTo === keep.id;
  if (same && !isJoined) {
    try {
      await deps.org.join(asId<PersonId>(keep.id), asId<PersonId>(other.id));
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      turn.text(error.say ?? '没有合并。');
      return;
    }
    // Their work goes over behind this.
    deps.onJoined();
  }
  // Joined is joined, whoever said it first and whatever is pressed later.
  turn.replace('same-person', samePersonCard(keep, other, same || isJoined ? 'joined' : 'apart'));
}
