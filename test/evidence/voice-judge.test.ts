import test from 'ava';
import { asId, type PersonId } from '../../src/core/index.js';
import type { EvidenceContext, VoiceStatement } from '../../src/evidence/index.js';
import { judgeVoice, spokenLength, type HeardWords } from '../../src/evidence/judge/voice.js';
import type { VoiceFacts } from '../../src/evidence/voice/extract.js';
import { findMentions } from '../../src/evidence/voice/keywords.js';
import type { VoiceDemands } from '../../src/flow/index.js';
import { buildContext, buildEarlier, TAKEN_AT } from './support/context.js';

const FACTS: VoiceFacts = {
  format: 'wav',
  durationMs: 500_000,
  durationSource: 'wav samples',
  bytes: 8_000_000,
  silent: false,
  peakDb: -12,
};
const DEMANDS: VoiceDemands = { words: true, accepts: ['client'], keywords: [] };
const HEARD: HeardWords = { transcript: { text: '交期没问题', source: 'asr speech.example.com' } };
const by = asId<PersonId>('person_1');
const stated = (kind: VoiceStatement['kind'] = 'agreed'): EvidenceContext =>
  buildContext({ voice: { statement: { kind, by, at: TAKEN_AT } } });

interface Case {
  demands?: Partial<VoiceDemands>;
  facts?: Partial<VoiceFacts>;
  heard?: HeardWords;
  context?: EvidenceContext;
  status: string;
  say: RegExp;
}
const cases: Record<string, Case> = {
  'agreed to, long enough and understood passes': { status: 'passed', say: /8 分 20 秒，对方同意录音，转出 5 个字。$/ },
  'as long as the flow wants': { demands: { minMs: 500_000 }, status: 'passed', say: /8 分 20 秒/ },
  'shorter than the flow wants fails with both lengths': {
    demands: { minMs: 480_000 },
    facts: { durationMs: 192_000 },
    status: 'failed',
    say: /没通过：只有 3 分 12 秒，要求至少 8 分钟。发完整的那一段。/,
  },
  'without a word on consent it waits': {
    context: buildContext(),
    status: 'unchecked',
    say: /^录音已收下，先记「未核验」：还没确认对方同意录音。点一下「对方同意录音」就算数。$/,
  },
  'where one may report oneself, the press for that is named': {
    demands: { accepts: ['client', 'self'] },
    context: buildContext(),
    status: 'unchecked',
    say: /或「是我自己口述」就算数/,
  },
  'the own report counts where the flow takes it': {
    demands: { accepts: ['client', 'self'] },
    context: stated('own'),
    status: 'passed',
    say: /自己口述/,
  },
  'the own report is no consent where the flow wants the client': {
    context: stated('own'),
    status: 'unchecked',
    say: /还没确认对方同意录音/,
  },
  'an item of own reports asks for no consent': {
    demands: { accepts: ['self'] },
    context: buildContext(),
    status: 'passed',
    say: /转出 5 个字/,
  },
  'too short outranks the question of consent': {
    facts: { durationMs: 300 },
    context: buildContext(),
    status: 'failed',
    say: /不到 1 秒/,
  },
  'no transcript is not the fault of the rep': {
    heard: { transcript: null, missing: 'off' },
    status: 'unchecked',
    say: /没有转成文字。打字写下说了什么，或者请主管听一遍。/,
  },
  'a service over time says so': {
    heard: { transcript: null, missing: 'timeout' },
    status: 'unchecked',
    say: /转文字超时了。打字/,
  },
  'words are not asked for': {
    demands: { words: false },
    heard: { transcript: null, missing: 'off' },
    status: 'passed',
    say: /8 分 20 秒/,
  },
  'typed words want a pair of ears': {
    heard: { transcript: { text: '付款改成三七分', source: 'typed' }, missing: 'off' },
    status: 'review',
    say: /要请主管看一眼：内容是打字写的，主管听一遍/,
  },
  'the same recording again fails': {
    context: { ...stated(), reuseOf: buildEarlier() },
    status: 'failed',
    say: /11 月 17 日在「城西医院」用过。发这一次的录音。/,
  },
  'a deal that may not be seen is not named': {
    context: { ...stated(), reuseOf: buildEarlier({ mayName: false }) },
    status: 'failed',
    say: /11 月 17 日已经用过/,
  },
};
for (const [title, { demands, facts, heard = HEARD, context = stated(), status, say }] of Object.entries(cases)) {
  test(title, (t) => {
    const verdict = judgeVoice({ ...DEMANDS, ...demands }, { ...FACTS, ...facts }, heard, 'aa', context);
    t.is(verdict.status, status as never, verdict.say);
    t.regex(verdict.say, say);
    t.deepEqual(verdict.verifier, { id: 'voice', version: '1' });
    t.deepEqual(JSON.parse(JSON.stringify(verdict.facts)), verdict.facts, 'facts are plain');
  });
}

test('words are kept only when they may be, with their source and who agreed', (t) => {
  const before = judgeVoice(DEMANDS, FACTS, HEARD, 'aa', buildContext());
  t.is(before.facts['transcript'], undefined);
  const after = judgeVoice(DEMANDS, FACTS, HEARD, 'aa', stated());
  t.like(after.facts, {
    transcript: '交期没问题',
    transcriptSource: 'asr speech.example.com',
    statement: { kind: 'agreed', by: 'person_1', at: TAKEN_AT.toISOString() },
  });
  t.like(
    after.findings.find(({ code }) => code === 'voice.consent'),
    { measured: 'agreed', source: 'stated by whoever handed it in' },
  );
});

test('lengths are said as people say them', (t) => {
  t.deepEqual(
    [800, 45_000, 60_000, 500_400].map((ms) => spokenLength(ms)),
    ['1 秒', '45 秒', '1 分钟', '8 分 20 秒'],
  );
});

const KEYWORDS = [
  { name: '已确认交期', phrases: ['已确认交期', '确认交期', '交期…定在'] },
  { name: '付款方式变更', phrases: ['付款…改成', '改付款方式'] },
];
const said: [text: string, names: string[]][] = [
  ['行，那我们这边确认交期，下月十号到货。', ['已确认交期']],
  ['交期的话我们内部商量过了，就定在十号', []],
  ['交期我们就定在十号', ['已确认交期']],
  ['交期，我们 就 定在十号', ['已确认交期']],
  ['付款想改成三七分，交期定在下月', ['付款方式变更', '已确认交期']],
  ['还没确认交期', []],
  ['我们没有确认交期', []],
  ['付款不改成分期', []],
  ['没问题。确认交期', ['已确认交期']],
  ['付款的事下次谈。发票改成专票', []],
  ['确认交期，再说一遍，确认交期', ['已确认交期']],
  ['', []],
];
for (const [text, names] of said) {
  test(`「${text}」 holds ${names.join('、') || 'nothing'}`, (t) => {
    t.deepEqual(
      findMentions(text, KEYWORDS).map(({ name }) => name),
      names,
    );
  });
}

test('the quote has the words around it, as they stand', (t) => {
  const text = '前面说了很多别的事情一直说到这里，付款 想改成三七分两次付清，后面还说了很多别的事情。';
  t.deepEqual(findMentions(text, KEYWORDS), [
    {
      name: '付款方式变更',
      said: '付款 想改成',
      quote: '…多别的事情一直说到这里，付款 想改成三七分两次付清，后面还说…',
    },
  ]);
  // Signs of patterns in a flow file are letters like others.
  t.is(findMentions('总价(含税)三十万', [{ name: '价', phrases: ['(含税)'] }])[0]?.said, '(含税)');
});
