import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { decrypt } from '../../src/sandbox/wecom/crypto.js';
import { childText, readXml } from '../../src/sandbox/wecom/xml.js';
import { PEOPLE, startBench, startReceiver, withCallback } from './support.js';

/** The directory's callback, with keys of its own. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries += 1) await sleep(10);
}

test('a change of the directory is told through its own callback and keys, people’s range through the app’s', async (t) => {
  const bench = await startBench(t);
  const app = await withCallback(t, bench);
  const { encodingAesKey } = bench.access.wecom.contacts;
  const told: string[] = [];
  const { url } = await startReceiver(t, ({ query, body }) => {
    const sealed = query.get('echostr') ?? /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? '';
    t.false(body.includes('AgentID'), 'no app is named');
    const message = decrypt(encodingAesKey, sealed)?.message ?? '';
    if (query.has('echostr')) return Promise.resolve({ body: message });
    told.push(message);
    return Promise.resolve({});
  });
  t.deepEqual((await bench.control('PUT', 'wecom/callback', { url, door: 'contacts' })).json, { ok: true });

  const [rep, other, lead] = PEOPLE;
  const people = [
    { ...rep, title: '高级销售代表' },
    lead,
    { id: 'p9', name: '代表丙', title: '销售代表', region: '华南', team: '二组', wecomUserId: '00123' },
  ];
  await bench.control('PUT', 'directory', { people, groups: [] });
  await until(() => told.length >= 5 && app.heard.length >= 2);

  const read = (xml: string) => {
    const node = readXml(xml);
    const [kind, user, name] = ['ChangeType', 'UserID', 'Name'].map((field) => childText(node, field));
    return [kind, user, name].filter((value) => value !== '').join(' ');
  };
  t.deepEqual(told.map(read), [
    'create_party 华南',
    'create_party 二组',
    'update_user RepA',
    'create_user 00123 代表丙',
    `delete_user ${other?.wecomUserId}`,
  ]);
  const update = readXml(told[2] ?? '');
  t.is(childText(update, 'Position'), '高级销售代表');
  t.is(childText(update, 'Department'), '', 'only what changed is told');
  t.deepEqual(
    app.heard.map((xml) => `${childText(readXml(xml), 'Event')} ${childText(readXml(xml), 'FromUserName')}`),
    ['subscribe 00123', `unsubscribe ${other?.wecomUserId}`],
  );
});
