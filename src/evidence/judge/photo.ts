import type { PhotoDemands } from '../../flow/index.js';
import { isBlank, MIN_TEXTURED, type EnvironmentFacts } from '../photo/environment.js';
import type { PhotoFacts } from '../photo/extract.js';
import type { CodeFacts, NameplateFacts } from '../photo/nameplate.js';
import type { PlateFacts } from '../photo/plate.js';
import type { EvidenceContext, Verdict } from '../types.js';
import { judgePosition } from './photo-place.js';
import { judgeReuse, type AlikePicture } from './photo-reuse.js';
import { exifMinute, judgeExifTime, judgeFresh, judgeWatermark } from './photo-time.js';
import { combine, type Check } from './verdict.js';

export const PHOTO_VERIFIER = { id: 'photo', version: '4' };

/** Median brightness below this: nobody sees anything (ordinary indoor photos have 70 and more). */
const MIN_BRIGHTNESS = 25;
/** Sharp photos measured 225 and more, blurred by sigma 3 (at 1440 px) 64 and less. */
const MIN_SHARPNESS = 80;
/** Text on a plate a third of the picture wide is at least 4.5 % of the long side high; a watermark's 2.5 %. */
const MIN_PLATE_TEXT = 0.03;

export function judgePhoto(
  demands: PhotoDemands,
  facts: PhotoFacts,
  sha256: string,
  context: EvidenceContext,
  alike: AlikePicture | null = null,
): Verdict {
  const checks: Check[] = [];
  const plain: Record<string, unknown> = { sha256, width: facts.width, height: facts.height };
  if (facts.qr.length > 0) plain.qr = facts.qr;
  const seen = judgeContent(facts.environment);
  checks.push(seen);
  const hasContent = seen.finding.status === 'passed';
  if (demands.environment === true && hasContent) checks.push(...judgeEnvironment(facts.environment));
  if (hasContent) checks.push(...judgeScene(facts));

  if (demands.reuse !== undefined) {
    const labelled = demands.doorPlates !== undefined || demands.nameplate !== undefined;
    const serial = facts.nameplate?.serial?.value;
    checks.push(judgeReuse(context, alike, { labelled, ...(serial === undefined ? {} : { serial }) }));
    const of = context.reuseOf?.evidenceId ?? alike?.earlier.evidenceId;
    if (of !== undefined) plain.reuseOf = of;
  }

  let takenAt = exifMinute(facts.exif, context.zone);
  if (takenAt !== null) plain.exifAt = takenAt;
  if (facts.watermark !== null && hasContent) {
    const watermark = judgeWatermark(facts.watermark.readings, facts.exif, context, demands.freshWithinMs);
    checks.push(watermark.check);
    if (watermark.takenAt !== null) plain.watermarkAt = takenAt = watermark.takenAt;
  }
  if (takenAt !== null) plain.takenAt = takenAt;
  if (demands.freshWithinMs !== undefined) checks.push(judgeFresh(context, demands.freshWithinMs, takenAt));
  if (demands.freshWithinMs !== undefined || demands.watermarkTime === true) {
    const exif = judgeExifTime(facts.exif, context, demands.freshWithinMs);
    if (exif !== null) checks.push(exif);
  }

  if (facts.exif.position !== null) plain.position = facts.exif.position;
  if (demands.withinMetres !== undefined) {
    const { check, metres } = judgePosition(facts.exif, context, demands.withinMetres);
    checks.push(check);
    if (metres !== null) plain.distanceMetres = metres;
  }

  if (facts.plate !== null && hasContent) {
    checks.push(judgePlate(facts.plate));
    if (facts.plate.match !== null) plain.plate = facts.plate.match.name;
  }
  if (facts.nameplate !== null && hasContent) {
    for (const fact of demands.nameplate ?? []) {
      checks.push(judgeCode(fact, facts.nameplate));
      const code = facts.nameplate[fact];
      if (code !== null) plain[fact] = code.value;
    }
  }
  return combine(checks, 'photo', plain, PHOTO_VERIFIER);
}

/** A picture of nothing is no evidence, whatever was asked. */
function judgeContent(environment: EnvironmentFacts): Check {
  const { textured, brightness } = environment;
  const finding = {
    code: 'photo.content',
    measured: Math.round(textured * 100),
    expected: MIN_TEXTURED * 100,
    unit: '%',
    source: 'pixels',
  };
  if (!isBlank(environment)) return { finding: { ...finding, status: 'passed' } };
  if (brightness < MIN_BRIGHTNESS) {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: '画面太暗，什么也看不清',
      todo: '开灯或打开闪光灯，再拍一张',
    };
  }
  return {
    finding: { ...finding, status: 'failed' },
    problem: '画面几乎一片空白，没拍到东西',
    todo: '对着现场重拍一张',
  };
}

