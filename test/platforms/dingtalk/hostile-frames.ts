import { CARD, frame, ROBOT, robotMessage } from './vendor.js';

/** Small and repeatable (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const JUNK: unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  '\u0000',
  '__proto__',
  '{"a":',
  'x'.repeat(5_000),
  [],
  {},
  [[[[[[]]]]]],
  { __proto__: null, constructor: { prototype: { polluted: true } } },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { $ne: null },
];

/** Drops, doubles, retypes or nests something inside, by structure. */
export function mutate(value: unknown, chance: () => number): unknown {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(chance() * from.length)];
  if (chance() < 0.08) return pick(JUNK);
  if (typeof value === 'string' && /^{.*}$/.test(value) && chance() < 0.7) {
    return JSON.stringify(mutate(JSON.parse(value), chance));
  }
  if (typeof value !== 'object' || value === null) return chance() < 0.1 ? pick(JUNK) : value;
  if (Array.isArray(value)) return value.flatMap((item) => (chance() < 0.1 ? [] : [mutate(item, chance)]));
  const entries = Object.entries(value).filter(() => chance() > 0.06);
  if (chance() < 0.1) entries.push([String(pick(['__proto__', 'constructor', 'msgtype', 'content'])), pick(JUNK)]);
  return Object.fromEntries(entries.map(([key, item]) => [key, mutate(item, chance)]));
}

/** Whom a hostile frame may name: user ids and deals that exist, so that only what is wrong with the frame keeps it out. */
export interface Target {
  userId: string;
  dealId: string;
  robotCode: string;
  corpId: string;
}

type Family = (chance: () => number, target: Target, round: number) => string;

const wire = (value: unknown): string => JSON.stringify(value) ?? '';
const click = (target: Target, action: string, change: Record<string, unknown> = {}): Record<string, unknown> => {
  const content = wire({ cardPrivateData: { actionIds: [action], params: { action } } });
  return { outTrackId: 'card_1', corpId: target.corpId, userId: target.userId, content, value: content, ...change };
};
const robot = (target: Target, change: Record<string, unknown> = {}): Record<string, unknown> =>
  robotMessage({ senderStaffId: target.userId, robotCode: target.robotCode, chatbotCorpId: target.corpId, ...change });

/** None of these may do anything: not JSON, half, huge, of nobody, for another app or company, about nothing that is there. */
export const HOSTILE: Readonly<Record<string, Family>> = {
  'not json': (chance) => 'x{[,'.repeat(1 + Math.floor(chance() * 50)),
  half: (chance, target) => {
    const whole = wire(frame('CALLBACK', CARD, click(target, `ask:${target.dealId}:accept`)));
    return whole.slice(0, Math.floor(chance() * (whole.length - 1)));
  },
  huge: (chance) => wire({ type: 'CALLBACK', headers: {}, data: 'x'.repeat(10_000 + Math.floor(chance() * 50_000)) }),
  'no frame': (chance) => wire(JUNK[Math.floor(chance() * JUNK.length)]),
  'unknown type': (chance, target) => wire(frame(`T${Math.floor(chance() * 9)}`, CARD, click(target, 'help'))),
  'unknown topic': (chance, target) => wire(frame('CALLBACK', `/v1.0/x/${chance()}`, click(target, 'help'))),
  'data is no json': () => wire(frame('CALLBACK', CARD, '{"outTrackId":')),
  'without id': (_chance, target) =>
    wire({ ...frame('CALLBACK', CARD, click(target, `ask:${target.dealId}:accept`)), headers: { topic: CARD } }),
  'another robot': (chance, target, round) =>
    wire(
      frame(
        'CALLBACK',
        ROBOT,
        robot(target, { msgId: `r${round}`, robotCode: `ding${chance()}`, text: { content: '我的商机' } }),
      ),
    ),
  'another company': (_chance, target) =>
    wire(frame('CALLBACK', CARD, click(target, `ask:${target.dealId}:accept`, { corpId: 'dingother000000000000001' }))),
  'no such deal': (chance, target) =>
    wire(frame('CALLBACK', CARD, click(target, `ask:gone-${Math.floor(chance() * 1e6)}:accept`))),
  'not their deal': (chance, target) =>
    wire(
      frame(
        'CALLBACK',
        CARD,
        click({ ...target, userId: 'demo-rep-wu-dt' }, `${chance() < 0.5 ? 'ask' : 'advance'}:${target.dealId}:accept`),
      ),
    ),
  'no such action': (chance, target) =>
    wire(frame('CALLBACK', CARD, click(target, `drop-${Math.floor(chance() * 1e6)}:${target.dealId}`))),
  'a value for a key': (chance, target) =>
    wire(
      frame('CALLBACK', CARD, click(target, `answer:${wire({ $ne: null })}:${'a'.repeat(Math.floor(chance() * 300))}`)),
    ),
  'nobody pressed': (_chance, target) =>
    wire(frame('CALLBACK', CARD, click(target, `ask:${target.dealId}:accept`, { userId: '' }))),
  mutated: (chance, target) =>
    wire(mutate(frame('CALLBACK', CARD, click({ ...target, dealId: 'gone' }, 'ask:gone:accept')), chance)),
};
