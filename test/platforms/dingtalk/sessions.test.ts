import test from 'ava';
import { FixedClock, silentLog } from '../../../src/core/index.js';
import { memoryReplyAddresses, type ReplyAddresses } from '../../../src/platforms/index.js';
import { createSessions } from '../../../src/platforms/dingtalk/sessions.js';
import { RobotMessage, type DingtalkSettings } from '../../../src/platforms/dingtalk/types.js';
import { robotMessage } from './vendor.js';

const SETTINGS: DingtalkSettings = {
  clientId: 'dingappkey0000000001',
  clientSecret: 'a-secret-of-the-app',
  robotCode: 'dingappkey0000000001',
  corpId: 'dingcorp0000000000000001',
  agentId: '1',
  apiBase: 'https://api.dingtalk.com',
  oapiBase: 'https://oapi.dingtalk.com',
  cardTemplateId: '',
  mode: 'stream',
};
const URL_1 = 'https://oapi.dingtalk.com/robot/sendBySession?session=s1';
/** Half an hour before the message's address ends. */
const NOW = new Date(1760005400000 - 30 * 60_000);

function setUp(addresses?: ReplyAddresses) {
  const clock = new FixedClock(NOW);
  const shared = addresses ?? memoryReplyAddresses(clock);
  const open = (settings: Partial<DingtalkSettings> = {}) =>
    createSessions({ settings: { ...SETTINGS, ...settings }, clock, log: silentLog, addresses: shared });
  return { clock, shared, open };
}
const said = (change: Record<string, unknown> = {}) =>
  RobotMessage.parse(robotMessage({ sessionWebhook: URL_1, ...change }));

test('what one process heard another one finds, for the same robot on the same hosts only', async (t) => {
  const { open } = setUp();
  const here = open();
  here.remember(said());
  t.is(await here.find('staff0101'), URL_1, 'at once');
  await here.settled();
  t.is(await open().find('staff0101'), URL_1);
  t.is(await open({ robotCode: 'dinganother' }).find('staff0101'), undefined);
  t.is(await open({ oapiBase: 'http://127.0.0.1:1' }).find('staff0101'), undefined, 'never posted elsewhere');
});

test('a store that fails or hangs costs no message and no answer of this process', async (t) => {
  const broken = () => Promise.reject(new Error('the store is away'));
  const sessions = setUp({ keep: broken, renew: broken, find: broken, used: broken, gone: broken }).open();
  sessions.remember(said());
  t.is(await sessions.find('staff0101'), URL_1);
  await sessions.settled();
  await sessions.forget('staff0101', URL_1);
  t.is(await sessions.find('staff0101'), undefined);
  const never = () => new Promise<never>(() => undefined);
  const slow = setUp({ keep: never, renew: never, find: never, used: never, gone: never }).open();
  slow.remember(said());
  t.is(await slow.find('staff0101'), URL_1);
});

test('an address without a time, past it, or for ever is no address for ever', async (t) => {
  const { open, clock, shared } = setUp();
  const sessions = open();
  for (const sessionWebhookExpiredTime of [undefined, 0, NOW.getTime(), NOW.getTime() + 60_000]) {
    sessions.remember(said({ sessionWebhookExpiredTime }));
    t.is(await sessions.find('staff0101'), undefined);
  }
  sessions.remember(said({ sessionWebhookExpiredTime: 1e300 }));
  await sessions.settled();
  t.is(await open().find('staff0101'), URL_1);
  clock.advance(86_400_000);
  t.is(await open().find('staff0101'), undefined);
  t.is(await sessions.find('staff0101'), undefined);
  t.is(await shared.find('dingtalk:session:dingappkey0000000001:staff0101'), null);
});

test('what is forgotten is the address that was tried, not one that came meanwhile', async (t) => {
  const { open } = setUp();
  const sessions = open();
  sessions.remember(said());
  const newer = URL_1.replace('s1', 's2');
  sessions.remember(said({ sessionWebhook: newer }));
  await sessions.forget('staff0101', URL_1);
  await sessions.settled();
  t.is(await sessions.find('staff0101'), newer);
  t.is(await open().find('staff0101'), newer);
});
