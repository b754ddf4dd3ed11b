import test from 'ava';
import { asId } from '../../src/core/index.js';
import { FakePlatform, readable, type FakeMessage } from './fake-adapter.js';
import { platformContract, type Phone, type Shown } from './platform-contract.js';
import { PEOPLE } from './samples.js';

function shown(message: FakeMessage): Shown {
  const { id, body, card } = message;
  const kind = body.kind === 'card-update' ? 'card' : body.kind;
  const isOpen = card !== undefined && card.closed === undefined;
  const buttons = isOpen ? [...card.actions, ...(card.choice ? [card.choice.submit] : [])] : [];
  return {
    id,
    kind,
    text: readable(message),
    buttons: buttons.map(({ key, label, url }) => ({ label, ...(url === undefined ? { action: key } : { url }) })),
    options: isOpen ? (card.choice?.options ?? []).map((option) => ({ id: option.id, text: option.text })) : [],
    ...(card?.closed === undefined ? {} : { closed: card.closed }),
    ...('bytes' in body ? { bytes: Buffer.from(body.bytes), name: body.name } : {}),
  };
}

platformContract(test, 'in memory', async ({ intake, maxMediaBytes }) => {
  const fake = new FakePlatform(intake, maxMediaBytes === undefined ? {} : { maxMediaBytes });
  for (const { userId } of Object.values(PEOPLE)) fake.people.add(userId);
  await fake.adapter.start();
  const answered = async (acting: Promise<boolean>) => ({ accepted: await acting, tries: 1 });
  const phone = (who: keyof typeof PEOPLE): Phone => {
    const { userId } = PEOPLE[who];
    return {
      says: (text) => answered(fake.act(userId, { kind: 'text', text })),
      sendsPhoto: (bytes, name) => answered(fake.act(userId, { kind: 'image', media: fake.keep(bytes, name) })),
      sendsFile: (bytes, name) => answered(fake.act(userId, { kind: 'file', media: fake.keep(bytes, name) })),
      sendsVoice: (bytes, transcript) =>
        answered(
          fake.act(userId, {
            kind: 'voice',
            media: fake.keep(bytes),
            ...(transcript === undefined ? {} : { transcript }),
          }),
        ),
      scans: (text, menuKey) => answered(fake.act(userId, { kind: 'scan', text, menuKey })),
      opensMenu: (key) => answered(fake.act(userId, { kind: 'menu', key })),
      presses: (messageId, action, chosen) => {
        const message = fake.shows(userId).find(({ id }) => id === messageId);
        const cardId = message !== undefined && 'cardId' in message.body ? message.body.cardId : asId('none');
        const key = message?.card?.choice?.key;
        const choices: Record<string, string[]> =
          key !== undefined && chosen !== undefined ? { [key]: [...chosen] } : {};
        return answered(fake.act(userId, { kind: 'press', cardId: asId(cardId), action, choices }));
      },
      shows: () => Promise.resolve(fake.shows(userId).map(shown)),
    };
  };
  return {
    adapter: fake.adapter,
    phone,
    group: () => {
      fake.groups.add('group1');
      return Promise.resolve({ chatId: 'group1', shows: () => Promise.resolve(fake.shows('group1').map(shown)) });
    },
    vendor: {
      forgeries: [],
      forge: () => Promise.resolve({ refused: true }),
      deliverAgain: () => answered(fake.again()),
      deliverUnknown: () => answered(fake.act(PEOPLE.rep.userId, { kind: 'unknown', what: 'hologram' })),
      redelivers: false,
      dedupes: ['text', 'card'],
      expireTokens: () => {
        fake.tokenIsGood = false;
        return Promise.resolve();
      },
      tokenRequests: () => Promise.resolve(fake.tokenRequests),
      fault: (what) => {
        fake.fault = what;
        return Promise.resolve();
      },
    },
    loginCode: (who) => Promise.resolve(fake.code(PEOPLE[who].userId)),
    log: { lines: () => [], secrets: [] },
    close: () => Promise.resolve(),
  };
});
