/** What a short text means, apart from being an answer to an open question. Pure. */
export type TextIntent =
  | { kind: 'number'; value: number }
  | { kind: 'help' }
  | { kind: 'greet' }
  | { kind: 'leave' }
  | { kind: 'later' }
  | { kind: 'my-deals' }
  | { kind: 'my-todos' }
  | { kind: 'continue' }
  | { kind: 'digest' }
  /** `推进到合同签署`, `下一步`: wants the deal in that stage, or in the next one. */
  | { kind: 'advance'; stage: string | null }
  | { kind: 'other'; text: string };

const WORDS: readonly (readonly [TextIntent['kind'], readonly string[]])[] = [
  ['help', ['帮助', 'help', '?', '？', '怎么用', '菜单']],
  [
    'greet',
    ['你好', '您好', '你好呀', '在吗', '在吗?', '在不在', '在么', 'hi', 'hello', '嗨', '早', '早上好', '下午好'],
  ],
  ['leave', ['退出', '取消', '结束', '不交了']],
  ['later', ['稍后', '等会', '等会儿', '等一下', '晚点', '今天先不做']],
  ['my-deals', ['我的商机', '商机', '我的客户', '客户']],
  ['my-todos', ['我的待办', '待办']],
  ['continue', ['继续', '接着来']],
  ['digest', ['日报', '看日报']],
];

const ADVANCE = /^(?:推进到?|进入|跳到|改到|转到)\s*[「“"]?(.+?)[」”"]?$/u;
const NEXT = ['下一步', '下一阶段', '推进', '往下走'];
/** 1–2 digits; longer numbers are answers, not choices. */
const NUMBER = /^(\d{1,2})[.、。)）]?$/u;

export function readText(raw: string): TextIntent {
  const text = raw.normalize('NFKC').trim();
  const plain = text.replace(/[!！。.~～\s]+$/u, '');
  const number = NUMBER.exec(text);
  if (number !== null) return { kind: 'number', value: Number(number[1]) };
  for (const [kind, words] of WORDS) if (words.includes(plain.toLowerCase())) return { kind } as TextIntent;
  if (NEXT.includes(plain)) return { kind: 'advance', stage: null };
  const advance = ADVANCE.exec(plain);
  if (advance?.[1] !== undefined) return { kind: 'advance', stage: advance[1].trim() };
  return { kind: 'other', text };
}

/** These words always mean what they say, whatever question is open. */
export function isAlwaysUnderstood(intent: TextIntent): boolean {
  return ['help', 'greet', 'leave', 'later', 'my-deals', 'my-todos', 'continue', 'digest'].includes(intent.kind);
}

const MONTH_DAY = /^(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?$/u;

/** `2026-11-03`, `11月3日`, `11/3` → `2026-11-03`; the year nearest before `today` when none is given. Null: not a day. */
export function readDay(raw: string, today: string): string | null {
  const text = raw.normalize('NFKC').replace(/\s/gu, '');
  const match = MONTH_DAY.exec(text);
  if (match === null) return null;
  const [, year, month, day] = match;
  const thisYear = Number(today.slice(0, 4));
  const at = (y: number): string => `${y}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  const on = year !== undefined ? at(Number(year)) : at(thisYear) <= today ? at(thisYear) : at(thisYear - 1);
  const parsed = new Date(`${on}T00:00:00Z`);
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== on ? null : on;
}

const URL_IN_TEXT = /https?:\/\/[^\s<>"'，。；、）】]+/iu;

/** The first address in a text, if there is one that a browser could open. */
export function readUrl(text: string): string | null {
  const found = URL_IN_TEXT.exec(text)?.[0];
  if (found === undefined) return null;
  try {
    return new URL(found).href;
  } catch {
    return null;
  }
}

/** Splits a list as people type it: `试剂、耗材，质控品`. */
export function readList(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[、，,;；\n]/u)
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
  ];
}
