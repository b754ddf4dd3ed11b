import test from 'ava';
import { PlatformRefusedError, PlatformUnreachableError, projectRoot } from '../../../src/core/index.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEW_API, OLD_API, REACTIONS, WEBHOOK } from '../../../src/platforms/dingtalk/error-table.js';
import { answerError, WEBHOOK_API } from '../../../src/platforms/dingtalk/errors.js';

const after = (status: number, body: unknown, text = JSON.stringify(body)) => {
  const error = answerError('some/api', status, body, text);
  if (error === null) return null;
  const kind =
    error instanceof PlatformRefusedError ? 'refused' : error instanceof PlatformUnreachableError ? 'unknown' : '?';
  return [kind, error.code, error.retryable, error.details['retryAfterMs'] ?? null];
};

test('an answer without a refusal is none', (t) => {
  t.is(after(200, { processQueryKey: 'x' }), null);
  t.is(after(200, { errcode: 0, errmsg: 'ok' }), null);
  t.is(after(200, { errcode: '0' }), null);
});

const NEW: [number, string, unknown[]][] = [
  [400, 'InvalidAuthentication', ['refused', 'dingtalk.token_refused', true, 1_000]],
  [400, 'invalidClientIdOrSecret', ['refused', 'dingtalk.credentials_refused', false, null]],
  [401, 'authFailed', ['refused', 'dingtalk.credentials_refused', false, null]],
  [403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied', ['refused', 'dingtalk.permission_missing', false, null]],
  [403, 'Forbidden.AccessDenied.IpNotInWhiteList', ['refused', 'dingtalk.ip_not_listed', false, null]],
  [403, 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', ['refused', 'dingtalk.rate_limited', true, 1_000]],
  [403, 'Forbidden.AccessDenied.QpsLimitForApi', ['refused', 'dingtalk.rate_limited', true, 1_000]],
  [403, 'Forbidden.AccessDenied.QpmLimitForAppkeyAndApi', ['refused', 'dingtalk.rate_limited', true, 60_000]],
  [403, 'Forbidden.AccessDenied.ApiCountLimitForOrg', ['refused', 'dingtalk.quota_used_up', false, null]],
  [400, 'send.too.fast', ['refused', 'dingtalk.rate_limited', true, 60_000]],
  [429, 'throttling.device', ['refused', 'dingtalk.rate_limited', true, 1_000]],
  [429, 'whatever', ['refused', 'dingtalk.rate_limited', true, 1_000]],
  [500, 'system.busy', ['refused', 'dingtalk.busy', true, 1_000]],
  [500, 'unknownError', ['refused', 'dingtalk.busy', true, 1_000]],
  [504, 'service.timeout', ['unknown', 'dingtalk.timeout', true, 1_000]],
  [400, 'unknown.send.result', ['unknown', 'dingtalk.outcome_unknown', false, null]],
  [400, 'resource.not.found', ['refused', 'dingtalk.robot_unknown', false, null]],
  [400, 'invalidParameter.msgKey.invalid', ['refused', 'dingtalk.request_wrong', false, null]],
  [400, 'param.cardAlreadyExist', ['refused', 'dingtalk.card_exists', false, null]],
  [400, 'param.cardNotExist', ['refused', 'dingtalk.card_unknown', false, null]],
  [400, 'param.userIdNotExist', ['refused', 'dingtalk.recipient_unknown', false, null]],
  [400, 'group.disbanded', ['refused', 'dingtalk.group_unknown', false, null]],
  [400, 'contain.notAllowed.text', ['refused', 'dingtalk.content_refused', false, null]],
  [400, 'invalidParameter.robotCode.downloadCode', ['refused', 'media.gone', false, null]],
];
for (const [status, code, expected] of NEW) {
  test(`new API: ${status} ${code}`, (t) => {
    t.deepEqual(after(status, { code, message: '说明', requestid: 'r' }), expected);
  });
}

const OLD: [object, unknown[]][] = [
  [{ errcode: -1 }, ['refused', 'dingtalk.busy', true, 1_000]],
  [{ errcode: 15, sub_code: 'isp.top-remote-connection-timeout' }, ['unknown', 'dingtalk.timeout', true, 1_000]],
  [{ errcode: 88, sub_code: '' }, ['unknown', 'dingtalk.timeout', true, 1_000]],
  [
    { errcode: 88, sub_code: '40014', sub_msg: '不合法的access_token' },
    ['refused', 'dingtalk.token_refused', true, 1_000],
  ],
  [{ errcode: 42001 }, ['refused', 'dingtalk.token_refused', true, 1_000]],
  [{ errcode: 40096 }, ['refused', 'dingtalk.credentials_refused', false, null]],
  [{ errcode: 40078 }, ['refused', 'login.code_invalid', false, null]],
  [{ errcode: 33012 }, ['refused', 'dingtalk.recipient_unknown', false, null]],
  [{ errcode: 88, sub_code: '90018' }, ['refused', 'dingtalk.rate_limited', true, 1_000]],
  [{ errcode: 90002 }, ['refused', 'dingtalk.rate_limited', true, 1_000]],
  [{ errcode: 90020 }, ['refused', 'dingtalk.quota_used_up', false, null]],
  [{ errcode: 60011 }, ['refused', 'dingtalk.permission_missing', false, null]],
  [{ errcode: 41020 }, ['refused', 'dingtalk.agent_wrong', false, null]],
  [{ errcode: 300001, errmsg: 'session 不存在' }, ['refused', 'dingtalk.session_gone', false, null]],
  [{ errcode: 400002 }, ['refused', 'dingtalk.request_wrong', false, null]],
  [{ errcode: 999999 }, ['refused', 'dingtalk.refused', false, null]],
];
for (const [body, expected] of OLD) {
  test(`old API: ${JSON.stringify(body)}`, (t) => t.deepEqual(after(200, body), expected));
}

test('a ban of our address is told from a broken gateway', (t) => {
  const ban = ['refused', 'dingtalk.address_banned', true, 300_000];
  t.deepEqual(after(200, { status: 1111, wait: 5, source: 'x5', punish: 'deny' }), ban);
  t.deepEqual(after(403, undefined, '<!DOCTYPE html><html>…'), ban);
  t.is(answerError('a', 200, { source: 'x5' }, '')?.details['holds'], 'platform', 'all others wait too');
  t.deepEqual(after(503, undefined, '<html>Service Unavailable</html>'), ['unknown', 'dingtalk.timeout', true, 1_000]);
  t.deepEqual(after(200, undefined, 'ok'), ['unknown', 'dingtalk.timeout', true, 1_000]);
});

test('a missing permission names the scope to request, in either spelling', (t) => {
  const code = 'Forbidden.AccessDenied.AccessTokenPermissionDenied';
  for (const name of ['accessdenieddetail', 'accessDeniedDetail']) {
    const body = { code, [name]: { requiredScopes: ['Card.Instance.Write'] } };
    t.deepEqual(answerError('a', 403, body, '')?.details['requiredScopes'], ['Card.Instance.Write']);
  }
});

test('the old API names the scope in its words only', (t) => {
  const scopesOf = (sub_msg: string) =>
    answerError('a', 200, { errcode: 88, sub_code: '60011', sub_msg }, '')?.details['requiredScopes'];
  const url = 'https://open-dev.dingtalk.com/appscope/apply?content=ding1%23qyapi_get_member';
  t.deepEqual(scopesOf(`应用尚未开通所需的权限：[qyapi_get_member]，点击链接申请并开通即可：${url}`), [
    'qyapi_get_member',
  ]);
  t.is(scopesOf('没有权限'), undefined);
});

/** What the vendor's pages name, by call; `*` is any ending. */
const NAMED = {
  gateway: 'authFailed',
  all: `InvalidAuthentication AuthenticationFailed.MissingParameter invalidClientIdOrSecret
    Forbidden.AccessDenied.AccessTokenPermissionDenied Forbidden.AccessDenied.IpNotInWhiteList
    Forbidden.AccessDenied.QpsLimitForAppkeyAndApi Forbidden.AccessDenied.QpmLimitForAppkeyAndApi
    Forbidden.AccessDenied.QpsLimitForApi Forbidden.AccessDenied.ApiCountLimitForOrg resource.not.found
    chatbot.notFound invalidParameter.robotCode.notExsit param.* invalidParameter.* miss.param.* miss.* system.busy
    system.error service.timeout`,
  robot: `invalidParameter.robotCode.empty invalidParameter.robotCode.invalid invalidParameter.robotCode.missing
    template.not.existed invalidParameter.robotCode.auth unauthorized auth.error conversation.org.notMatch bot.stopped
    template.stopped send.forbidden bot.forbidden.sendMessage resource.unavailable chatbotId.notAllow.sendOTO
    robot.oto.notExist staffId.notExisted invalidParameter.userId.empty invalidParameter.userIds.overMax
    invalid.openConversationId miss.openConversationId group.disbanded invalidParameter.msgKey.empty
    invalidParameter.msgParam.invalid invalidParameter.msg.unsupport invalidParameter.msgParam.tooLong contain.unsafe.url
    contain.notAllowed.text contain.notAllowed.picture contain.notAllowed.content send.too.fast send.byToken.tooFast
    too.many.group too.many.people receivers.exceed unknown.send.result invalidParameter.robotCode.downloadCode
    invalidRequest.exceededMaximumLimit`,
  cards: `param.empty param.outTrackIdEmpty param.openSpaceIdEmpty param.openSpaceIdInvalid param.openDeliverModelEmpty
    param.openDeliverModelError param.openSpaceModelInvalid param.cardTemplateIdEmpty param.templateNotExist
    param.templateUnpublished param.cardPublicDataEmpty param.userIdEmpty param.userIdNotExist param.cardNotExist
    param.cardAlreadyExist param.contentUnsafe param.invalid param.cardDataAndPrivateDataBothEmpty param.stream.keyEmpty`,
  ding: `ding.serverquota.insufficient ding.receivercount.limit toomuch.msg invalid.chatbotId miss.staffId
    send.ding.exception`,
};
const named = Object.values(NAMED).join(' ').split(/\s+/);
const OLD_CODES = `-1 15 88 40014 42001 40001 41001 40096 40089 40078 33012 40003 60121 50002 50004 60011 60020 90018 90002
  90006 90007 90009 90010 90011 90012 90013 90014 90020 22 40035 400002 43004 40004 300001 52011 52013`;
const WEBHOOK_CODES = `-1 310000 410100 130101 400101 300001 300005 400102 400106 400013 400105 40035 43004 430101 430102
  430103 430104 460101 660026`;
const numbers = (text: string) => text.trim().split(/\s+/).map(Number);
const known = (table: typeof OLD_API) => new Set(table.flatMap(([, codes]) => codes));

test('every code that the vendor names has one reaction of its own', (t) => {
  for (const code of named) {
    t.true(
      NEW_API.some(([, pattern]) => pattern.test(code.replace('*', 'x'))),
      code,
    );
    t.not(after(400, { code })?.[1], REACTIONS.refused.code, code);
  }
  for (const code of numbers(OLD_CODES)) t.true(known(OLD_API).has(code), String(code));
  for (const code of numbers(WEBHOOK_CODES)) t.true(known(WEBHOOK).has(code), String(code));
  for (const table of [OLD_API, WEBHOOK]) {
    const all = table.flatMap(([, codes]) => codes);
    t.is(new Set(all).size, all.length, 'no number twice');
  }
});

test('the lists above are whole, where the sheet lies beside the project', (t) => {
  const sheet = join(projectRoot, '../shared/protocols/dingtalk.md');
  if (!existsSync(sheet)) {
    t.pass('no set beside the project');
    return;
  }
  const text = readFileSync(sheet, 'utf8');
  const part = (from: string, to: string) => text.slice(text.indexOf(from), text.indexOf(to));
  const firstCells = (lines: string) => lines.split('\n').flatMap((line) => /^\| ([^|]+) \|/.exec(line)?.[1] ?? []);
  const old = firstCells(part('### 9.1', '### 9.2')).flatMap((cell) => cell.match(/(?<![\w.])-?\d{1,6}\b/g) ?? []);
  // `4001xx` and its neighbours are the custom robot's.
  const foreign = new Set([0, 130101, 410100, 310000]);
  for (const code of old.map(Number).filter((code) => !foreign.has(code)))
    t.true(known(OLD_API).has(code), String(code));
  const fresh = part('### 9.2', '### 9.3')
    .split('\n')
    .flatMap((line) => /^\| [\d/ any]+ \| (.+) \| /.exec(line)?.[1] ?? []);
  const codes = fresh
    .flatMap((cell) => cell.match(/`[A-Za-z][\w.*]+`/g) ?? [])
    .map((code) => code.slice(1, -1))
    .filter((code) => code !== 'requiredScopes');
  t.true(codes.length > 12);
  for (const code of codes)
    t.true(
      NEW_API.some(([, pattern]) => pattern.test(code.replace('*', 'x'))),
      code,
    );
  const webhook = firstCells(part('### 5.4', '### 5.5')).flatMap((cell) => cell.match(/-1\b|\d{5,6}\b/g) ?? []);
  for (const code of webhook.map(Number)) t.true(known(WEBHOOK).has(code), String(code));
});

test('codes of a group’s custom robot are its own: 300001 is no expired session there', (t) => {
  const body = { errcode: 300001, errmsg: 'token is not exist' };
  t.is(answerError(WEBHOOK_API, 200, body, '')?.code, 'dingtalk.webhook_unknown');
  t.is(answerError('sessionWebhook', 200, body, '')?.code, 'dingtalk.session_gone');
});

test('who can help is told what to press', (t) => {
  for (const name of ['credentials', 'permission', 'ip', 'scope', 'quota', 'robot', 'template'] as const) {
    t.regex(REACTIONS[name].admin ?? '', /→|「/);
  }
  const error = answerError('a', 403, { code: 'Forbidden.AccessDenied.IpNotInWhiteList' }, '');
  t.is(error?.details['admin'], REACTIONS.ip.admin);
});
