import { randomBytes } from 'node:crypto';
import type { FilledCard } from '../../src/cards/index.js';

/** People of the company in every harness. Their platform user ids are awkward on purpose and must come back exactly. */
export const PEOPLE = {
  rep: { userId: '00123', name: '代表甲' },
  lead: { userId: '1e5', name: '一组主管' },
} as const;
/** A user id that the platform does not know. */
export const STRANGER = 'nobody-here';

/** Bytes that begin like a JPEG; what is in them does not matter to an adapter. */
export const photo = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  randomBytes(2_048),
  Buffer.from([0xff, 0xd9]),
]);

export function checklistCard(change: Partial<FilledCard> = {}): FilledCard {
  return {
    name: 'checklist',
    title: '城东医院 · 临床价值论证',
    subtitle: '第 2 天 / 标准 5 工作日',
    tone: 'plain',
    lines: [
      { mark: 'passed', text: '临床使用场景　3 个' },
      { mark: 'partly', text: '科室门牌照片　1/2，再拍 1 张' },
      { mark: 'open', text: '同类设备采购公告' },
    ],
    fields: [],
    actions: [
      { key: 'deal_1.photo', label: '拍门牌', style: 'primary' },
      { key: 'deal_1.link', label: '贴公告链接', style: 'plain' },
      { key: 'deal_1.later', label: '今天先不做', style: 'plain' },
    ],
    summary: '城东医院：还差 2 项',
    ...change,
  };
}

/** A choice of twelve options in two groups: more than one WeCom selector holds. */
export function tagsCard(mode: 'single' | 'multi'): FilledCard {
  return {
    name: 'tags',
    title: '城东医院 · 临床使用场景',
    tone: 'plain',
    lines: [],
    fields: [],
    actions: [],
    choice: {
      key: 'tags',
      title: '选用得上的场景',
      mode,
      options: Array.from({ length: 12 }, (_, index) => ({
        id: `tag_${String(index + 1).padStart(2, '0')}`,
        text: `场景${index + 1}`,
        group: index < 6 ? '急诊' : '住院',
      })),
      submit: { key: 'tags.submit', label: '提交', style: 'primary' },
    },
    summary: '选临床使用场景',
  };
}
