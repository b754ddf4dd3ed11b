import type { DigestPlace } from '../org/index.js';
import type { ConversationDeps } from './context.js';
import type { Turn } from './turn.js';

/**
 * A group that people made gets its digest by a word of whoever leads: on such platforms the app makes no groups, and only
 * a message from one tells its id.
 */

const ONLY_LEADERS = '日报发到哪个群，由主管、总监或管理员来说。';
const NOT_HERE = '这边的群由留痕自己建，日报会发到那里。';

/** What this person may send somewhere, the widest first. */
function placesOf(deps: ConversationDeps, personId: string): DigestPlace[] {
  const scope = deps.org.scopeOf(personId);
  const regions = deps.org.regions().filter(({ id }) => scope.all || scope.regionIds.includes(id));
  const inThem = new Set(regions.map(({ id }) => id));
  const teams = deps.org.teams().filter(({ id, regionId }) => inThem.has(regionId) || scope.teamIds.includes(id));
  return [
    ...regions.map(({ id, name }) => ({ kind: 'region' as const, id, name })),
    ...teams.map(({ id, name }) => ({ kind: 'team' as const, id, name })),
  ];
}

/** The one that is named; unnamed, the only one they lead themselves. */
function meant(deps: ConversationDeps, personId: string, places: readonly DigestPlace[], text: string) {
  // A team's name may hold its region's.
  const named = places.filter(({ name }) => text.includes(name)).sort((one, two) => two.name.length - one.name.length);
  if (named[0] !== undefined) return named[0];
  const { all, regionIds, teamIds } = deps.org.scopeOf(personId);
  const own = places.filter(({ kind, id }) => (kind === 'region' ? regionIds : teamIds).includes(id));
  return !all && own.length === 1 ? own[0] : undefined;
}

export async function bringDigest(deps: ConversationDeps, turn: Turn, chatId: string, text: string): Promise<string> {
  const places = placesOf(deps, turn.person.id);
  if (places.length === 0) return ONLY_LEADERS;
  const place = meant(deps, turn.person.id, places, text);
  if (place === undefined) {
    const names = places.map(({ name }) => name);
    return `发谁的日报？说全一点，比如「${names[0]}的日报发到这里」。你能定的：${names.join('、')}。`;
  }
  const posted = await deps.postDigests({ platform: turn.event.platform, chatId }, place);
  if (posted === null) return NOT_HERE;
  const moved = posted.moved ? '原来那个群不再发。' : '';
  return `好，${place.name}的过程日报每个工作日 9 点发到这个群。${moved}不要了就 @我 说「日报别发了」。`;
}

export async function stopDigest(deps: ConversationDeps, turn: Turn, chatId: string): Promise<string> {
  if (placesOf(deps, turn.person.id).length === 0) return ONLY_LEADERS;
  if ((await deps.postDigests({ platform: turn.event.platform, chatId }, null)) === null) return NOT_HERE;
  return '好，日报不再发到这个群。';
}
