import { DAY, HOUR, MINUTE, SECOND } from '../../core/index.js';
import { type Call, cookie, jsonBody, redirect, type Reply } from '../http.js';
import { departmentOf, departments } from '../departments.js';
import { choosePerson, identityCookie, isHttp } from '../identity.js';
import { text } from '../json.js';
import type { DirectoryPerson } from '../types.js';
import { opaque, userIdOf } from '../world.js';
import { type DingtalkState, TOKEN_SECONDS } from './state.js';
import { failOld, okOld } from './words.js';

const CODE_MS = 5 * MINUTE;

/** In the client: the person is known by the phone. */
export function authorizePage(state: DingtalkState, call: Call): Reply {
  const { query } = call;
  const target = query.get('redirect_uri') ?? '';
  if (query.get('client_id') !== state.data.clientId) return { status: 400, body: 'client_id 不合法' };
  if (!isHttp(target)) return { status: 400, body: 'redirect_uri 不合法' };
  const asked = query.get('sandbox_user') ?? cookie(call, identityCookie('dingtalk'));
  const person = asked === undefined ? undefined : state.world.person('dingtalk', asked);
  if (asked === undefined || person === undefined) return choosePerson(state.world, 'dingtalk', call);
  const now = state.world.now();
  for (const [code, record] of Object.entries(state.data.codes)) {
    if (record.expiresAt < now - HOUR) delete state.data.codes[code];
  }
  const code = opaque(32).toLowerCase();
  state.data.codes[code] = { userId: asked, expiresAt: now + CODE_MS, used: false };
  state.world.save();
  const url = new URL(target);
  url.searchParams.set('code', code);
  url.searchParams.set('state', query.get('state') ?? '');
  return redirect(url.href);
}

export function identify(state: DingtalkState, call: Call): Reply {
  const userId = call.query.get('user') ?? '';
  const url = call.query.get('url') ?? '';
  if (state.world.person('dingtalk', userId) === undefined || !isHttp(url)) {
    return { status: 400, body: 'user and url are needed' };
  }
  const value = `${identityCookie('dingtalk')}=${encodeURIComponent(userId)}; Path=/; HttpOnly; SameSite=Lax`;
  return redirect(url, { 'set-cookie': value });
}

/** POST topapi/v2/user/getuserinfo: a code counts once, for five minutes. */
export function userInfo(state: DingtalkState, call: Call): Reply {
  const code = state.data.codes[text(jsonBody(call)?.code)];
  if (code === undefined || code.used || code.expiresAt <= state.world.now())
    return failOld(40_078, '不存在的临时授权码');
  code.used = true;
  state.world.save();
  const { userId } = code;
  const unionid = state.unionId(userId);
  const name = state.world.person('dingtalk', userId)?.name ?? '';
  return okOld({
    result: {
      userid: userId,
      unionid,
      associated_unionid: unionid,
      device_id: 'sandbox',
      name,
      sys: false,
      sys_level: 0,
    },
    request_id: opaque(12).toLowerCase(),
  });
}

export function getUser(state: DingtalkState, call: Call): Reply {
  const userid = text(jsonBody(call)?.userid);
  if (userid === '') return failOld(400_002, '无效的参数');
  const person = state.world.person('dingtalk', userid);
  return person === undefined
    ? failOld(60_121, '找不到该用户')
    : okOld({ result: record(state, person), request_id: opaque(12).toLowerCase() });
}

function record(state: DingtalkState, person: DirectoryPerson): Record<string, unknown> {
  const { directory } = state.world;
  const department = departmentOf(directory, person);
  const leads =
    departments(directory)
      .find(({ id }) => id === department)
      ?.leaders.includes(person.id) === true;
  const superior = directory.people.find((candidate) => candidate.id === person.superiorId);
  const manager = superior === undefined ? undefined : userIdOf('dingtalk', superior);
  const userid = userIdOf('dingtalk', person) ?? '';
  return {
    userid,
    unionid: state.unionId(userid),
    name: person.name,
    title: person.title,
    job_number: '',
    active: true,
    admin: false,
    boss: false,
    senior: false,
    ...(manager === undefined ? {} : { manager_userid: manager }),
    ...(person.dingtalkMobile === undefined ? {} : { mobile: person.dingtalkMobile }),
    dept_id_list: [department],
    dept_order_list: [{ dept_id: department, order: 1 }],
    leader_in_dept: [{ dept_id: department, leader: leads }],
    role_list: [],
  };
}

