import {
  AppError,
  asId,
  DAY,
  MINUTE,
  stableId,
  type EvidenceId,
  type FileId,
  type StageVisitId,
} from './core/index.js';
import { submissionText, type EvidenceDocument } from './deals/index.js';
import type { Verdict } from './evidence/index.js';
import type { Command, Flow, Item, Stage, SubmissionValue } from './flow/index.js';
import type { House } from './house.js';
import { demoDeals, type DemoDeal } from './org/index.js';
import { AS_GIVEN, type Store, type VaultFile } from './store/index.js';

interface SeedDeps {
  house: House;
  store: Store;
  now: Date;
}

/** Flow of the demo company's deals. */
export const DEMO_FLOW = 'medical-device';

/** Which sample stands for which item of the eight-stage flow. */
const SAMPLES: Record<string, string> = {
  'site-photo': 'site-photo',
  'equipment-list': 'equipment-list',
  proposal: 'proposal',
  'door-plate': 'door-plate',
  quote: 'quotation',
  'cost-sheet': 'cost-sheet',
  'signed-contract': 'contract',
  nameplate: 'nameplate',
};

/**
 * The demo company's past: every deal goes through the same gate as a real one, each step on the day on which it would
 * have happened; its evidence is marked as demo and says that nobody verified it.
 */
export async function seedDemoDeals({ house, now }: Omit<SeedDeps, 'store'>): Promise<void> {
  const flow = house.flows.current(DEMO_FLOW);
  for (const demo of demoDeals) {
    await house.deals.importDeal(
      {
        id: demo.id,
        key: `demo:${demo.id}`,
        clientId: demo.clientId,
        ownerId: demo.ownerId,
        productLine: demo.productLine,
        flowId: DEMO_FLOW,
        demo: true,
        openedAt: new Date(now.getTime() - demo.openedDaysAgo * DAY),
      },
      pastOf(demo, flow, house, now).flatMap(({ steps }) => steps),
    );
  }
}

/**
 * The pictures and papers behind it. Drawing them takes seconds of work, so it is done after the start, one after the
 * other, by the stand-ins' process; a restart goes on where it stopped.
 */
export async function addDemoEvidence({ house, store, now }: SeedDeps, controlBase: string): Promise<void> {
  const flow = house.flows.current(DEMO_FLOW);
  const rows = store.connection.collection('evidence');
  const files = new Map<string, VaultFile>();
  for (const demo of demoDeals) {
    for (const piece of pastOf(demo, flow, house, now)) {
      if (piece.evidence === null || (await rows.countDocuments({ _id: piece.evidence._id as never })) > 0) continue;
      const { sample } = piece;
      if (sample !== null) {
        const file = files.get(sample.id) ?? (await demoFile(house, sample, controlBase));
        files.set(sample.id, file);
        piece.evidence.file = { id: file.id, sha256: file.sha256, name: file.name, mime: file.mime, bytes: file.bytes };
      }
      await rows.insertOne(piece.evidence as never, AS_GIVEN);
    }
  }
}

async function demoFile(house: House, { id, name, seed, at, clientName }: DemoSample, controlBase: string) {
  const fileId = stableId<FileId>('f', 'demo', id);
  const kept = await house.vault.info(fileId);
  if (kept !== null) return kept;
  const query = new URLSearchParams({
    at: at.toISOString(),
    clientName,
    zone: house.calendar.zone,
    seed: String(seed),
  });
  const answer = await fetch(`${controlBase}/control/samples/${name}?${query.toString()}`);
  if (!answer.ok) throw new AppError('demo.no_sample', `${name}: ${answer.status}`, { retryable: true });
  const mime = answer.headers.get('content-type') ?? 'application/octet-stream';
  const fileName = decodeURIComponent(
    /filename\*=UTF-8''(.+)$/u.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? name,
  );
  return house.vault.put(fileId, new Uint8Array(await answer.arrayBuffer()), { name: fileName, mime, at });
}

/** What a demo deal's rep has done by now, oldest first. */
export function pastSteps(demo: DemoDeal, house: Pick<House, 'flows' | 'org'>, now: Date): Piece['steps'] {
  return pastOf(demo, house.flows.current(DEMO_FLOW), house, now).flatMap(({ steps }) => steps);
}

interface Piece {
  steps: { at: Date; command: Command }[];
  evidence: EvidenceDocument | null;
  /** Null where nothing was uploaded. */
  sample: DemoSample | null;
}

interface DemoSample {
  /** Of the file in the vault. */
  id: string;
  name: string;
  seed: number;
  at: Date;
  clientName: string;
}