/** Dark and blurred pictures ask for a retake; they are nobody's fault and no contradiction. */
function judgeEnvironment({ brightness, sharpness }: EnvironmentFacts): Check[] {
  const light = {
    code: 'photo.light',
    measured: brightness,
    expected: MIN_BRIGHTNESS,
    unit: '0-255',
    source: 'pixels',
  };
  const sharp = { code: 'photo.sharp', measured: Math.round(sharpness), expected: MIN_SHARPNESS, source: 'pixels' };
  return [
    brightness >= MIN_BRIGHTNESS
      ? { finding: { ...light, status: 'passed' } }
      : {
          finding: { ...light, status: 'unchecked' },
          problem: '画面太暗，看不清环境',
          todo: '开灯或打开闪光灯，再拍一张',
        },
    sharpness >= MIN_SHARPNESS
      ? { finding: { ...sharp, status: 'passed' } }
      : {
          finding: { ...sharp, status: 'unchecked' },
          problem: '照片拍糊了，看不清环境',
          todo: '站稳、对好焦，再拍一张',
        },
  ];
}

/** A sharp wave over its surroundings, natural logarithms: a quarter above the highest of 64 ordinary photos (1.41); docs/evidence-accuracy.md. */
const SCREEN_PEAK = 1.8;
/** Level lines of small print, twice as many as in any of 42 ordinary scenes, and a third of the picture as bright and colourless as paper. */
const PAPER_LINES = 12;
const PAPER_SHARE = 0.35;

/** Hints for a person: a scene can look like this too, so nothing fails by it. */
function judgeScene({ screen, paper }: PhotoFacts): Check[] {
  const isPaper = paper !== null && paper.lines >= PAPER_LINES && paper.share >= PAPER_SHARE;
  // Lines of print are a regular wave too.
  const isScreen = !isPaper && screen !== null && screen >= SCREEN_PEAK;
  const finding = (code: string, measured: number, expected: number, unit?: string): Check['finding'] => ({
    code,
    status: 'passed',
    measured,
    expected,
    ...(unit === undefined ? {} : { unit }),
    source: 'pixels',
  });
  const checks: Check[] = [];
  if (screen !== null) {
    const shown = finding('photo.screen', Math.round(screen * 100) / 100, SCREEN_PEAK);
    checks.push(
      isScreen
        ? {
            finding: { ...shown, status: 'review' },
            problem: '画面里有屏幕那样的细纹，像是对着屏幕拍的',
            todo: '在现场的话，直接对着现场再拍一张也行',
          }
        : { finding: shown },
    );
  }
  if (paper !== null) {
    const printed = finding('photo.paper', paper.lines, PAPER_LINES, '行');
    checks.push(
      isPaper
        ? {
            finding: { ...printed, status: 'review' },
            problem: '画面大半是一页印着字的纸，看不出是现场',
            todo: '把现场也拍进去，再拍一张也行',
          }
        : { finding: printed },
    );
  }
  return checks;
}

const TENTHS = ['不到一', '一', '两', '三', '四', '五', '六', '七', '八', '九', '十'];

function judgePlate({ match, step, reader, heightShare, text }: PlateFacts): Check {
  const finding = {
    code: 'photo.door_plate',
    measured: match?.name ?? null,
    expected: null,
    source: `ocr ${reader ?? ''} ${step ?? 'lines'}`.replace('  ', ' '),
  };
  const closer = '走近一点、正对门牌再拍一张';
  if (match === null) {
    return {
      finding: { ...finding, status: 'unchecked', measured: text[0] ?? null },
      problem: '门牌没看清',
      todo: `${closer}，门牌占画面三分之一以上`,
    };
  }
  const { name, read, score, listed } = match;
  if (!listed) {
    if (score < 1)
      return { finding: { ...finding, status: 'unchecked', measured: read }, problem: '门牌没看清', todo: closer };
    return {
      finding: { ...finding, status: 'review' },
      problem: `识别到「${name}」，不在这次要拍的科室里`,
      todo: '拍错了就重拍一张',
    };
  }
  // Names of four and more characters may miss one; of three, one may make it another department.
  const sure = score === 1 || (score >= 0.75 && [...name].length >= 4);
  if (!sure || step === 'sparse') {
    return {
      finding: { ...finding, status: 'review' },
      problem: `门牌没看清，识别到「${read.slice(0, 12)}」，像是「${name}」，只有${TENTHS[Math.floor(score * (step === 'sparse' ? 8 : 10))] ?? ''}成把握`,
      todo: `也可以${closer}`,
    };
  }
  if (heightShare !== null && heightShare < MIN_PLATE_TEXT) {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: `看到「${name}」，但字太小，看不出是不是门牌`,
      todo: '走近一点，让门牌占画面三分之一以上',
    };
  }
  return { finding: { ...finding, status: 'passed' }, good: `门牌「${name}」` };
}

const CODE_NAME = { model: '型号', serial: '序列号' } as const;

function judgeCode(fact: 'model' | 'serial', facts: NameplateFacts): Check {
  const code: CodeFacts | null = facts[fact];
  const name = CODE_NAME[fact];
  const finding = {
    code: `photo.nameplate_${fact}`,
    measured: code?.value ?? null,
    expected: null,
    source: `ocr ${code?.readers.join(' + ') ?? ''}, ${code?.agreed ?? 0} readings agree`,
  };
  if (code === null) {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: `铭牌上的${name}没看清`,
      todo: '正对铭牌、避开反光，靠近再拍一张',
    };
  }
  if (code.agreed < 2) {
    return {
      finding: { ...finding, status: 'review' },
      problem: `${name}读成「${code.value}」，没有十足把握`,
      todo: '也可以靠近一点再拍一张',
    };
  }
  return { finding: { ...finding, status: 'passed' }, good: `${name} ${code.value}` };
}
