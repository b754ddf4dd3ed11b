import { type Call, jsonBody, type Reply } from '../http.js';
import { departmentOf, departments } from '../departments.js';
import type { DirectoryPerson } from '../types.js';
import { userIdOf } from '../world.js';
import type { Secret, WecomState } from './state.js';
import { fail, ok } from './words.js';

/** Contacts as a new self-built app sees them: no mobile, avatar or mail. https://developer.work.weixin.qq.com/document/path/96255 */

export function getUser(state: WecomState, call: Call): Reply {
  const person = state.world.person('wecom', call.query.get('userid') ?? '');
  return person === undefined ? fail(60111, 'userid not found') : ok(full(state, person));
}

function full(state: WecomState, person: DirectoryPerson): Record<string, unknown> {
  const { directory } = state.world;
  const department = departmentOf(directory, person);
  const leads = departments(directory)
    .find((candidate) => candidate.id === department)
    ?.leaders.includes(person.id);
  const superior = directory.people.find((candidate) => candidate.id === person.superiorId);
  const leader = superior === undefined ? undefined : userIdOf('wecom', superior);
  return {
    userid: userIdOf('wecom', person),
    name: person.name,
    department: [department],
    order: [0],
    position: person.title,
    is_leader_in_dept: [leads === true ? 1 : 0],
    direct_leader: leader === undefined ? [] : [leader],
    telephone: '',
    alias: '',
    main_department: department,
    extattr: { attrs: [] },
    status: 1,
    external_position: '',
    external_profile: {},
  };
}

/** Members of one department, not of those below it. */
export function userList(state: WecomState, call: Call, detail: 'full' | 'simple'): Reply {
  const id = Number(call.query.get('department_id') ?? '');
  const { directory } = state.world;
  if (!departments(directory).some((department) => department.id === id)) return fail(60123, 'invalid party id');
  const people = directory.people.filter(
    (person) => userIdOf('wecom', person) !== undefined && departmentOf(directory, person) === id,
  );
  const userlist = people.map((person) =>
    detail === 'full'
      ? full(state, person)
      : { userid: userIdOf('wecom', person), name: person.name, department: [departmentOf(directory, person)] },
  );
  return ok({ userlist });
}

export function userIdList(state: WecomState, call: Call, of: Secret): Reply {
  if (of !== 'contacts') return fail(48002, 'api forbidden');
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const limit = request.limit ?? 10_000;
  if (typeof limit !== 'number' || limit < 1 || limit > 10_000) return fail(40058, 'invalid limit');
  const from = Number(request.cursor ?? 0);
  if (!Number.isInteger(from)) return fail(40035, 'invalid cursor');
  const { directory } = state.world;
  const all = directory.people.flatMap((person) => {
    const userid = userIdOf('wecom', person);
    return userid === undefined ? [] : [{ userid, department: departmentOf(directory, person) }];
  });
  const end = from + limit;
  return ok({ next_cursor: end < all.length ? String(end) : '', dept_user: all.slice(from, end) });
}

export function departmentList(state: WecomState, call: Call): Reply {
  const { directory } = state.world;
  const all = departments(directory);
  const asked = call.query.get('id') ?? '';
  if (asked !== '' && !all.some((department) => String(department.id) === asked))
    return fail(60123, 'invalid party id');
  const wanted = asked === '' ? all : all.filter((department) => isUnder(all, department.id, Number(asked)));
  return ok({
    department: wanted.map(({ id, name, parentId, leaders }) => ({
      id,
      name,
      name_en: '',
      department_leader: leaders.flatMap((personId) => {
        const person = directory.people.find((candidate) => candidate.id === personId);
        return (person === undefined ? undefined : userIdOf('wecom', person)) ?? [];
      }),
      parentid: parentId,
      order: 100_000_000 - id,
    })),
  });
}

export function departmentSimpleList(state: WecomState): Reply {
  const all = departments(state.world.directory);
  return ok({
    department_id: all.map(({ id, parentId }) => ({ id, parentid: parentId, order: 100_000_000 - id })),
  });
}

function isUnder(all: { id: number; parentId: number }[], id: number, top: number): boolean {
  if (id === top) return true;
  const parent = all.find((department) => department.id === id)?.parentId ?? 0;
  return parent !== 0 && isUnder(all, parent, top);
}
