import {
  addMinutes,
  minutesBetween,
  spokenDistance,
  spokenMinute,
  spokenMinutes,
  toLocalMinute,
} from '../local-time.js';
import { TIME_TOLERANCE_MINUTES } from '../limits.js';
import { isExpected, type ExpectedTime, type TimeReading } from '../photo/watermark.js';
import type { ExifFacts } from '../photo/exif.js';
import type { EvidenceContext } from '../types.js';
import type { Check } from './verdict.js';

/** Witnesses of when a photo was taken: server clock, watermark, EXIF. */

type Asked = Pick<EvidenceContext, 'askedAt' | 'receivedAt' | 'zone'>;

const MINUTE_MS = 60_000;

/**
 * Wall-clock minutes in which the picture may have been taken: around its receipt, and, when a question with a limit was open, from the question
 * to its limit (a rep without signal uploads late what was taken in time). Tolerance on both ends.
 */
export function expectedTimes({ askedAt, receivedAt, zone }: Asked, freshWithinMs: number | undefined): ExpectedTime[] {
  const around = (from: Date, to: Date): ExpectedTime => ({
    from: addMinutes(toLocalMinute(from, zone), -TIME_TOLERANCE_MINUTES),
    to: addMinutes(toLocalMinute(to, zone), TIME_TOLERANCE_MINUTES),
  });
  const windows = [around(receivedAt, receivedAt)];
  if (askedAt !== null && freshWithinMs !== undefined && askedAt <= receivedAt) {
    const limit = new Date(Math.min(receivedAt.getTime(), askedAt.getTime() + freshWithinMs));
    windows.push(around(askedAt, limit));
  }
  return windows;
}

/** What the watermark says, all readings weighed against each other. */
export interface WeighedTime {
  /** `YYYY-MM-DDTHH:MM`, or a bare date when no time was read; null when nothing was. */
  at: string | null;
  /** Independent readers that say so: engines, or, when only one engine said anything, its recognisers. */
  support: number;
  /** Another reader read another complete time, as well supported. */
  contested: boolean;
  fits: boolean;
  /** Two complete and different times stand in the picture. */
  ambiguous: boolean;
  source: string;
}

export function weighTimes(readings: readonly TimeReading[], windows: readonly ExpectedTime[]): WeighedTime {
  const all = [...readings, ...pieced(readings)];
  const engineOf = ({ reader }: TimeReading): string => reader.split(' ')[0] ?? reader;
  const severalEngines = new Set(all.map(engineOf)).size > 1;
  const votes = new Map<string, TimeReading[]>();
  for (const reading of all) {
    for (const date of reading.dates) {
      for (const key of reading.times.length === 0 ? [date] : reading.times.map((time) => `${date}T${time}`)) {
        votes.set(key, [...(votes.get(key) ?? []), reading]);
      }
    }
  }
  const ranked = [...votes.entries()]
    .map(([at, by]) => ({
      at,
      support: new Set(by.map((one) => (severalEngines ? engineOf(one) : one.reader))).size,
      passes: by.length,
      source: by.map(({ source }) => source).join('; '),
      fits: isExpected(at, windows),
    }))
    // Who looked again looked because the first was in doubt: the later reading wins a tie.
    .reverse()
    // What fits comes first (true value among those found); then complete before bare dates; then the better supported.
    .sort(
      (a, b) =>
        Number(b.fits) - Number(a.fits) || b.at.length - a.at.length || b.support - a.support || b.passes - a.passes,
    );
  const [best, next] = ranked;
  if (best === undefined)
    return { at: null, support: 0, contested: false, fits: false, ambiguous: false, source: 'ocr' };
  const ambiguous = readings.some(({ dates, times }) => dates.length > 1 && times.length > 1);
  const contested = next !== undefined && next.at.length === best.at.length && next.support >= best.support;
  return { at: best.at, support: best.support, contested, fits: best.fits, ambiguous, source: `ocr ${best.source}` };
}

/** A day from one reader and a time from another, when nobody read both and there is only one of each. */
function pieced(readings: readonly TimeReading[]): TimeReading[] {
  if (readings.some(({ dates, times }) => dates.length > 0 && times.length > 0)) return [];
  const dates = [...new Set(readings.flatMap((one) => one.dates))];
  const times = [...new Set(readings.flatMap((one) => one.times))];
  const source = 'pieced together';
  return dates.length === 1 && times.length === 1 ? [{ reader: source, source, dates, times }] : [];
}

