import test from 'ava';
import { asId, silentLog, type PersonId } from '../../src/core/index.js';
import { createEvidence, sniffFile, type EvidenceContext, type EvidenceRequest } from '../../src/evidence/index.js';
import { readAmr } from '../../src/evidence/voice/amr.js';
import type { AsrProvider, AsrResult } from '../../src/evidence/voice/asr.js';
import { extractVoice } from '../../src/evidence/voice/extract.js';
import type { AudioFormat } from '../../src/evidence/voice/format.js';
import { readSilk } from '../../src/evidence/voice/silk.js';
import { buildContext, TAKEN_AT } from './support/context.js';
import * as sounds from './support/recordings.js';

const evidence = createEvidence({ workers: 1, ocr: 'tesseract', log: silentLog });
test.after.always(async () => await evidence.close());

const REP = asId<PersonId>('person_1');
const agreed = (more: EvidenceContext['voice'] = {}): EvidenceContext =>
  buildContext({ voice: { statement: { kind: 'agreed', by: REP, at: TAKEN_AT }, ...more } });
const VOICE: EvidenceRequest = { kind: 'voice', demands: { words: true, accepts: ['client'], keywords: [] } };

const formats: [AudioFormat, number, () => Promise<Buffer> | Buffer][] = [
  ['amr', 7_000, () => sounds.amr(7, 1)],
  ['amr', 4_000, () => sounds.amrWide(4)],
  ['silk', 3_000, () => sounds.silk(3)],
  ['mp3', 5_004, () => sounds.mp3(5)],
  ['m4a', 90_000, () => sounds.m4a(90)],
  ['m4a', 20_000, () => sounds.m4a(20, { brand: 'mp42' })],
  ['m4a', 20_000, () => sounds.m4a(20, { brand: '3gp4' })],
  ['wav', 6_000, () => sounds.wav(sounds.speechLike(6, 1))],
  ['ogg', 8_000, () => sounds.ogg(8)],
];
for (const [n, [format, durationMs, make]] of formats.entries()) {
  test(`${format} is known by its bytes and its length is found (${n + 1})`, async (t) => {
    const bytes = await make();
    t.like(await sniffFile(bytes), { kind: 'audio', ext: format });
    const facts = await extractVoice(bytes, format);
    t.true(Math.abs(facts.durationMs - durationMs) <= 60, `${facts.durationMs} ms by ${facts.durationSource}`);
  });
}

test('a film is no recording, whatever it is called', async (t) => {
  t.not((await sniffFile(sounds.m4a(20, { track: 'vide', brand: 'isom' }))).kind, 'audio');
  t.not((await sniffFile(sounds.m4a(20, { track: 'vide' }))).kind, 'audio');
});

test('frames and packets that are cut off do not count; what is no frame is no recording', async (t) => {
  t.is(readAmr(sounds.amr(2, 1).subarray(0, -5)).durationMs, 1_980);
  const broken = sounds.amr(2, 1);
  broken[6 + 32 * 3] = 0xff;
  t.throws(() => readAmr(broken), { code: 'file.broken' } as never);
  const silk = await sounds.silk(2);
  const whole = readSilk(silk).packets;
  t.is(readSilk(silk.subarray(0, -4)).packets, whole - 1);
  t.is(
    readSilk(Buffer.from(silk.subarray(1))).packets,
    whole,
    'with and without the byte that chat apps put before it',
  );
});

test('a WAV is as long as its samples, not as its head says; silence is told from speech', async (t) => {
  const wav = sounds.wav(sounds.speechLike(3, 1));
  wav.writeUInt32LE(0x7fff_ffff, 40);
  t.like(await extractVoice(wav, 'wav'), { durationMs: 3_000, silent: false });
  t.true((await extractVoice(sounds.wav(sounds.speechLike(3, 1, 0.0001)), 'wav')).silent);
  t.true((await extractVoice(await sounds.silk(2, 0), 'silk')).silent);
  t.false((await extractVoice(await sounds.silk(2), 'silk')).silent);
  t.true((await extractVoice(sounds.silentAmr(4), 'amr')).silent);
});

test('the whole way through a worker: the platform text is used first, and its source is in the facts', async (t) => {
  const context = agreed({ heard: { text: '交期定在下月十号', by: 'dingtalk' } });
  const verdict = await evidence.verify(VOICE, { bytes: sounds.amr(5, 3), name: 'voice.amr' }, context);
  t.is(verdict.status, 'passed', verdict.say);
  t.like(verdict.facts, {
    durationMs: 5_000,
    transcriptSource: 'dingtalk recognition',
    transcript: '交期定在下月十号',
  });
  t.is(verdict.say, '这段录音通过了：5 秒，对方同意录音，转出 8 个字。');
});

