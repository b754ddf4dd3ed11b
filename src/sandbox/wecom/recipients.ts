import type { Reply } from '../http.js';
import { type Json, text } from '../json.js';
import { type World, userIdOf } from '../world.js';
import { departments, departmentOf } from '../departments.js';
import { fail } from './words.js';

export interface Recipients {
  /** As the directory spells them, each once. */
  users: string[];
  /** Lower-cased, as the vendor gives them back. */
  invalidUsers: string[];
  invalidParties: string[];
  invalidTags: string[];
}

/** touser, toparty, totag of message/send. */
export function resolveRecipients(world: World, request: Json): Recipients | { refusal: Reply } {
  for (const field of ['touser', 'toparty', 'totag']) {
    const value = request[field];
    if (value !== undefined && typeof value !== 'string') return { refusal: fail(40058, `${field} is no string`) };
  }
  const [users, parties, tags] = [split(request.touser), split(request.toparty), split(request.totag)];
  if (users.length + parties.length + tags.length === 0) return { refusal: fail(82001, 'no recipient') };
  if (users.length > 1_000) return { refusal: fail(40058, 'touser size out of limit') };
  if (parties.length > 100) return { refusal: fail(82002, 'invalid party list size') };
  if (tags.length > 100) return { refusal: fail(82003, 'invalid tag list size') };
  if (users.includes('@all')) {
    return { users: world.userIds('wecom'), invalidUsers: [], invalidParties: [], invalidTags: [] };
  }
  const found = new Set<string>();
  const invalidUsers: string[] = [];
  for (const user of users) {
    const id = world.canonicalUser('wecom', user);
    if (id === undefined) invalidUsers.push(user.toLowerCase());
    else found.add(id);
  }
  const invalidParties: string[] = [];
  for (const party of parties) {
    if (!departments(world.directory).some((department) => String(department.id) === party)) invalidParties.push(party);
    for (const person of world.directory.people) {
      const id = userIdOf('wecom', person);
      if (id !== undefined && String(departmentOf(world.directory, person)) === party) found.add(id);
    }
  }
  // This company has no tags.
  return { users: [...found], invalidUsers, invalidParties, invalidTags: tags };
}

function split(value: unknown): string[] {
  return text(value)
    .split('|')
    .filter((part) => part !== '');
}
