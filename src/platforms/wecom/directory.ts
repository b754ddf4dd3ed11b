import { errorCode, PlatformRefusedError, type Log } from '../../core/index.js';
import type { Directory } from '../contract.js';
import type { WecomClient } from './client.js';

type Member = Directory['members'][number];

/** https://developer.work.weixin.qq.com/document/path/96255 : 1 active, 4 not activated yet; 2 disabled, 5 left. */
const STATUS_GONE = new Set([2, 5]);

/**
 * The address book as far as the app's visible range goes: departments, then the members of each (the vendor does not
 * walk the tree for us any more). With `userIds` only these people, for following single changes.
 */
export async function readDirectory(client: WecomClient, log: Log, userIds?: readonly string[]): Promise<Directory> {
  const { department } = await client.get('department/list');
  const departments = objects(department).map((one) => ({
    id: String(one['id']),
    name: text(one['name']),
    parent: one['parentid'] === undefined ? '' : String(one['parentid']),
    leaderUserIds: strings(one['department_leader']),
  }));
  const visible = new Set(departments.map(({ id }) => id));
  const members = new Map<string, Member>();
  const flagged = new Map<string, string[]>();
  let complete = userIds === undefined;

  const add = (record: Record<string, unknown>): void => {
    const member = toMember(record);
    if (member === null) return;
    members.set(member.userId.toLowerCase(), member);
    for (const id of leads(record)) flagged.set(id, [...(flagged.get(id) ?? []), member.userId]);
  };
  if (userIds === undefined) {
    for (const { id } of departments) {
      try {
        for (const record of objects((await client.get('user/list', { department_id: id }))['userlist'])) add(record);
      } catch (error) {
        if (!isOutOfSight(error)) throw error;
        // Seen in the list and not to be read: then nobody may be thought gone.
        complete = false;
        log.warn({ department: id, code: errorCode(error) }, 'department cannot be read');
      }
    }
  } else {
    for (const userId of userIds) {
      try {
        add(await client.get('user/get', { userid: userId }));
      } catch (error) {
        if (!isOutOfSight(error)) throw error;
        const gone = { userId, name: '', title: '', departmentIds: [], leaderUserIds: [], state: 'gone' } as const;
        members.set(userId.toLowerCase(), gone);
      }
    }
  }
  return {
    platform: 'wecom',
    complete: complete && departments.length > 0,
    ignoresCase: true,
    members: [...members.values()],
    departments: departments.map(({ id, name, parent, leaderUserIds }) => ({
      id,
      name,
      // The root's own parent is 0; a department above may be out of sight.
      ...(parent !== id && visible.has(parent) ? { parentId: parent } : {}),
      leaderUserIds: leaderUserIds.length > 0 ? leaderUserIds : (flagged.get(id) ?? []),
    })),
  };
}

function toMember(record: Record<string, unknown>): Member | null {
  const userId = text(record['userid']);
  if (userId === '') return null;
  const main = record['main_department'];
  const departments = ids(record['department']);
  const first = main === undefined || main === 0 ? [] : [String(main)];
  return {
    userId,
    name: text(record['name']),
    title: text(record['position']),
    departmentIds: [...new Set([...first, ...departments])],
    leaderUserIds: strings(record['direct_leader']),
    state: STATUS_GONE.has(Number(record['status'])) ? 'gone' : 'active',
    // Old apps only; before an account is activated nobody has confirmed the number.
    ...(text(record['mobile']) !== '' && Number(record['status']) === 1 ? { mobile: text(record['mobile']) } : {}),
  };
}

/** Departments that this member leads: flags stand in the order of the departments. */
function leads(record: Record<string, unknown>): string[] {
  const flags = Array.isArray(record['is_leader_in_dept']) ? record['is_leader_in_dept'] : [];
  return ids(record['department']).filter((_, n) => flags[n] === 1);
}

function isOutOfSight(error: unknown): boolean {
  return error instanceof PlatformRefusedError && error.code === 'wecom.recipient_unknown';
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
const ids = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const objects = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value)
    ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
    : [];
