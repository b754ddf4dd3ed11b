import test from 'ava';
import { judgePhoto } from '../../src/evidence/judge/photo.js';
import type { PhotoFacts } from '../../src/evidence/photo/extract.js';
import type { EvidenceContext } from '../../src/evidence/index.js';
import type { PhotoDemands } from '../../src/flow/index.js';
import { buildContext, buildEarlier, minutes, SITE } from './support/context.js';

const NO_EXIF = { capturedAt: null, offsetMinutes: null, gpsAt: null, position: null, camera: null };
const SCENE = { brightness: 120, textured: 0.8, sharpness: 900 };

function buildFacts(more: Partial<PhotoFacts> = {}): PhotoFacts {
  return {
    width: 1440,
    height: 1080,
    exif: NO_EXIF,
    environment: SCENE,
    watermark: null,
    plate: null,
    nameplate: null,
    screen: null,
    paper: null,
    qr: [],
    hash: null,
    ...more,
  };
}
const reads = (...readings: [reader: string, dates: string[], times: string[]][]): Partial<PhotoFacts> => ({
  watermark: {
    readings: readings.map(([reader, dates, times]) => ({ reader, source: `${reader}, lines`, dates, times })),
    text: [],
  },
});
const at = (lat: number, more: object = {}): object => ({
  lat,
  lng: SITE.lng,
  datum: 'wgs84',
  source: 'location-message',
  ...more,
});
/** Degrees of latitude for metres. */
const north = (metres: number): number => SITE.lat + metres / 111_195;

interface Case {
  title: string;
  demands: PhotoDemands;
  facts?: Partial<PhotoFacts>;
  context?: Partial<EvidenceContext>;
  status: string;
  code: string;
  say?: RegExp;
}
const WATERMARK: PhotoDemands = { watermarkTime: true };
const FRESH: PhotoDemands = { freshWithinMs: 600_000 };
const PLACE: PhotoDemands = { withinMetres: 300 };
const PLATE: PhotoDemands = { doorPlates: ['检验科', '消毒供应中心'] };
const NAMEPLATE: PhotoDemands = { nameplate: ['model', 'serial'] };
const plate = (match: object | null, step = 'lines', heightShare = 0.08): Partial<PhotoFacts> => ({
  plate: { match, step, heightShare, text: ['x'] } as PhotoFacts['plate'],
});

