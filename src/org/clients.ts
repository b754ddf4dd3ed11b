import type { Client } from './types.js';

/** Width, case, blanks and punctuation don't matter in a name that is typed on a phone. */
export function normaliseName(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]/gu, '');
}

/** A single character fits too many names. */
const MIN_PART_CHARS = 2;

/**
 * Clients that a text may mean, best first: the name or an alias itself, then names that contain the text (`城东`),
 * then names that the text contains (`去了城东医院`). Only the best kind of hit is given.
 */
export function findClients(clients: readonly Client[], text: string): Client[] {
  const wanted = normaliseName(text);
  if (wanted === '') return [];
  const kinds: ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => wanted.length >= MIN_PART_CHARS && name.includes(wanted),
    (name) => name.length >= MIN_PART_CHARS && wanted.includes(name),
  ];
  for (const fits of kinds) {
    const found = clients.filter((client) => [client.name, ...client.aliases].map(normaliseName).some(fits));
    if (found.length > 0) return found;
  }
  return [];
}
