// npm run bench:evidence: seconds a photo at one and two workers, on pictures made here. JSON lines {name, value, unit, n}.
import { silentLog, type EvidenceId, type PersonId } from '../../src/core/index.js';
import { createEvidence, type EvidenceContext, type EvidenceRequest } from '../../src/evidence/index.js';
import { makeSample } from '../../src/sandbox/index.js';

const AT = new Date('2026-11-24T06:32:00Z');
const ZONE = 'Asia/Shanghai';
const COUNT = 12;

const context: EvidenceContext = {
  evidenceId: 'bench' as EvidenceId,
  by: 'bench' as PersonId,
  askedAt: AT,
  receivedAt: new Date(AT.getTime() + 60_000),
  now: AT,
  zone: ZONE,
  client: { name: '城东医院', aliases: [], sites: [] },
  positions: [],
  reuseOf: null,
};

async function files(name: string): Promise<Buffer[]> {
  const seeds = Array.from({ length: COUNT }, (_, index) => index + 1);
  return await Promise.all(
    seeds.map(async (seed) => (await makeSample(name, { at: AT, zone: ZONE, clientName: '城东医院', seed })).bytes),
  );
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

for (const { name, sample, request } of KINDS) {
  const pictures = await files(sample);
  for (const workers of request.kind === 'photo' ? [1, 2] : [1]) {
    const evidence = createEvidence({ workers, timeoutMs: 60_000, ocr: 'tesseract', log: silentLog });
    const verify = async (bytes: Buffer) => await evidence.verify(request, { bytes, name: 'file' }, context);
    // Warm every worker: the first recognition compiles.
    await Promise.all(pictures.slice(0, workers).map(verify));
    const started = performance.now();
    const verdicts = await Promise.all(pictures.map(verify));
    const seconds = (performance.now() - started) / 1000 / pictures.length;
    await evidence.close();
    const passed = verdicts.filter(({ status }) => status === 'passed').length;
    console.log(
      JSON.stringify({
        name: `evidence.${name}.${workers}-workers`,
        value: Number(seconds.toFixed(3)),
        unit: 's/file',
        n: pictures.length,
      }),
    );
    console.log(JSON.stringify({ name: `evidence.${name}.passed`, value: passed, unit: 'files', n: pictures.length }));
  }
}
