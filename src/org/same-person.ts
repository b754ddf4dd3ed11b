import type { Identity, Person } from './types.js';

/** As people call them. */
export const PLATFORM_NAMES: Record<Identity['platform'], string> = { wecom: '企业微信', dingtalk: '钉钉' };

/** What the card says that asks whether two entries are one person, and what it becomes. */
export function samePersonCard<S extends 'asked' | 'joined' | 'apart'>(keep: Person, other: Person, state: S) {
  // Once joined, both addresses are with the one that is left.
  const theirs = other.identities[0] ?? keep.identities.at(-1);
  const known = keep.identities.find(({ platform }) => platform !== theirs?.platform);
  return {
    state,
    keepId: keep.id,
    otherId: other.id,
    platform: theirs === undefined ? '' : PLATFORM_NAMES[theirs.platform],
    userId: theirs?.userId ?? '',
    name: other.name,
    title: other.title,
    known: { title: keep.title, ...(known === undefined ? {} : { platform: PLATFORM_NAMES[known.platform] }) },
  };
}
