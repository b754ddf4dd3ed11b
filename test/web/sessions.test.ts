import test from 'ava';
import { asId, DAY, FixedClock, HOUR, MINUTE, type PersonId } from '../../src/core/index.js';
import { createSessions, MemorySessionStore, type SessionRecord } from '../../src/web/sessions.js';

const person = { personId: asId<PersonId>('person_1'), platform: 'wecom' as const };
const begun = {
  platform: 'wecom' as const,
  to: '/m/deals/1',
  redirectUri: 'https://sales.example.com/login/wecom/done',
};

function setUp() {
  const clock = new FixedClock('2026-09-01T01:00:00Z');
  const store = new MemorySessionStore();
  return { clock, store, sessions: createSessions({ store, clock }) };
}

test('the store holds hashes, never what the browser holds', async (t) => {
  const rows: SessionRecord[] = [];
  class Spy extends MemorySessionStore {
    override create(record: SessionRecord): Promise<void> {
      rows.push(record);
      return super.create(record);
    }
  }
  const sessions = createSessions({ store: new Spy(), clock: new FixedClock('2026-09-01T01:00:00Z') });
  const { state, browser } = await sessions.beginLogin(begun);
  const token = await sessions.open(person);
  const kept = JSON.stringify(rows);
  for (const secret of [state, browser, token]) {
    t.regex(secret, /^[0-9a-f]{64}$/);
    t.false(kept.includes(secret));
  }
});

test('a login state is good once, for its own browser and platform, for five minutes', async (t) => {
  const { sessions, clock } = setUp();
  const first = await sessions.beginLogin(begun);
  t.is(await sessions.finishLogin('wecom', first.state, undefined), null);
  t.is(await sessions.finishLogin('wecom', first.state, 'another browser'), null);
  t.is(await sessions.finishLogin('dingtalk', first.state, first.browser), null);
  t.deepEqual(await sessions.finishLogin('wecom', first.state, first.browser), {
    to: begun.to,
    redirectUri: begun.redirectUri,
  });
  t.is(await sessions.finishLogin('wecom', first.state, first.browser), null);

  const late = await sessions.beginLogin(begun);
  clock.advance(5 * MINUTE);
  t.is(await sessions.finishLogin('wecom', late.state, late.browser), null);
});

test('of two answers with one state, one wins', async (t) => {
  const { sessions } = setUp();
  const { state, browser } = await sessions.beginLogin(begun);
  const both = await Promise.all([1, 2].map(() => sessions.finishLogin('wecom', state, browser)));
  t.is(both.filter((one) => one !== null).length, 1);
});

test('a login state is no session and a session no login state', async (t) => {
  const { sessions } = setUp();
  const { state, browser } = await sessions.beginLogin(begun);
  const token = await sessions.open(person);
  t.is(await sessions.read(state), null);
  t.is(await sessions.finishLogin('wecom', token, browser), null);
});

test('a session ends after half a day without use, and after a week however used', async (t) => {
  const { sessions, clock } = setUp();
  const idle = await sessions.open(person);
  clock.advance(12 * HOUR + 1);
  t.is(await sessions.read(idle), null);

  const used = await sessions.open(person);
  for (let hours = 0; hours < 7 * 24 - 6; hours += 6) {
    clock.advance(6 * HOUR);
    t.deepEqual(await sessions.read(used), person);
  }
  clock.advance(7 * DAY - (7 * 24 - 6) * HOUR);
  t.is(await sessions.read(used), null);
});

test('a closed session is gone', async (t) => {
  const { sessions } = setUp();
  const token = await sessions.open(person);
  await sessions.close(token);
  t.is(await sessions.read(token), null);
  await t.notThrowsAsync(() => sessions.close(undefined));
});