const cases: Case[] = [
  { title: 'nothing demanded, something to see', demands: {}, status: 'passed', code: 'photo.content' },
  {
    title: 'a picture of nothing',
    demands: {},
    facts: { environment: { brightness: 170, textured: 0, sharpness: 1 } },
    status: 'failed',
    code: 'photo.content',
    say: /空白/u,
  },
  {
    title: 'a black picture',
    demands: {},
    facts: { environment: { brightness: 3, textured: 0, sharpness: 1 } },
    status: 'unchecked',
    code: 'photo.content',
    say: /太暗/u,
  },
  {
    title: 'a blurred scene',
    demands: { environment: true },
    facts: { environment: { ...SCENE, sharpness: 20 } },
    status: 'unchecked',
    code: 'photo.sharp',
    say: /拍糊/u,
  },
  {
    title: 'a blurred scene, nobody asked',
    demands: {},
    facts: { environment: { ...SCENE, sharpness: 20 } },
    status: 'passed',
    code: 'photo.content',
  },

  { title: 'taken under the question', demands: FRESH, status: 'passed', code: 'photo.fresh' },
  {
    title: 'sent unasked',
    demands: FRESH,
    context: { askedAt: null },
    status: 'unchecked',
    code: 'photo.fresh',
    say: /按卡片上的拍照按钮/u,
  },
  { title: 'on the limit', demands: FRESH, context: { askedAt: minutes(-9) }, status: 'passed', code: 'photo.fresh' },
  {
    title: 'late without a witness',
    demands: FRESH,
    context: { receivedAt: minutes(46) },
    status: 'failed',
    code: 'photo.fresh',
    say: /47 分钟，要求 10 分钟内/u,
  },
  {
    title: 'late, but its watermark says in time',
    demands: { ...FRESH, ...WATERMARK },
    facts: reads(['a', ['2026-11-24'], ['14:33']]),
    context: { receivedAt: minutes(46) },
    status: 'review',
    code: 'photo.fresh',
    say: /补传/u,
  },

  {
    title: 'used before',
    demands: { reuse: 'company' },
    context: {
      reuseOf: buildEarlier({ at: new Date('2026-11-12T02:00:00Z') }),
    },
    status: 'failed',
    code: 'photo.reuse',
    say: /11 月 12 日在「城西医院」用过/u,
  },
  {
    title: 'used before, in a deal that the sender may not see',
    demands: { reuse: 'company' },
    context: { reuseOf: buildEarlier({ mayName: false }) },
    status: 'failed',
    code: 'photo.reuse',
    say: /没通过：已在别的商机用过。/u,
  },
  {
    title: 'used before, nobody asked',
    demands: {},
    context: { reuseOf: buildEarlier() },
    status: 'passed',
    code: 'photo.content',
  },

  {
    title: 'watermark ten minutes off',
    demands: WATERMARK,
    facts: reads(['a', ['2026-11-24'], ['14:23']]),
    status: 'passed',
    code: 'photo.watermark_time',
  },
  {
    title: 'watermark eleven minutes off, read once',
    demands: WATERMARK,
    facts: reads(['a', ['2026-11-24'], ['14:22']]),
    status: 'review',
    code: 'photo.watermark_time',
    say: /差 11 分钟/u,
  },
  {
    title: 'another day read once accuses nobody',
    demands: WATERMARK,
    facts: reads(['a', ['2026-09-05'], ['14:02']]),
    status: 'review',
    code: 'photo.watermark_time',
    say: /9 月 5 日 14:02，和现在差 80 天/u,
  },
  {
    title: 'another day read twice',
    demands: WATERMARK,
    facts: reads(['a', ['2026-09-05'], ['14:02']], ['b', ['2026-09-05'], ['14:02']]),
    status: 'failed',
    code: 'photo.watermark_time',
    say: /没通过：照片里的时间是 9 月 5 日 14:02，和现在差 80 天。现场重拍/u,
  },
  {
    title: 'another day, and the camera says the same',
    demands: WATERMARK,
    facts: { ...reads(['a', ['2026-09-05'], ['14:02']]), exif: { ...NO_EXIF, capturedAt: '2026-09-05T14:02:30' } },
    status: 'failed',
    code: 'photo.watermark_time',
  },
  {
    title: 'the year alone differs',
    demands: WATERMARK,
    facts: reads(['a', ['2025-11-24'], ['14:32']], ['b', ['2025-11-24'], ['14:32']]),
    status: 'review',
    code: 'photo.watermark_time',
    say: /2025 年/u,
  },
  {
    title: 'two readings differ, one fits',
    demands: WATERMARK,
    facts: reads(['a', ['2026-11-21'], ['14:32']], ['b', ['2026-11-24'], ['14:32']]),
    status: 'passed',
    code: 'photo.watermark_time',
  },
  {
    title: 'two times stand in the picture',
    demands: WATERMARK,
    facts: reads(['a', ['2026-11-24', '2026-11-21'], ['14:32', '09:00']]),
    status: 'review',
    code: 'photo.watermark_time',
    say: /两个/u,
  },
  {
    title: 'a production date beside the watermark',
    demands: WATERMARK,
    facts: reads(['a', ['2024-03-18', '2026-11-24'], ['14:32']]),
    status: 'passed',
    code: 'photo.watermark_time',
  },
  {
    title: 'the day alone',
    demands: WATERMARK,
    facts: reads(['a', ['2026-11-24'], []]),
    status: 'unchecked',
    code: 'photo.watermark_time',
    say: /没看清几点/u,
  },
  {
    title: 'another day alone, read twice',
    demands: WATERMARK,
    facts: reads(['a', ['2026-11-21'], []], ['b', ['2026-11-21'], []]),
    status: 'failed',
    code: 'photo.watermark_time',
    say: /11 月 21 日，和现在差 3 天/u,
  },
  { title: 'nothing legible', demands: WATERMARK, facts: reads(), status: 'unchecked', code: 'photo.watermark_time' },
  {
    title: 'the camera alone says another day',
    demands: FRESH,
    facts: { exif: { ...NO_EXIF, capturedAt: '2026-11-21T14:32:00' } },
    status: 'review',
    code: 'photo.exif_time',
  },
  {
    title: 'the camera stood in another zone',
    demands: FRESH,
    facts: { exif: { ...NO_EXIF, capturedAt: '2026-11-24T06:32:00', offsetMinutes: 0 } },
    status: 'passed',
    code: 'photo.exif_time',
  },

  { title: 'no position', demands: PLACE, status: 'unchecked', code: 'photo.position', say: /定位没拿到.*发一个定位/u },
  {
    title: 'inside',
    demands: PLACE,
    context: { positions: [at(north(280))] as never },
    status: 'passed',
    code: 'photo.position',
  },
  {
    title: 'clearly outside',
    demands: PLACE,
    context: { positions: [at(north(2300), { accuracyMetres: 30 })] as never },
    status: 'failed',
    code: 'photo.position',
    say: /2\.3 公里，要求 300 米内/u,
  },
  {
    title: 'the accuracy circle crosses the edge',
    demands: PLACE,
    context: { positions: [at(north(340), { accuracyMetres: 60 })] as never },
    status: 'review',
    code: 'photo.position',
  },
  {
    title: 'less certain than the radius',
    demands: PLACE,
    context: { positions: [at(north(10), { accuracyMetres: 900 })] as never },
    status: 'unchecked',
    code: 'photo.position',
  },
  {
    title: 'an hour old',
    demands: PLACE,
    context: { positions: [at(north(10), { at: minutes(-60) })] as never },
    status: 'unchecked',
    code: 'photo.position',
  },
  {
    title: 'one inside, one outside',
    demands: PLACE,
    facts: { exif: { ...NO_EXIF, position: { lat: north(3000), lng: SITE.lng, datum: 'wgs84' } } },
    context: { positions: [at(north(10))] as never },
    status: 'review',
    code: 'photo.position',
  },
  {
    title: 'GCJ-02 is converted',
    demands: PLACE,
    context: { positions: [{ lat: 31.228454, lng: 121.478236, datum: 'gcj02', source: 'location-message' }] },
    status: 'passed',
    code: 'photo.position',
  },
  {
    title: 'GCJ-02 taken for WGS-84 would be outside',
    demands: PLACE,
    context: { positions: [{ lat: 31.228454, lng: 121.478236, datum: 'wgs84', source: 'location-message' }] },
    status: 'failed',
    code: 'photo.position',
  },
  {
    title: '0,0 is no position',
    demands: PLACE,
    context: { positions: [{ lat: 0, lng: 0, datum: 'wgs84', source: 'location-message' }] },
    status: 'unchecked',
    code: 'photo.position',
  },
  {
    title: 'a client without a site',
    demands: PLACE,
    context: { client: { name: '滨江医院', aliases: [], sites: [] } },
    status: 'unchecked',
    code: 'photo.position',
    say: /没有登记位置/u,
  },

  {
    title: 'a listed department',
    demands: PLATE,
    facts: plate({ name: '检验科', read: '检验科', score: 1, listed: true }),
    status: 'passed',
    code: 'photo.door_plate',
  },
  {
    title: 'a long name with one character lost',
    demands: PLATE,
    facts: plate({ name: '消毒供应中心', read: '消毒供应中', score: 5 / 6, listed: true }),
    status: 'passed',
    code: 'photo.door_plate',
  },
  {
    title: 'two characters of three',
    demands: PLATE,
    facts: plate({ name: '检验科', read: '验科', score: 2 / 3, listed: true }),
    status: 'review',
    code: 'photo.door_plate',
    say: /识别到「验科」，像是「检验科」，只有六成把握/u,
  },
  {
    title: 'found by the last resort',
    demands: PLATE,
    facts: plate({ name: '检验科', read: '检验科', score: 1, listed: true }, 'sparse'),
    status: 'review',
    code: 'photo.door_plate',
  },
  {
    title: 'another department',
    demands: PLATE,
    facts: plate({ name: '放射科', read: '放射科', score: 1, listed: false }),
    status: 'review',
    code: 'photo.door_plate',
    say: /识别到「放射科」/u,
  },
  {
    title: 'a name in small print',
    demands: PLATE,
    facts: plate({ name: '检验科', read: '检验科', score: 1, listed: true }, 'lines', 0.024),
    status: 'unchecked',
    code: 'photo.door_plate',
  },
  {
    title: 'no plate legible',
    demands: PLATE,
    facts: plate(null),
    status: 'unchecked',
    code: 'photo.door_plate',
    say: /走近一点/u,
  },

  {
    title: 'both codes read twice',
    demands: NAMEPLATE,
    facts: {
      nameplate: {
        model: { value: 'UA-9511', agreed: 2, readers: ['a'] },
        serial: { value: 'CG89091401', agreed: 3, readers: ['a'] },
        text: [],
      },
    },
    status: 'passed',
    code: 'photo.nameplate_serial',
    say: /型号 UA-9511，序列号 CG89091401/u,
  },
  {
    title: 'a serial read once',
    demands: NAMEPLATE,
    facts: {
      nameplate: {
        model: { value: 'UA-9511', agreed: 2, readers: ['a'] },
        serial: { value: 'CG89091401', agreed: 1, readers: ['a'] },
        text: [],
      },
    },
    status: 'review',
    code: 'photo.nameplate_serial',
  },
  {
    title: 'no serial',
    demands: NAMEPLATE,
    facts: { nameplate: { model: { value: 'UA-9511', agreed: 2, readers: ['a'] }, serial: null, text: [] } },
    status: 'unchecked',
    code: 'photo.nameplate_serial',
    say: /序列号没看清/u,
  },
  {
    title: 'only the model is asked for',
    demands: { nameplate: ['model'] },
    facts: { nameplate: { model: { value: 'UA-9511', agreed: 2, readers: ['a'] }, serial: null, text: [] } },
    status: 'passed',
    code: 'photo.nameplate_model',
  },

  {
    title: 'failed outranks review and unchecked',
    demands: { ...PLACE, ...PLATE, reuse: 'company' },
    facts: plate({ name: '放射科', read: '放射科', score: 1, listed: false }),
    context: { reuseOf: buildEarlier({ at: minutes(-9000) }) },
    status: 'failed',
    code: 'photo.reuse',
    say: /没通过/u,
  },
];

for (const { title, demands, facts, context, status, code, say } of cases) {
  test(`photo: ${title} → ${status}`, (t) => {
    const verdict = judgePhoto(demands, buildFacts(facts), 'hash', buildContext(context));
    t.is(verdict.status, status as never, verdict.say);
    const finding = verdict.findings.find((one) => one.code === code);
    t.is(finding?.status, status as never, JSON.stringify(verdict.findings));
    if (say !== undefined) t.regex(verdict.say, say);
    t.regex(verdict.say, /。$/u);
    t.notRegex(verdict.say, /undefined|null|NaN/u);
  });
}
