// Where the pictures with truth are missing: samples made here, timed only.
import { silentLog, type EvidenceId, type PersonId } from '../../../src/core/index.js';
import { createEvidence, type EvidenceContext, type EvidenceRequest } from '../../../src/evidence/index.js';
import { makeSample } from '../../../src/sandbox/index.js';

const AT = new Date('2026-11-24T06:32:00Z');
const ZONE = 'Asia/Shanghai';
const COUNT = 12;

/** Asked at that moment, received a minute later. */
export function contextAt(askedAt: Date): EvidenceContext {
  const receivedAt = new Date(askedAt.getTime() + 60_000);
  return {
    evidenceId: 'bench' as EvidenceId,
    by: 'bench' as PersonId,
    askedAt,
    receivedAt,
    now: receivedAt,
    zone: ZONE,
    client: { name: '城东医院', aliases: [], sites: [] },
    positions: [],
    reuseOf: null,
  };
}

const KINDS: { name: string; sample: string; request: EvidenceRequest }[] = [
  {
    name: 'watermark',
    sample: 'site-photo',
    request: { kind: 'photo', demands: { watermarkTime: true, environment: true } },
  },
  {
    name: 'door-plate',
    sample: 'door-plate',
    request: { kind: 'photo', demands: { doorPlates: ['检验科', '手术室'] } },
  },
  { name: 'nameplate', sample: 'nameplate', request: { kind: 'photo', demands: { nameplate: ['model', 'serial'] } } },
  { name: 'pdf', sample: 'proposal', request: { kind: 'file', formats: ['PDF'], demands: { clientNameTimes: 3 } } },
  {
    name: 'sheet',
    sample: 'equipment-list',
    request: { kind: 'sheet', formats: ['XLSX'], demands: { columns: ['型号'] } },
  },
];

export async function timeSamples(say: (line: Record<string, unknown>) => void): Promise<void> {
  for (const { name, sample, request } of KINDS) {
    const seeds = Array.from({ length: COUNT }, (_, index) => index + 1);
    const params = { at: AT, zone: ZONE, clientName: '城东医院' };
    const files = await Promise.all(seeds.map(async (seed) => (await makeSample(sample, { ...params, seed })).bytes));
    for (const workers of request.kind === 'photo' ? [1, 2] : [1]) {
      const evidence = createEvidence({ workers, timeoutMs: 60_000, ocr: 'both', log: silentLog });
      await evidence.warm();
      const started = performance.now();
      const verdicts = await Promise.all(
        files.map(async (bytes) => await evidence.verify(request, { bytes, name: 'file' }, contextAt(AT))),
      );
      const seconds = (performance.now() - started) / 1000 / files.length;
      await evidence.close();
      const passed = verdicts.filter(({ status }) => status === 'passed').length;
      say({
        name: `evidence.${name}.${workers}-workers`,
        value: Number(seconds.toFixed(3)),
        unit: 's/file',
        n: files.length,
      });
      say({ name: `evidence.${name}.passed`, value: passed, unit: 'files', n: files.length });
    }
  }
}
