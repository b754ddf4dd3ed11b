import type { Sessions } from './conversation/index.js';
import type { Org } from './org/index.js';
import type { OutboxDeps } from './outbox/index.js';
import type { PlatformName } from './platforms/contract.js';

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
