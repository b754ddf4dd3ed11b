import { departmentOf, departments } from '../departments.js';
import type { Json } from '../json.js';
import type { ActionResult, Directory, DirectoryPerson } from '../types.js';
import { userIdOf } from '../world.js';

/**
 * What the vendor tells when the directory changes; counted against no quota. Names of events by the console's list, their
 * bodies by reports: not confirmed.
 */
export function directoryEvents(before: Directory, after: Directory): { type: string; body: Json }[] {
  const [old, now] = [members(before), members(after)];
  const users: [string, string[]][] = [
    ['user_add_org', [...now.keys()].filter((id) => !old.has(id))],
    ['user_modify_org', [...now.keys()].filter((id) => old.has(id) && old.get(id) !== now.get(id))],
    ['user_leave_org', [...old.keys()].filter((id) => !now.has(id))],
  ];
  const [oldTree, tree] = [tops(before), tops(after)];
  const parts: [string, number[]][] = [
    ['org_dept_create', [...tree.keys()].filter((id) => !oldTree.has(id))],
    ['org_dept_modify', [...tree.keys()].filter((id) => oldTree.has(id) && oldTree.get(id) !== tree.get(id))],
    ['org_dept_remove', [...oldTree.keys()].filter((id) => !tree.has(id))],
  ];
  return [
    ...parts.filter(([, ids]) => ids.length > 0).map(([type, deptId]) => ({ type, body: { deptId } })),
    ...users.filter(([, ids]) => ids.length > 0).map(([type, userId]) => ({ type, body: { userId } })),
  ];
}

/** Delivered behind the change, in order; nobody waits for it. */
export async function tellChanges(
  push: (type: string, body: Json) => Promise<ActionResult>,
  before: Directory,
  after: Directory,
  at: number,
): Promise<void> {
  for (const { type, body } of directoryEvents(before, after)) await push(type, { timeStamp: at, ...body });
}

/** By user id, what others could see change. */
function members(directory: Directory): Map<string, string> {
  return new Map(
    directory.people.flatMap((person) => {
      const userId = userIdOf('dingtalk', person);
      return userId === undefined ? [] : [[userId, JSON.stringify(facts(directory, person))] as const];
    }),
  );
}

const facts = (directory: Directory, person: DirectoryPerson): unknown[] => [
  person.name,
  person.title,
  person.superiorId,
  person.dingtalkMobile,
  departmentOf(directory, person),
];

const tops = (directory: Directory): Map<number, string> =>
  new Map(departments(directory).map(({ id, name, parentId }) => [id, `${parentId} ${name}`]));
