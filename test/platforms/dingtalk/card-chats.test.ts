import test from 'ava';
import type { Chat } from '../../../src/platforms/contract.js';
import { createCardChats } from '../../../src/platforms/dingtalk/card-chats.js';

test('what was sent here is known at once, everything else is asked of the book once', async (t) => {
  const asked: string[] = [];
  const kept: Record<string, Chat> = { c2: { kind: 'group', id: 'cid2' }, c3: { kind: 'single' } };
  const chats = createCardChats((cardId) => {
    asked.push(cardId);
    return Promise.resolve(kept[cardId] ?? null);
  });
  chats.note('c0', { kind: 'group', chatId: 'cid0' });
  chats.note('c1', { kind: 'person', userId: 'staff01' });
  for (const round of [1, 2]) {
    t.deepEqual(await chats.find('c0'), { kind: 'group', id: 'cid0' });
    t.deepEqual(await chats.find('c1'), { kind: 'single' });
    t.deepEqual(await chats.find('c2'), kept['c2'], `round ${round}`);
    t.deepEqual(await chats.find('c3'), kept['c3']);
  }
  t.deepEqual(asked, ['c2', 'c3']);
  // Whoever asks too early is not told so for ever: the card may be on its way.
  t.is(await chats.find('c4'), null);
  kept['c4'] = { kind: 'group', id: 'cid4' };
  t.deepEqual(await chats.find('c4'), kept['c4']);
});

test('the oldest of many is asked for again', async (t) => {
  let asked = 0;
  const chats = createCardChats(() => {
    asked += 1;
    return Promise.resolve({ kind: 'single' });
  });
  for (let n = 0; n <= 5_000; n += 1) chats.note(`c${n}`, { kind: 'person', userId: 'staff01' });
  await chats.find('c1');
  t.is(asked, 0);
  await chats.find('c0');
  t.is(asked, 1);
});
