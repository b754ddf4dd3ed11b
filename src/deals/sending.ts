import type { Mention } from '../evidence/index.js';
import type { Org, TimeWords, WorkCalendar } from '../org/index.js';
import { SEND, type Address, type Outgoing } from '../platforms/contract.js';
import type { Effect } from '../store/index.js';
import type { HandedIn } from './evidence-row.js';
import type { DealDocument } from './model.js';
import type { DealViewDeps } from './views.js';
import type { WaitingDeps } from './waiting.js';

export interface EffectDeps extends DealViewDeps, WaitingDeps {
  org: Org;
  calendar: WorkCalendar;
  words: TimeWords;
}

export interface Cause extends HandedIn {
  key: string;
  fromPress: boolean;
  quiet?: boolean;
  /** The owner did it; somebody else's doing is told in a message of its own. */
  byOwner: boolean;
  /** The owner just pressed, said or sent something; false for a verdict, which comes by itself. */
  answersOwner: boolean;
  /** What was heard in the recording that is judged. */
  mentions?: readonly Mention[];
  /** Whoever caused it can be told in words, in the answer to what they sent. */
  inWords?: boolean;
}

export function ownerAddress(deps: EffectDeps, deal: DealDocument): Address {
  const platform = deal.card?.platform;
  const userId = deps.org.person(deal.ownerId)?.identities.find((identity) => identity.platform === platform)?.userId;
  return platform === undefined || userId === undefined
    ? { kind: 'person', personId: deal.ownerId }
    : { kind: 'user', platform, userId };
}

export function sendEffect(outgoing: Outgoing): Effect {
  return { _id: outgoing.key, kind: SEND, data: outgoing as unknown as Record<string, unknown> };
}

export function showKey(causeKey: string): string {
  return `show:${causeKey}`;
}
