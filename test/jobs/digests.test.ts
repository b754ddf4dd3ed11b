import { join } from 'node:path';
import test from 'ava';
import { loadCards } from '../../src/cards/index.js';
import { asId, FixedClock, projectRoot, type PersonId } from '../../src/core/index.js';
import type { Flow } from '../../src/flow/index.js';
import { createInsights, insightsIndexes } from '../../src/insights/index.js';
import { createDigestTick } from '../../src/jobs/index.js';
import { createCalendar, createOrg, demoCompany, orgIndexes } from '../../src/org/index.js';
import type { Outgoing, PlatformName } from '../../src/platforms/contract.js';
import { passed, row, sh } from '../insights/build.js';
import { openTestStore } from '../org/store.js';

const calendar = createCalendar();
const cards = loadCards(join(projectRoot, 'cards'));
const STAGES = [
  { id: 'screening', name: '需求初筛' },
  { id: 'clinical-value', name: '临床价值论证' },
  { id: 'contract', name: '合同签署' },
];

async function setup(platforms: PlatformName[] = ['wecom', 'dingtalk']) {
  const connection = await openTestStore(orgIndexes, insightsIndexes);
  const clock = new FixedClock(sh('2026-11-24 09:00'));
  const org = createOrg({ connection, clock, calendar });
  await org.save(demoCompany);
  const insights = createInsights({ connection, clock, org, calendar, flows: () => [{ stages: STAGES } as Flow] });
  const silent = (rep: string) =>
    row({ ownerId: rep, teamId: 'demo-east-1', regionId: 'demo-east', lastEventAt: sh('2026-11-19 14:00') });
  const rows = [
    ...['demo-rep-jia', 'demo-rep-yi', 'demo-rep-bing'].map(silent),
    passed({ ownerId: 'demo-rep-jia', teamId: 'demo-east-1', regionId: 'demo-east', stageId: 'contract' }),
  ];
  await connection.collection('obligations').insertMany(rows as never[]);
  const sent = new Map<string, Outgoing>();
  const tick = createDigestTick({
    insights,
    org,
    calendar,
    cards,
    platforms,
    takesPictures: ({ platform }) => platform === 'wecom',
    enqueue: (messages) => {
      for (const message of messages) if (!sent.has(message.key)) sent.set(message.key, message);
      return Promise.resolve();
    },
    pages: {
      digest: (id, platform) => `https://x.test/m/digest/${id}?p=${platform}`,
      figure: (id, figure, platform) => `https://x.test/m/figure/${id}/${figure}?p=${platform}`,
      picture: (id) => `https://x.test/p/${id}`,
    },
  });
  const at = async (time: string) => {
    clock.set(sh(time));
    await tick.run(clock.now());
    return [...sent.keys()];
  };
  const card = (key: string) => {
    const message = sent.get(key)?.message;
    if (message?.kind !== 'show') throw new Error(`no card ${key}`);
    return message.card;
  };
  return { at, card, sent, org, insights };
}

test('at nine every team chat on both platforms and everyone who leads gets one digest, chats that take pictures its chart too', async (t) => {
  const { at } = await setup();
  const keys = await at('2026-11-24 09:00');
  t.deepEqual(keys.sort(), [
    'digest:demo-director-east:2026-11-24',
    'digest:demo-director-south:2026-11-24',
    'digest:demo-group-east-1:2026-11-24:dingtalk',
    'digest:demo-group-east-1:2026-11-24:wecom',
    'digest:demo-group-east-1:2026-11-24:wecom:picture',
    'digest:demo-group-east-2:2026-11-24:dingtalk',
    'digest:demo-group-east-2:2026-11-24:wecom',
    'digest:demo-group-east-2:2026-11-24:wecom:picture',
    'digest:demo-group-south-1:2026-11-24:dingtalk',
    'digest:demo-group-south-1:2026-11-24:wecom',
    'digest:demo-group-south-1:2026-11-24:wecom:picture',
    'digest:demo-supervisor-1:2026-11-24',
    'digest:demo-supervisor-2:2026-11-24',
    'digest:demo-supervisor-3:2026-11-24',
  ]);
  t.is((await at('2026-11-24 09:50')).length, 14);
  t.is((await at('2026-11-25 09:00')).length, 28);
});

test('it says what is red, the rate beside last week, and every line opens', async (t) => {
  const { at, card } = await setup();
  await at('2026-11-24 09:00');
  const digest = card('digest:demo-group-east-1:2026-11-24:wecom');
  t.is(digest.title, '华东一组 · 11 月 24 日');
  const text = digest.lines.map((line) => line.text).join('\n');
  t.regex(text, /🔴 需求初筛超期未更新 3 人/);
  t.regex(text, /过程穿透率 25%（上周同日 —）/);
  t.regex(text, /最低：需求初筛 0%/);
  t.true(
    digest.lines.every((line) => line.url?.startsWith('https://x.test/m/figure/digest:demo-group-east-1:2026-11-24/')),
  );
  t.regex(
    card('digest:demo-group-east-2:2026-11-24:wecom')
      .lines.map((line) => line.text)
      .join('\n'),
    /过程穿透率 —/,
  );
});

test('one person gets the figures drawn on their card; what a group reads opens no picture without a login', async (t) => {
  const { at, card } = await setup();
  await at('2026-11-24 09:00');
  const id = 'digest:demo-supervisor-1:2026-11-24';
  t.deepEqual(card(id).picture, { url: `https://x.test/p/${id}`, ratio: 1.8 });
  t.is(card('digest:demo-group-east-1:2026-11-24:wecom').picture, undefined);
});

test('on a day off, to someone who is away, and where no platform is set up, nothing is sent', async (t) => {
  const { at, org } = await setup([]);
  t.deepEqual(await at('2026-11-28 09:00'), []);
  t.deepEqual(await at('2026-10-05 09:00'), []);
  await org.save({
    people: [
      {
        ...org.person('demo-supervisor-1')!,
        absences: [{ from: '2026-11-24', to: '2026-11-24', actingId: asId<PersonId>('demo-rep-yi') }],
      },
    ],
  });
  const keys = await at('2026-11-24 09:00');
  t.false(keys.some((key) => key.includes('group') || key.includes('supervisor-1')));
  t.true(keys.includes('digest:demo-supervisor-2:2026-11-24'));
  t.true(keys.includes('digest:demo-rep-yi:2026-11-24'), 'whoever stands in is told instead');
});