function pastOf(demo: DemoDeal, flow: Flow, house: Pick<House, 'org'>, now: Date): Piece[] {
  const past: Piece[] = [];
  const openedAt = now.getTime() - demo.openedDaysAgo * DAY;
  const target = flow.stages.findIndex((stage) => stage.id === demo.stageId);
  // The days since then are shared out among the stages that were passed; the present stage has the rest.
  const stepMs = (demo.openedDaysAgo * DAY) / (target + 1.5);
  const clientName = house.org.client(demo.clientId)?.name ?? '';
  for (const [n, stage] of flow.stages.slice(0, target).entries()) {
    for (const [m, item] of stage.items.entries()) {
      const count = item.kind === 'photo' || item.kind === 'link' ? item.count : 1;
      for (let piece = 0; piece < count; piece++) {
        const at = new Date(
          Math.min(openedAt + stepMs * (n + 0.6) + (m * 60 + piece * 5) * MINUTE, now.getTime() - MINUTE),
        );
        const name = SAMPLES[item.id];
        const sample = name === undefined ? null : { ...sampleOf(item, name, piece, demo), at, clientName };
        const value = valueFor(flow, item, clientName, demo, sample);
        if (value === null) continue;
        const id = stableId<EvidenceId>('ev', demo.id, item.id, piece);
        const steps: Piece['steps'] = [
          {
            at,
            command: { kind: 'submit', itemId: item.id, submission: { id, by: demo.ownerId, value, askedAt: at } },
          },
        ];
        const verified = sample !== null || item.kind === 'link';
        if (verified) {
          steps.push({
            at: new Date(at.getTime() + 4_000),
            command: { kind: 'judge', submissionId: id, status: 'passed', say: DEMO_VERDICT.say, codes: [] },
          });
        }
        const evidence = verified ? evidenceRow(demo, house, stage, item, { id, at, value, clientName }) : null;
        past.push({ steps, evidence, sample });
      }
    }
  }
  return past;
}

/** Photos show their own day and client; of papers one for all deals will do, for drawing them takes longest. */
function sampleOf(item: Item, name: string, piece: number, demo: DemoDeal): Pick<DemoSample, 'id' | 'name' | 'seed'> {
  if (item.kind !== 'photo') return { id: `${name}:${piece}`, name, seed: 9_000 + piece };
  const own = demoDeals.indexOf(demo);
  return { id: `${name}:${piece}:${demo.id}`, name, seed: 9_000 + own * 10 + piece };
}

const DEMO_VERDICT: Verdict = {
  status: 'passed',
  findings: [],
  say: '演示公司的历史材料，没有经过机器核验。自己交一份试试，核验是真的。',
  facts: {},
  verifier: { id: 'demo', version: '1' },
};

function evidenceRow(
  demo: DemoDeal,
  house: Pick<House, 'org'>,
  stage: Stage,
  item: Item,
  given: { id: EvidenceId; at: Date; value: SubmissionValue; clientName: string },
): EvidenceDocument {
  const owner = house.org.person(demo.ownerId);
  const team = house.org.team(owner?.teamId ?? '');
  return {
    _id: given.id,
    dealId: demo.id,
    // The visit's id is the gate's to give; pages find the evidence by its own id.
    visitId: asId<StageVisitId>(`${demo.id}:${stage.id}`),
    stageId: stage.id,
    stageName: stage.name,
    itemId: item.id,
    itemName: item.name,
    itemKind: item.kind,
    clientId: demo.clientId,
    clientName: given.clientName,
    ownerId: demo.ownerId,
    teamId: owner?.teamId ?? '',
    regionId: team?.regionId ?? '',
    by: demo.ownerId,
    at: given.at,
    askedAt: given.at,
    platform: 'wecom',
    text: submissionText({ value: given.value }),
    ...(given.value.kind === 'link' ? { url: given.value.url } : {}),
    request: { kind: 'photo', demands: {} },
    positions: [],
    round: 1,
    state: 'judged',
    attempts: 0,
    dueAt: given.at,
    verdict: DEMO_VERDICT,
    history: [{ at: given.at, who: '演示', status: 'passed', text: DEMO_VERDICT.say }],
    demo: true,
  };
}

function valueFor(
  flow: Flow,
  item: Item,
  clientName: string,
  demo: DemoDeal,
  sample: DemoSample | null,
): SubmissionValue | null {
  switch (item.kind) {
    case 'confirm':
      return { kind: 'confirm' };
    case 'text':
      return { kind: 'text', text: '演示数据' };
    case 'touch':
      return { kind: 'touch', witness: item.accepts[0] ?? 'message', note: '和设备科通了电话，约好上门。' };
    case 'choice':
      return { kind: 'choice', option: item.options[0] ?? '' };
    case 'tags': {
      const groups = flow.tagLibraries[item.library]?.groups ?? [];
      // One of each group first, so that a demand for distinct groups is met.
      const tags = [...groups.map((group) => group.tags[0] ?? ''), ...groups.flatMap((group) => group.tags.slice(1))];
      return { kind: 'tags', tags: tags.slice(0, item.min) };
    }
    case 'purchase-history':
      return { kind: 'purchase-history', categories: ['试剂', '耗材'] };
    case 'follow-up':
      return {
        kind: 'follow-up',
        elements: Object.fromEntries(item.elements.map((element) => [element, `${element}：已和${clientName}谈过`])),
      };
    case 'photo':
    case 'file':
    case 'sheet': {
      if (sample === null) return null;
      const file = { fileId: stableId<FileId>('f', 'demo', sample.id), sha256: `demo:${sample.id}:${demo.id}` };
      return item.kind === 'photo' ? { kind: 'photo', ...file } : { kind: item.kind, ...file, name: item.name };
    }
    case 'link':
      return { kind: 'link', url: 'https://example.com/notice', title: `${clientName}同类设备采购公告` };
    case 'approval':
      return { kind: 'approval', approved: true, note: '', by: demo.ownerId };
    // Nobody's voice is made up.
    case 'voice':
    case 'scan':
      return null;
  }
}
