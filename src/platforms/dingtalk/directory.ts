import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, errorCode, SECOND, type Log } from '../../core/index.js';
import type { Directory } from '../contract.js';
import type { DingtalkClient } from './client.js';
import { ResultAnswer } from './types.js';

type Member = Directory['members'][number];
type Department = Directory['departments'][number];

/** https://open.dingtalk.com/document/development/user-management-acquires-the-list-departments */
const ROOT = '1';
/** The free edition cuts an app at 20 calls a second of one API; calls follow each other, so this is the gap between two. */
const GAP_MS = SECOND / 15;
/** Refused for the rate all the same (others call too): so often, with a pause. */
const TRIES = 4;
/** A tree that goes deeper than this goes in a circle. */
const MAX_DEPARTMENTS = 20_000;

export interface DirectoryReader {
  /** Everything the app may see; with `userIds` only these people, and all departments. */
  read(userIds?: readonly string[]): Promise<Directory>;
  /** Ends what is being read: it can take minutes in a large company. */
  stop(): void;
}

export interface DirectoryReaderDeps {
  client: Pick<DingtalkClient, 'callOld'>;
  log: Log;
  /** For tests: waits without waiting. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * The address book: departments one level at a time from the top, the people of each, and every person by themselves,
 * since only that answer names their 直属主管. None of these calls counts against the company's month.
 */
export function createDirectoryReader(deps: DirectoryReaderDeps): DirectoryReader {
  const { client, log } = deps;
  const pause = deps.pause ?? ((ms, signal) => sleep(ms, undefined, { signal }));
  let stopping = new AbortController();

  async function call(path: string, body: object): Promise<unknown> {
    const { signal } = stopping;
    for (let tries = 1; ; tries += 1) {
      await pause(GAP_MS, signal);
      try {
        return (await client.callOld(path, body, ResultAnswer, false)).result;
      } catch (error) {
        if (errorCode(error) !== 'dingtalk.rate_limited' || tries === TRIES) throw error;
        const waitMs = error instanceof AppError ? Number(error.details['retryAfterMs']) : 0;
        await pause(waitMs || SECOND, signal);
      }
    }
  }

  /** From the top down. A department that may not be read is told of, with everything under it. */
  async function readDepartments(): Promise<{ departments: Department[]; complete: boolean }> {
    const departments: Department[] = [];
    const seen = new Set<string>();
    let complete = true;
    const waiting: { id: string; parentId?: string }[] = [{ id: ROOT }];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { id, parentId } = next;
      if (seen.has(id) || seen.size >= MAX_DEPARTMENTS) continue;
      seen.add(id);
      try {
        const about = record(await call('/topapi/v2/department/get', { dept_id: Number(id) }));
        const below = list(await call('/topapi/v2/department/listsub', { dept_id: Number(id) }));
        departments.push({
          id,
          name: text(about['name']),
          ...(parentId === undefined ? {} : { parentId }),
          leaderUserIds: ids(about['dept_manager_userid_list']),
        });
        for (const one of below) waiting.push({ id: text(record(one)['dept_id']), parentId: id });
      } catch (error) {
        // Without the top nothing can be placed: the company has to widen what the app may see.
        if (!isOutOfSight(error) || id === ROOT) throw error;
        complete = false;
        log.warn({ department: id, code: errorCode(error) }, 'department cannot be read');
      }
    }
    return { departments, complete };
  }

  async function userIdsIn(departments: readonly Department[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (const { id } of departments) {
      const answer = record(await call('/topapi/user/listid', { dept_id: Number(id) }));
      for (const userId of ids(answer['userid_list'])) found.add(userId);
    }
    return found;
  }

  async function readMember(userId: string): Promise<{ member: Member; leads: string[] }> {
    try {
      const user = record(await call('/topapi/v2/user/get', { userid: userId }));
      return { member: toMember(userId, user), leads: leads(user) };
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
      const gone = { userId, name: '', title: '', departmentIds: [], leaderUserIds: [], state: 'gone' } as const;
      return { member: gone, leads: [] };
    }
  }

  return {
    async read(userIds) {
      const { departments, complete } = await readDepartments();
      const members: Member[] = [];
      const flagged = new Map<string, string[]>();
      for (const userId of userIds ?? (await userIdsIn(departments))) {
        const { member, leads: leading } = await readMember(userId);
        members.push(member);
        for (const id of leading) flagged.set(id, [...(flagged.get(id) ?? []), member.userId]);
      }
      return {
        platform: 'dingtalk',
        complete: complete && userIds === undefined,
        ignoresCase: false,
        members,
        departments: departments.map((department) => ({
          ...department,
          leaderUserIds:
            department.leaderUserIds.length > 0 ? department.leaderUserIds : (flagged.get(department.id) ?? []),
        })),
      };
    },
    stop() {
      stopping.abort(new AppError('directory.stopped', 'the reading was stopped', { retryable: true }));
      stopping = new AbortController();
    },
  };
}

/** https://open.dingtalk.com/document/development/query-user-details */
function toMember(asked: string, user: Record<string, unknown>): Member {
  const manager = text(user['manager_userid']);
  const departmentIds = ids(user['dept_id_list']);
  const mobile = text(user['mobile']);
  return {
    userId: text(user['userid']) || asked,
    name: text(user['name']),
    title: text(user['title']),
    // The vendor names no main department; whoever is in a team as well as at the top belongs to the team.
    departmentIds: [...departmentIds.filter((id) => id !== ROOT), ...departmentIds.filter((id) => id === ROOT)],
    // Only there when 直属主管 was filled in; else the department's own leader counts.
    leaderUserIds: manager === '' ? [] : [manager],
    state: 'active',
    // What an account was opened with; not activated means not confirmed by its owner.
    ...(mobile !== '' && user['active'] === true ? { mobile } : {}),
  };
}

/** Departments of this person that say so: `[{dept_id, leader}]`. */
function leads(user: Record<string, unknown>): string[] {
  return list(user['leader_in_dept']).flatMap((one) => {
    const { dept_id: id, leader } = record(one);
    return leader === true || leader === 'true' ? [text(id)] : [];
  });
}

/** Gone, of another company, or beyond what the app may see. */
function isOutOfSight(error: unknown): boolean {
  return ['dingtalk.recipient_unknown', 'dingtalk.out_of_scope', 'dingtalk.department_unknown'].includes(
    errorCode(error),
  );
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
/** The vendor's samples print some lists as one thing, or as text. */
function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string')
    return value
      .replace(/[[\]"\s]/g, '')
      .split(',')
      .filter(Boolean);
  return typeof value === 'object' && value !== null ? [value] : [];
}
const ids = (value: unknown): string[] => list(value).map(text).filter(Boolean);