const bad: [string, () => Promise<Buffer> | Buffer, string, RegExp][] = [
  ['empty', () => Buffer.alloc(0), 'unchecked', /空文件/],
  ['no sound in it', () => Buffer.from('#!AMR\n'), 'failed', /里面没有声音，是空的/],
  ['pressed by mistake', () => sounds.amr(0.4, 1), 'failed', /不到 1 秒/],
  ['silent', () => sounds.wav(sounds.speechLike(5, 1, 0)), 'failed', /从头到尾没有声音。看看麦克风/],
  ['too long', () => sounds.amrWide(8_000), 'failed', /有 133 分 20 秒，最多收 120 分钟。截取/],
  ['too large', () => Buffer.alloc(26 * 1024 * 1024, 1), 'failed', /最大收 25 MB。截取相关的一段/],
  ['a length that its bytes cannot hold', () => sounds.m4a(3_600, { bytes: 900 }), 'unchecked', /没那么长/],
  [
    'broken MP3',
    () =>
      Buffer.concat([
        Buffer.from('ID3\x04\0\0\0\0\0\x0a'),
        Buffer.alloc(10),
        Buffer.from([0xff, 0xfb, 0x58, 0xc4]),
        Buffer.alloc(900, 7),
      ]),
    'unchecked',
    /录音打不开|没有/,
  ],
  [
    'SILK of noise',
    () => Buffer.concat([Buffer.from('#!SILK_V3\x28\0'), Buffer.alloc(4_000, 0x91)]),
    'unchecked',
    /录音打不开/,
  ],
  [
    'a picture',
    () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(200)]),
    'failed',
    /收到的是照片。按住说话/,
  ],
];
for (const [what, make, status, say] of bad) {
  test(`a recording that is ${what} gets its sentence`, async (t) => {
    const context = agreed({ heard: { text: '听到的话', by: 'dingtalk' } });
    const verdict = await evidence.verify(VOICE, { bytes: await make(), name: 'x.amr' }, context);
    t.is(verdict.status, status as never, verdict.say);
    t.regex(verdict.say, say);
  });
}

test('nothing goes to the speech service before the other side is known to agree; SILK goes as WAV', async (t) => {
  const sent: string[] = [];
  let answer: AsrResult = { ok: true, text: '付款想改成三七分' };
  const asr: AsrProvider = {
    source: 'asr speech.example.com',
    transcribe: ({ format }) => {
      sent.push(format);
      return Promise.resolve(answer);
    },
  };
  const listening = createEvidence({ workers: 1, ocr: 'tesseract', log: silentLog, asr });
  t.teardown(() => listening.close());
  const file = { bytes: await sounds.silk(3), name: 'voice.silk' };
  const keywords = [{ name: '付款方式变更', phrases: ['付款…改成'] }];
  const request: EvidenceRequest = { kind: 'voice', demands: { words: true, accepts: ['client'], keywords } };

  const asked = await listening.verify(request, file, buildContext());
  t.is(asked.status, 'unchecked');
  t.is(asked.say, '录音已收下，先记「未核验」：还没确认对方同意录音。点一下「对方同意录音」就算数。');
  t.deepEqual(sent, []);

  const passed = await listening.verify(request, file, agreed());
  t.is(passed.status, 'passed', passed.say);
  t.deepEqual(sent, ['wav']);
  t.like(passed.facts, { transcriptSource: 'asr speech.example.com' });
  t.deepEqual(passed.facts['mentions'], [{ name: '付款方式变更', said: '付款想改成', quote: '付款想改成三七分' }]);

  answer = { ok: false, reason: 'unreachable', detail: 'HTTP 503' };
  const failed = await listening.verify(request, file, agreed());
  t.is(failed.status, 'unchecked');
  t.regex(failed.say, /服务这会儿连不上。打字写下说了什么，或者请主管听一遍。/);

  answer = { ok: true, text: '' };
  const typed = agreed({ typed: { text: '客户说付款要改成三七分', by: REP, at: TAKEN_AT } });
  t.like(await listening.verify(request, file, typed), { status: 'review', facts: { transcriptSource: 'typed' } });
  t.is(await listening.transcribe(sounds.amr(3, 1)), null, 'heard nothing');
  t.is(await listening.transcribe(Buffer.from('no sound')), null);
});
