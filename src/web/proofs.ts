import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError, type EvidenceId } from '../core/index.js';
import type { Deals, EvidenceDocument, Verification } from '../deals/index.js';
import { measureWords, type Position } from '../evidence/index.js';
import { findSubmission } from '../flow/index.js';
import type { Org, WorkCalendar } from '../org/index.js';
import type { Viewer } from './backend.js';

/**
 * The short code on every copy that people see, and what it proves. A code is made from the evidence's id under the house's secret: the same
 * on every copy, and none can be guessed (78 bits, without letters that look alike).
 */
export interface Proofs {
  codeOf(id: EvidenceId): string;
  /** Lines of the bar under a copy; from then on its code is known. */
  print(evidence: EvidenceDocument): Promise<string[]>;
  /** Null: no picture of ours has this code. */
  look(code: string, viewer: Viewer | null): Promise<Proof | null>;
}

export interface Proof {
  itemName: string;
  stageName: string;
  clientName: string;
  byName: string;
  /** Received by the server: 2026-11-24 14:32 */
  at: string;
  /** Where it was taken, as printed. */
  place: string;
  verdict: 'passed' | 'failed' | 'review' | 'unchecked' | 'checking';
  /** First digits of the original's sha256, as printed. */
  sha256: string;
  /** Only for viewers with the right. */
  evidenceId: EvidenceId | null;
}

export interface ProofDeps {
  secret: string;
  /** Printed before the code: where it can be looked up. */
  address: string;
  org: Org;
  calendar: WorkCalendar;
  deals: Deals;
  verification: Verification;
}

/** No 0 O 1 I L U: read aloud and typed from a print. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LENGTH = 16;
const SHAPE = new RegExp(`^[${LETTERS}]{${CODE_LENGTH}}$`, 'u');

/** As people type it: spaces and dashes dropped, capitals. */
export function foldProofCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s-]/gu, '');
  return SHAPE.test(code) ? code : null;
}

export function createProofs(deps: ProofDeps): Proofs {
  const key = createHmac('sha256', deps.secret).update('proof').digest();
  const { org, calendar } = deps;

  function codeOf(id: EvidenceId): string {
    const digest = createHmac('sha256', key).update(id).digest();
    let rest = BigInt(`0x${digest.subarray(0, 12).toString('hex')}`);
    let code = '';
    for (let n = 0; n < CODE_LENGTH; n += 1) {
      code += LETTERS[Number(rest % BigInt(LETTERS.length))] ?? '';
      rest /= BigInt(LETTERS.length);
    }
    return code;
  }

  return {
    codeOf,
    async print(evidence) {
      const code = codeOf(evidence._id);
      if (evidence.proof !== code) await deps.verification.keepProof(evidence._id, code);
      const by = org.person(evidence.by)?.name ?? '';
      return [
        `${evidence.clientName} · ${evidence.stageName} · ${evidence.itemName}`,
        `${by} · ${calendar.localDate(evidence.at)} ${calendar.localTime(evidence.at)} 服务器收到`,
        `拍摄地点：${placeOf(evidence)}`,
        `留痕 · 查真伪 ${deps.address}/v/${spoken(code)}`,
      ];
    },
    async look(text, viewer) {
      const code = foldProofCode(text);
      const evidence = code === null ? null : await deps.verification.byProof(code);
      if (code === null || evidence === null || !sameCode(codeOf(evidence._id), code)) return null;
      const deal = await deps.deals.get(evidence.dealId);
      if (deal === null) throw new AppError('proof.no_deal', `no deal ${evidence.dealId}`);
      const status = findSubmission(deal, evidence._id)?.submission.status;
      const maySee = viewer !== null && org.person(viewer.personId) !== undefined && org.canSee(viewer.personId, deal);
      return {
        itemName: evidence.itemName,
        stageName: evidence.stageName,
        clientName: evidence.clientName,
        byName: org.person(evidence.by)?.name ?? '',
        at: `${calendar.localDate(evidence.at)} ${calendar.localTime(evidence.at)}`,
        place: placeOf(evidence),
        verdict: status === undefined || status === 'withdrawn' ? (evidence.verdict?.status ?? 'checking') : status,
        sha256: evidence.file?.sha256.slice(0, 12) ?? '',
        evidenceId: maySee ? evidence._id : null,
      };
    },
  };
}

/** By what the verifier measured; a position that nothing was measured against is printed as it was sent. */
function placeOf({ clientName, verdict, positions }: EvidenceDocument): string {
  const metres = verdict?.facts['distanceMetres'];
  if (typeof metres === 'number') return `离${clientName} ${measureWords(metres, 'm') ?? ''}`;
  const exif = verdict?.facts['position'] as Pick<Position, 'lat' | 'lng' | 'datum'> | undefined;
  const position = exif ?? positions.at(-1);
  if (position === undefined) return '没有定位';
  return `${position.lat.toFixed(4)}, ${position.lng.toFixed(4)}（${DATUM[position.datum]}）`;
}

const DATUM: Record<Position['datum'], string> = { wgs84: 'WGS-84', gcj02: 'GCJ-02', bd09: 'BD-09' };

/** In fours, as it is printed. */
export const spoken = (code: string): string => code.replace(/(.{4})(?=.)/gu, '$1-');

function sameCode(right: string, given: string): boolean {
  return timingSafeEqual(Buffer.from(right), Buffer.from(given));
}