export function judgeWatermark(
  readings: readonly TimeReading[],
  exif: ExifFacts,
  context: Asked,
  freshWithinMs: number | undefined,
): { check: Check; takenAt: string | null } {
  const windows = expectedTimes(context, freshWithinMs);
  const received = toLocalMinute(context.receivedAt, context.zone);
  const { at, support, contested, fits, ambiguous, source } = weighTimes(readings, windows);
  const finding = {
    code: 'photo.watermark_time',
    measured: at,
    expected: received,
    unit: `±${TIME_TOLERANCE_MINUTES} min`,
    source,
  };
  const retake = '现场重拍一张就行';
  if (at === null) {
    return {
      takenAt: null,
      check: {
        finding: { ...finding, status: 'unchecked' },
        problem: '水印里的时间没看清',
        todo: '打开水印相机的日期和时间，再拍一张',
      },
    };
  }
  if (fits) {
    if (!ambiguous)
      return { takenAt: at, check: { finding: { ...finding, status: 'passed' }, good: spokenMinute(at, received) } };
    return {
      takenAt: at,
      check: {
        finding: { ...finding, status: 'review' },
        problem: '照片里有两个不同的时间',
        todo: '也可以只带一个水印重拍一张',
      },
    };
  }
  if (at.length === 10) return { takenAt: null, check: judgeBareDate(at, support, received, finding) };
  const problem = `照片里的时间是 ${spokenMinute(at, received)}，和现在差 ${spokenDistance(at, received)}`;
  const yearAlone = isExpected(`${received.slice(0, 4)}${at.slice(4)}`, windows);
  const witness = exifMinute(exif, context.zone);
  const confirmed =
    (support >= 2 && !contested) ||
    (witness !== null && Math.abs(minutesBetween(witness, at)) <= TIME_TOLERANCE_MINUTES);
  const status = confirmed && !yearAlone && !ambiguous ? 'failed' : 'review';
  return { takenAt: at, check: { finding: { ...finding, status }, problem, todo: retake } };
}

/** A day without a time: today's is no proof, another day's read twice is a contradiction. */
function judgeBareDate(
  date: string,
  support: number,
  received: string,
  finding: Omit<Check['finding'], 'status'>,
): Check {
  if (date === received.slice(0, 10)) {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: '水印里只看清了日期，没看清几点',
      todo: '重拍一张，让水印完整露出来',
    };
  }
  const problem = `照片里的日期是 ${spokenMinute(`${date}T00:00`, received).slice(0, -6)}，和现在差 ${spokenDistance(`${date}T12:00`, `${received.slice(0, 10)}T12:00`)}`;
  const yearAlone = date.slice(4) === received.slice(4, 10);
  return {
    finding: { ...finding, status: support >= 2 && !yearAlone ? 'failed' : 'review' },
    problem,
    todo: '现场重拍一张就行',
  };
}

/** The camera's own time in the organisation's wall clock; EXIF without an offset is taken as that already. */
export function exifMinute({ capturedAt, offsetMinutes }: ExifFacts, zone: string): string | null {
  if (capturedAt === null) return null;
  if (offsetMinutes === null) return capturedAt.slice(0, 16);
  return toLocalMinute(new Date(Date.parse(`${capturedAt}Z`) - offsetMinutes * MINUTE_MS), zone);
}

/** One witness that can be edited and whose clock can be wrong: it never fails a photo alone. Null when there is none: that is normal. */
export function judgeExifTime(exif: ExifFacts, context: Asked, freshWithinMs: number | undefined): Check | null {
  const at = exifMinute(exif, context.zone);
  if (at === null) return null;
  const received = toLocalMinute(context.receivedAt, context.zone);
  const finding = {
    code: 'photo.exif_time',
    measured: at,
    expected: received,
    unit: `±${TIME_TOLERANCE_MINUTES} min`,
    source: 'exif DateTimeOriginal',
  };
  if (isExpected(at, expectedTimes(context, freshWithinMs))) return { finding: { ...finding, status: 'passed' } };
  return {
    finding: { ...finding, status: 'review' },
    problem: `相机记录的拍摄时间是 ${spokenMinute(at, received)}，和现在差 ${spokenDistance(at, received)}`,
    todo: '也可以现场重拍一张',
  };
}

/** Taken under the question: from asked to received within the limit. A witness that says "in time" turns late into late upload. */
export function judgeFresh(context: Asked, freshWithinMs: number, takenAt: string | null): Check {
  const { askedAt, receivedAt, zone } = context;
  const limit = Math.round(freshWithinMs / MINUTE_MS);
  const finding = { code: 'photo.fresh', expected: limit, unit: 'min', source: 'server clock' };
  if (askedAt === null || askedAt > receivedAt) {
    return {
      finding: { ...finding, status: 'unchecked', measured: null },
      problem: '这张是没按拍照的按钮就发来的，说不清是不是刚拍的',
      todo: '按卡片上的拍照按钮，再拍一张',
    };
  }
  const lateMs = receivedAt.getTime() - askedAt.getTime();
  const measured = Math.round(lateMs / MINUTE_MS);
  if (lateMs <= freshWithinMs) return { finding: { ...finding, status: 'passed', measured } };
  const inTime =
    takenAt !== null &&
    isExpected(takenAt, [
      {
        from: addMinutes(toLocalMinute(askedAt, zone), -TIME_TOLERANCE_MINUTES),
        to: addMinutes(toLocalMinute(askedAt, zone), limit + TIME_TOLERANCE_MINUTES),
      },
    ]);
  const problem = `从要照片到收到过了 ${spokenMinutes(measured)}，要求 ${spokenMinutes(limit)}内`;
  if (inTime) {
    return {
      finding: { ...finding, status: 'review', measured },
      problem: `${problem}；照片里的时间在要求之内，按补传处理`,
    };
  }
  return { finding: { ...finding, status: 'failed', measured }, problem, todo: '现在重拍一张' };
}