/** One level only. */
export function departmentSubs(state: DingtalkState, call: Call): Reply {
  const parent = jsonBody(call)?.dept_id ?? 1;
  const all = departments(state.world.directory);
  if (!all.some(({ id }) => id === parent)) return failOld(40_009, '不合法的部门id');
  const result = all
    .filter(({ parentId }) => parentId === parent)
    .map(({ id, name, parentId }) => ({
      dept_id: id,
      name,
      parent_id: parentId,
      create_dept_group: true,
      auto_add_user: true,
    }));
  return okOld({ result, request_id: opaque(12).toLowerCase() });
}

/** Who leads it is here and only here. */
export function getDepartment(state: DingtalkState, call: Call): Reply {
  const wanted = jsonBody(call)?.dept_id;
  const { directory } = state.world;
  const found = departments(directory).find(({ id }) => id === wanted);
  if (found === undefined) return failOld(40_009, '不合法的部门id');
  const { id, name, parentId, leaders } = found;
  const managers = leaders.flatMap((personId) => {
    const person = directory.people.find((candidate) => candidate.id === personId);
    return (person === undefined ? undefined : userIdOf('dingtalk', person)) ?? [];
  });
  const result = {
    dept_id: id,
    name,
    // The top has none.
    ...(parentId === 0 ? {} : { parent_id: parentId }),
    dept_manager_userid_list: managers,
    org_dept_owner: '',
    create_dept_group: true,
    auto_add_user: true,
    order: id,
  };
  return okOld({ result, request_id: opaque(12).toLowerCase() });
}

export function departmentUsers(state: DingtalkState, call: Call): Reply {
  const wanted = jsonBody(call)?.dept_id;
  const { directory } = state.world;
  if (!departments(directory).some(({ id }) => id === wanted)) return failOld(40_009, '不合法的部门id');
  const people = directory.people.filter((person) => departmentOf(directory, person) === wanted);
  const userid_list = people.flatMap((person) => userIdOf('dingtalk', person) ?? []);
  return okOld({ result: { userid_list }, request_id: opaque(12).toLowerCase() });
}

/** Official check-in, by user: topapi/checkin/record/get */
export function checkins(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  const users = text(request.userid_list).split(',').filter(Boolean);
  const [from, to] = [Number(request.start_time), Number(request.end_time)];
  const [cursor, size] = [Number(request.cursor ?? 0), Number(request.size ?? 100)];
  const numbers = [from, to, cursor, size].every((value) => Number.isFinite(value));
  // One person over ten days at most, several over one.
  const longest = users.length === 1 ? 10 * DAY : DAY;
  const fits =
    users.length >= 1 && users.length <= 10 && size >= 1 && size <= 100 && to >= from && to - from <= longest;
  if (!numbers || !fits) return failOld(400_002, '无效的参数');
  const found = state.data.checkins.filter(({ userId, at }) => users.includes(userId) && at >= from && at <= to);
  const page_list = found.slice(cursor, cursor + size).map(({ userId, at, lat, lng, place }) => ({
    checkin_time: at,
    detail_place: place,
    remark: '',
    userid: userId,
    place,
    longitude: String(lng),
    latitude: String(lat),
    visit_user: '',
  }));
  const next = cursor + size;
  return {
    json: { errcode: 0, result: { next_cursor: next < found.length ? next : null, page_list }, request_id: opaque(12) },
  };
}

/** Asking again makes the ticket good for two more hours, up to a day after it was made. */
export function ticketOf(state: DingtalkState): { ticket: string; seconds: number } {
  const now = state.world.now();
  const known = state.data.ticket;
  const kept = known !== undefined && known.expiresAt > now ? known : { ticket: opaque(64), madeAt: now };
  const expiresAt = Math.min(now + TOKEN_SECONDS * SECOND, kept.madeAt + DAY);
  state.data.ticket = { ticket: kept.ticket, madeAt: kept.madeAt, expiresAt };
  state.world.save();
  return { ticket: kept.ticket, seconds: Math.ceil((expiresAt - now) / SECOND) };
}
