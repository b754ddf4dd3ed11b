import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Search } from './shape.js';

/** What the house needs of its database, with the rooms that need it; `docs/store-needs.json`. */
export interface NeedsList {
  features: Record<string, Record<string, string[]>>;
  searches: (Search & { rooms: string[] })[];
}

type Line = ({ kind: string; name: string } | Search) & { room: string };

/** Merges what the processes of a run noted. */
export function gather(folder: string): NeedsList {
  const texts = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
  return listOf(texts.map((text) => JSON.parse(text) as Line));
}

function listOf(lines: readonly Line[]): NeedsList {
  const features = new Map<string, Map<string, Set<string>>>();
  const searches = new Map<string, { search: Search; rooms: Set<string> }>();
  for (const { room, ...line } of lines) {
    if ('kind' in line) {
      const names = getOr(features, line.kind, () => new Map<string, Set<string>>());
      getOr(names, line.name, () => new Set()).add(room);
    } else {
      getOr(searches, JSON.stringify(line), () => ({ search: line, rooms: new Set<string>() })).rooms.add(room);
    }
  }
  return {
    features: Object.fromEntries(
      sorted(features).map(([kind, names]) => [
        kind,
        Object.fromEntries(sorted(names).map(([name, rooms]) => [name, [...rooms].sort()])),
      ]),
    ),
    searches: sorted(searches).map(([, { search, rooms }]) => ({ ...search, rooms: [...rooms].sort() })),
  };
}

function getOr<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function sorted<V>(map: Map<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Both lists in one. */
export function merge(one: NeedsList, two: NeedsList): NeedsList {
  const lines = [one, two].flatMap((list): Line[] => [
    ...Object.entries(list.features).flatMap(([kind, names]) =>
      Object.entries(names).flatMap(([name, rooms]) => rooms.map((room) => ({ kind, name, room }))),
    ),
    ...list.searches.flatMap(({ rooms, ...search }) => rooms.map((room) => ({ ...search, room }))),
  ]);
  return listOf(lines);
}

/** What `now` needs and the list does not have. */
export function missing(list: NeedsList, now: NeedsList): string[] {
  const features = Object.entries(now.features).flatMap(([kind, names]) =>
    Object.entries(names)
      .filter(([name]) => list.features[kind]?.[name] === undefined)
      .map(([name, rooms]) => `${kind}: ${name} (${rooms.join(', ')})`),
  );
  const known = new Set(list.searches.map(searchText));
  const searches = now.searches
    .filter((search) => !known.has(searchText(search)))
    .map((search) => `search: ${searchText(search)} (${search.rooms.join(', ')})`);
  return [...features, ...searches];
}

export function searchText({ collection, command, filter, sort }: Search): string {
  return `${collection} ${command} ${JSON.stringify(filter)}${sort === undefined ? '' : ` sort ${JSON.stringify(sort)}`}`;
}

/** The list as a page. */
export function page(list: NeedsList): string {
  const lines = [
    '# What the house needs of MongoDB',
    '',
    'Made by `npm run store:needs` from the commands of a full test run, those of the store’s own tests left out: names of',
    'operators, stages, options and index kinds, never values, with the rooms that send them. A new line here is a new',
    'dependency. `npm run store:needs -- --check` fails when a run needs what is not listed; a test compares the list with',
    'what the embedded store supports, and every search with the indexes.',
    '',
  ];
  for (const [kind, names] of Object.entries(list.features)) {
    lines.push(`## ${kind}`, '');
    for (const [name, rooms] of Object.entries(names)) lines.push(`- \`${name}\`: ${rooms.join(', ')}`);
    lines.push('');
  }
  lines.push('## searches', '', 'Filter and order as sent; `<type>` stands for a value.', '');
  for (const search of list.searches) lines.push(`- \`${searchText(search)}\`: ${search.rooms.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
