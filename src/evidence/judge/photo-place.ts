import gcoordModule from 'gcoord';
import { MINUTE } from '../../core/index.js';
import { POSITION_VALID_MINUTES } from '../limits.js';
import type { ExifFacts } from '../photo/exif.js';
import type { EvidenceContext, Position, VerdictStatus } from '../types.js';
import { worst, type Check } from './verdict.js';

/** Everything is compared in WGS-84: in Shanghai GCJ-02 is 474 m and BD-09 1,120 m off, so an unconverted fence always fails. */

// Its types describe an ES module, the package is CommonJS: at run time the default import is the thing itself.
const gcoord = gcoordModule as unknown as typeof gcoordModule.default;

interface Point {
  lat: number;
  lng: number;
}

type Datum = Position['datum'];

export function toWgs84({ lat, lng }: Point, datum: Datum): Point {
  if (datum === 'wgs84') return { lat, lng };
  const from = datum === 'gcj02' ? gcoord.GCJ02 : gcoord.BD09;
  const [x, y] = gcoord.transform<[number, number]>([lng, lat], from, gcoord.WGS84);
  return { lat: y, lng: x };
}

const EARTH_METRES = 6_371_008.8;

/** Great-circle distance. */
export function distanceMetres(a: Point, b: Point): number {
  const radians = Math.PI / 180;
  const dLat = (b.lat - a.lat) * radians;
  const dLng = (b.lng - a.lng) * radians;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * Math.sin(dLng / 2) ** 2;
  return 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Both halves, in range, and not 0,0. */
export function isPosition({ lat, lng }: Point): boolean {
  return (
    Number.isFinite(lat) &&
    Number.isFinite(lng) &&
    Math.abs(lat) <= 90 &&
    Math.abs(lng) <= 180 &&
    !(lat === 0 && lng === 0)
  );
}

interface Witness {
  status: VerdictStatus;
  metres: number;
  site: string;
  source: string;
}

/**
 * Every position that belongs to this picture (EXIF; what the person sent within half an hour) against the nearest site. Inside the radius
 * passes; outside by less than its own uncertainty is a person's decision; a position less certain than the radius says nothing.
 */
export function judgePosition(
  exif: ExifFacts,
  context: EvidenceContext,
  withinMetres: number,
): { check: Check; metres: number | null } {
  const finding = { code: 'photo.position', expected: withinMetres, unit: 'm' };
  const sites = context.client.sites.filter(isPosition);
  if (sites.length === 0) {
    return {
      metres: null,
      check: {
        finding: { ...finding, status: 'unchecked', measured: null, source: 'client sites' },
        problem: `「${context.client.name}」还没有登记位置`,
        todo: '到了客户那里发一个定位，请主管登记上',
      },
    };
  }
  const witnesses = positionsOf(exif, context)
    .filter(({ accuracyMetres }) => (accuracyMetres ?? 0) <= withinMetres)
    .map((position): Witness => {
      const here = toWgs84(position, position.datum);
      const [nearest] = sites
        .map((site) => ({ site: site.name, metres: Math.round(distanceMetres(here, toWgs84(site, site.datum))) }))
        .sort((a, b) => a.metres - b.metres);
      const metres = nearest?.metres ?? Number.POSITIVE_INFINITY;
      const status =
        metres <= withinMetres
          ? 'passed'
          : metres - (position.accuracyMetres ?? 0) <= withinMetres
            ? 'review'
            : 'failed';
      return { status, metres, site: nearest?.site ?? '', source: `${position.source} ${position.datum}` };
    });
  const [best] = [...witnesses].sort((a, b) => a.metres - b.metres);
  if (best === undefined) {
    return {
      metres: null,
      check: {
        finding: { ...finding, status: 'unchecked', measured: null, source: 'no position' },
        problem: '定位没拿到',
        todo: `发一个定位，或者发带位置的原图，${POSITION_VALID_MINUTES} 分钟内有效`,
      },
    };
  }
  const statuses = witnesses.map(({ status }) => status);
  // One witness inside and one clearly outside: points both ways.
  const status = statuses.includes('passed') && statuses.includes('failed') ? 'review' : worst(statuses);
  const far = [...witnesses].sort((a, b) => b.metres - a.metres)[0] ?? best;
  const shown = status === 'passed' ? best : far;
  return {
    metres: best.metres,
    check: {
      finding: { ...finding, status, measured: shown.metres, source: shown.source },
      ...(status === 'passed'
        ? { good: `离${best.site} ${spokenMetres(best.metres)}` }
        : {
            problem: `定位离${shown.site} ${spokenMetres(shown.metres)}，要求 ${spokenMetres(withinMetres)}内`,
            todo: '到现场后发一个定位，再拍一张',
          }),
    },
  };
}

function positionsOf({ position }: ExifFacts, context: EvidenceContext): Position[] {
  const near = context.positions.filter(
    (one) =>
      isPosition(one) &&
      (one.at === undefined ||
        Math.abs(one.at.getTime() - context.receivedAt.getTime()) <= POSITION_VALID_MINUTES * MINUTE),
  );
  return position === null ? near : [{ ...position, source: 'exif' }, ...near];
}

function spokenMetres(metres: number): string {
  return metres < 1000 ? `${metres} 米` : `${(metres / 1000).toFixed(1)} 公里`;
}
