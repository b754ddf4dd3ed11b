import test from 'ava';
import { PlatformRefusedError, PlatformUnreachableError } from '../../../src/core/index.js';
import { answerError } from '../../../src/platforms/dingtalk/errors.js';

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
  [400, 'resource.not.found', ['refused', 'dingtalk.refused', false, null]],
  [400, 'invalidParameter.msgKey.invalid', ['refused', 'dingtalk.refused', false, null]],
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
  [{ errcode: 300001, errmsg: 'session 不存在' }, ['refused', 'dingtalk.session_gone', false, null]],
  [{ errcode: 400002 }, ['refused', 'dingtalk.refused', false, null]],
];
for (const [body, expected] of OLD) {
  test(`old API: ${JSON.stringify(body)}`, (t) => t.deepEqual(after(200, body), expected));
}

test('a ban of our address is told from a broken gateway', (t) => {
  const ban = ['refused', 'dingtalk.address_banned', true, 300_000];
  t.deepEqual(after(200, { status: 1111, wait: 5, source: 'x5', punish: 'deny' }), ban);
  t.deepEqual(after(403, undefined, '<!DOCTYPE html><html>…'), ban);
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
