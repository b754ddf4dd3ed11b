import { asId } from '../../../src/core/index.js';
import type { EarlierEvidence, EvidenceContext } from '../../../src/evidence/index.js';
import type { SampleParams } from '../../../src/sandbox/samples/index.js';

/** A Tuesday, 14:32:10 in Shanghai. */
export const TAKEN_AT = new Date('2026-11-24T06:32:10Z');
export const ZONE = 'Asia/Shanghai';
export const CLIENT = '城东医院';
export const SITE = { name: CLIENT, lat: 31.2304, lng: 121.4737, datum: 'wgs84' } as const;

const minutes = (n: number): Date => new Date(TAKEN_AT.getTime() + n * 60_000);

/** Asked a minute before the picture, received a minute after it. */
export function buildContext(more: Partial<EvidenceContext> = {}): EvidenceContext {
  return {
    evidenceId: asId('evidence_1'),
    by: asId('person_1'),
    askedAt: minutes(-1),
    receivedAt: minutes(1),
    now: minutes(1),
    zone: ZONE,
    client: { name: CLIENT, aliases: [], sites: [{ ...SITE }] },
    positions: [],
    reuseOf: null,
    ...more,
  };
}

/** Handed in a week before by somebody else, in a deal that may be named. */
export function buildEarlier(more: Partial<EarlierEvidence> = {}): EarlierEvidence {
  return {
    evidenceId: asId('evidence_0'),
    at: minutes(-7 * 24 * 60),
    clientName: '城西医院',
    byName: '代表乙',
    mayName: true,
    sameVisit: false,
    ...more,
  };
}

export function buildSampleParams(more: Partial<SampleParams> = {}): SampleParams {
  return { at: TAKEN_AT, zone: ZONE, clientName: CLIENT, seed: 11, ...more };
}

export { minutes };
