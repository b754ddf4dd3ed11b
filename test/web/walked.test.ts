import test from 'ava';
import type { Message, PhoneData } from '../../src/web/ui/sandbox/types.js';
import { walked } from '../../src/web/ui/sandbox/walked.js';

let serial = 0;
const base = { platform: 'wecom', chatId: 'single:rep', fromName: '', at: '2026-11-25T09:00:00Z' } as const;
const own = (kind: Message['kind']): Message => ({ ...base, id: `m${(serial += 1)}`, from: 'rep', kind });
const card = (title: string, body: string, ...keys: string[]): Message => ({
  ...base,
  id: `m${(serial += 1)}`,
  from: 'bot',
  kind: 'card',
  card: { main_title: { title }, sub_title_text: body, button_list: keys.map((key) => ({ key })) },
});
const phone = (...messages: Message[]): PhoneData[] => [
  {
    platform: 'wecom',
    userId: 'rep',
    personId: 'rep',
    chats: [{ id: 'single:rep', title: '留痕', kind: 'single', messages }],
  },
];
const checklist = (body: string): Message => card('城东医院 · 需求初筛', body, 'ask:d1:photo', 'postpone:d1');

test('talk, the list of deals and a nudge open no deal; a checklist does', (t) => {
  const list = card('我的商机', '', 'pick-deal');
  const nudge = card('1 个商机今天到期', '城东医院', 'deal:d1', 'postpone-all');
  t.deepEqual(walked(phone(own('text'), list, nudge)), { opened: false, handedIn: false });
  t.deepEqual(walked(phone(own('text'), list, checklist('⬜ 照片'))), { opened: true, handedIn: false });
});

test('a photo counts when it was taken, not when it was refused, of the wrong kind or is still being looked at', (t) => {
  const handedIn = (...messages: Message[]): boolean => walked(phone(...messages)).handedIn;
  const photo = own('image');
  t.true(handedIn(checklist('✅ 客户现场照片'), photo));
  t.false(handedIn(checklist('⏳ 客户现场照片 · 核验中'), photo));
  t.false(handedIn(checklist('⬜ 客户现场照片'), photo));
  const failed = card('客户现场照片 没通过', '太暗', 'ask:d1:photo', 'ask-review:d1:e1');
  t.false(handedIn(checklist('✅ 触达\n❌ 客户现场照片'), photo, failed));
  const wrong = card('这里要的是触达', '收到的是图片。', 'ask:d1:touch', 'later');
  t.false(handedIn(checklist('✅ 确认接手\n⬜ 触达'), photo, wrong));
  t.true(handedIn(checklist('✅ 客户现场照片'), photo, failed, own('image')), 'the second one is taken');
  t.true(handedIn(photo, card('城东医院 · 需求初筛 已完成', '', 'deal:d1')));
});
