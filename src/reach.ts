import type { Sessions } from './conversation/index.js';
import type { Org } from './org/index.js';
import type { OutboxDeps } from './outbox/index.js';
import type { PlatformAdapter, PlatformName } from './platforms/contract.js';

/** Where somebody talked to us last, and in that app; else where the other side of the matter is; else wherever they can be reached. */
export function createReach(deps: {
  org: Pick<Org, 'person'>;
  sessions: Pick<Sessions, 'peek'>;
  platforms: { has(platform: PlatformName): boolean };
}): OutboxDeps['reach'] {
  return async ({ personId, prefer }) => {
    const known = deps.org.person(personId)?.identities ?? [];
    const identities = known.filter(({ platform }) => deps.platforms.has(platform));
    const last = await deps.sessions.peek(personId);
    for (const wanted of [last?.platform, prefer]) {
      const found = identities.find(({ platform }) => platform === wanted);
      if (found === undefined) continue;
      const { platform, userId } = found;
      const app = platform === last?.platform ? last.app : null;
      return { platform, userId, ...(typeof app === 'string' ? { app } : {}) };
    }
    return identities[0] ?? null;
  };
}

/** For messages that name a user and no app: the app of the conversation. */
export function createAppOf(deps: {
  org: Pick<Org, 'personByIdentity'>;
  sessions: Pick<Sessions, 'peek'>;
  adapters: ReadonlyMap<PlatformName, Pick<PlatformAdapter, 'severalApps'>>;
}): NonNullable<OutboxDeps['appOf']> {
  return async ({ platform, userId }) => {
    if (deps.adapters.get(platform)?.severalApps !== true) return undefined;
    const person = deps.org.personByIdentity(platform, userId);
    const last = person === undefined ? null : await deps.sessions.peek(person.id);
    return last?.platform === platform ? (last.app ?? undefined) : undefined;
  };
}
