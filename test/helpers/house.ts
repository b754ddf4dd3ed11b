import type { ExecutionContext } from 'ava';
import {
  asId,
  FixedClock,
  SECOND,
  silentLog,
  type DealId,
  type EvidenceId,
  type PersonId,
} from '../../src/core/index.js';
import type { DealDocument, DealEvent } from '../../src/deals/index.js';
import { captureTicket } from '../../src/evidence/index.js';
import type { EvidenceContext, EvidenceFile, EvidenceRequest, Verdict } from '../../src/evidence/index.js';
import type { Command, Flow, Item } from '../../src/flow/index.js';
import { judgeVoice } from '../../src/evidence/judge/voice.js';
import { wireHouse, type House } from '../../src/house.js';
import type { OpenPlatforms } from '../../src/open-platforms.js';
import { demoCompany } from '../../src/org/index.js';
import type { InboundEvent, Intake, PlatformName } from '../../src/platforms/contract.js';
import type { Store } from '../../src/store/index.js';
import { goodValue, LEGAL, VISIT_CODE } from '../flow/world.js';
import { Chat } from './chat.js';
import { Phones } from './phones.js';
import { keepAll, testStore } from './store.js';

/** A Monday, 09:30 in Shanghai. */
export const MORNING = '2026-03-02T01:30:00Z';
export const FLOW = 'medical-device';
export const JIA = 'demo-rep-jia';
/** Signs the tickets of this house. */
export const SECRET = 'a-secret-of-this-house';

export interface TestHouse extends House {
  store: Store;
  clock: FixedClock;
  wecom: Phones;
  dingtalk: Phones;
  /** What the verifier was asked, in order. */
  asked: { request: EvidenceRequest; context: EvidenceContext }[];
  /** Somebody's phone. */
  chat(person: string, platform?: PlatformName): Chat;
  /** Lets everything that is under way come to its end; half a minute passes. */
  settle(): Promise<void>;
  /** A deal of a rep at the beginning of a stage. */
  deal(options?: { id?: string; owner?: string; client?: string; stage?: string }): Promise<DealDocument>;
  events(dealId: string): Promise<DealEvent[]>;
  flow: Flow;
}

/**
 * The real house on a store of its own, with phones for platforms and a verifier that believes what is written in the
 * file: `old` fails, `papers` is an identity card, `nowhere` lacks a position, `unsure` cannot be checked, `doubt` needs a person, anything else passes.
 */
export async function openHouse(
  t: ExecutionContext,
  options: {
    store?: Store;
    clock?: FixedClock;
    alone?: boolean;
    estimateMs?: (ahead?: number) => number;
    /** Real adapters instead of phones. */
    openPlatforms?: (intake: Intake, clock: FixedClock) => OpenPlatforms;
  } = {},
) {
  const store = options.store ?? (await testStore());
  const clock = options.clock ?? new FixedClock(MORNING);
  // A second house in the same time has events of its own.
  const serial = options.clock === undefined ? 0 : 1_000;
  const asked: TestHouse['asked'] = [];
  const phones = new Map<PlatformName, Phones>();
  const house = await wireHouse({
    store,
    alone: options.alone === true,
    clock,
    log: silentLog,
    zone: 'Asia/Shanghai',
    publicUrl: 'https://trail.example.com',
    visitCode: (dealId) => `https://trail.example.com/s/${dealId}.code`,
    captureUrl: (ask) => `https://trail.example.com/c/${captureTicket(SECRET, ask)}`,
    phoneKey: (mobile) => `key-${mobile}`,
    evidence: {
      verify: (request, file, context) => {
        asked.push({ request, context });
        return Promise.resolve(believe(request, file, context));
      },
      transcribe: (bytes) => Promise.resolve(SERVICE_WORDS.exec(Buffer.from(bytes).toString())?.[1] ?? null),
      printCopy: (bytes) => Promise.resolve(Buffer.from(bytes)),
      extract: () => Promise.reject(new Error('not in this house')),
      warm: () => Promise.resolve(),
      queueLength: () => 0,
      estimateMs: options.estimateMs ?? (() => 0),
      close: () => Promise.resolve(),
    },
    openPlatforms: (intake) => {
      if (options.openPlatforms !== undefined) return options.openPlatforms(intake, clock);
      for (const name of ['wecom', 'dingtalk'] as const) phones.set(name, new Phones(name, intake, clock, { serial }));
      return {
        adapters: new Map([...phones].map(([name, one]) => [name, one.adapter])),
        callbacks: {},
        makeMenu: () => Promise.resolve(),
      };
    },
  });
  await keepAll(store.connection);
  if (house.org.people().length === 0) await house.org.save(demoCompany);
  house.outbox.start();
  house.verification.start();
  t.teardown(async () => {
    await house.inbox.stop();
    await house.verification.stop();
    await house.outbox.stop();
  });

  const test: TestHouse = {
    ...house,
    store,
    clock,
    asked,
    wecom: phones.get('wecom')!,
    dingtalk: phones.get('dingtalk')!,
    flow: house.flows.current(FLOW),
    chat: (person, platform = 'wecom') => {
      const userId = house.org.person(person)?.identities.find((one) => one.platform === platform)?.userId ?? person;
      return new Chat(t, phones.get(platform)!, userId, () => test.settle());
    },
    async settle() {
      await house.inbox.idle();
      await house.verification.sweep();
      await house.relay.sweep({ all: true });
      // What is held for the answer of a press, or for a verdict that may come at once, leaves after some seconds.
      for (let round = 0; round < 3; round++) {
        clock.advance(10 * SECOND);
        await house.outbox.sweep();
      }
    },
    async deal({ id = 'd1', owner = JIA, client = 'demo-chengdong', stage = 'assigned' } = {}) {
      return house.deals.importDeal(
        {
          id: asId<DealId>(id),
          key: `import:${id}`,
          clientId: asId(client),
          ownerId: asId(owner),
          productLine: '体外诊断',
          flowId: FLOW,
          openedAt: clock.now(),
        },
        stepsTo(test.flow, stage, id, owner, clock.now()),
      );
    },
    async events(dealId) {
      const found = store.connection.collection('events').find({ aggregateId: dealId }).sort({ ver: 1, n: 1 });
      return (await found.toArray()) as unknown as DealEvent[];
    },
  };
  return test;
}

/** Everything that is required before a stage, handed in and passed. */
function stepsTo(
  flow: Flow,
  stageId: string,
  dealId: string,
  owner: string,
  at: Date,
): { at: Date; command: Command }[] {
  const before = flow.stages.slice(
    0,
    flow.stages.findIndex((stage) => stage.id === stageId),
  );
  const pieces = before.flatMap((stage) =>
    stage.items
      .filter((item) => item.required)
      .flatMap((item) => Array.from({ length: piecesOf(item) }, (_, piece) => ({ item, piece }))),
  );
  return pieces.flatMap(({ item, piece }): { at: Date; command: Command }[] => {
    const id = asId<EvidenceId>(`ev_${dealId}_${item.id}_${piece}`);
    const by = item.kind === 'approval' ? LEGAL : asId<PersonId>(owner);
    return [
      {
        at,
        command: {
          kind: 'submit',
          itemId: item.id,
          submission: { id, by, value: goodValue(flow, item), askedAt: at },
          expectedScan: VISIT_CODE,
        },
      },
      { at, command: { kind: 'judge', submissionId: id, status: 'passed', say: '', codes: [] } },
    ];
  });
}

function piecesOf(item: Item): number {
  return item.kind === 'photo' || item.kind === 'link' ? item.count : 1;
}

const SERVICE_WORDS = /words:(.*)/u;

const WORDS: readonly [string, Verdict['status'], string, string][] = [
  ['old', 'failed', 'photo.fresh', '水印时间是昨天，要 10 分钟内拍的。现在重拍一张。'],
  ['nowhere', 'unchecked', 'photo.position', '照片里没有位置，发一个定位给我。'],
  ['unsure', 'unchecked', 'photo.watermark', '没读出水印时间，可以请主管看一眼。'],
  ['papers', 'failed', 'file.id_document', '照片里像是身份证，不收也不留。'],
  ['doubt', 'review', 'pdf.seal', '印章要人看，已经请主管复核。'],
];

/** A recording that says its own length (`12s`) and, to a service, its own words (`words:…`); judged as it would be. */
function hear(request: EvidenceRequest & { kind: 'voice' }, written: string, context: EvidenceContext): Verdict {
  const { heard, typed } = context.voice ?? {};
  const words = heard?.text ?? SERVICE_WORDS.exec(written)?.[1] ?? typed?.text;
  const source = heard !== undefined ? `${heard.by} recognition` : typed?.text === words ? 'typed' : 'asr test';
  const durationMs = Number(/(\d+)s/u.exec(written)?.[1] ?? 30) * 1000;
  const measured = { format: 'amr', durationSource: 'scripted', bytes: 1e6, silent: null, peakDb: null } as const;
  const transcript = words === undefined ? null : { text: words, source };
  const missing = transcript === null ? { missing: 'off' as const } : {};
  return judgeVoice(request.demands, { ...measured, durationMs }, { transcript, ...missing }, 'aa', context);
}

function believe(request: EvidenceRequest, file: EvidenceFile | null, context: EvidenceContext): Verdict {
  const written = file === null ? (request.kind === 'link' ? request.title : '') : Buffer.from(file.bytes).toString();
  if (request.kind === 'voice') return hear(request, written, context);
  const verifier = { id: 'scripted', version: '1' };
  for (const [word, status, code, say] of WORDS) {
    // A position that came later is all that was lacking.
    if (!written.includes(word) || (word === 'nowhere' && context.positions.length > 0)) continue;
    const finding = { code, status, measured: word, expected: null, source: 'scripted' };
    return { status, findings: [finding], say, facts: {}, verifier };
  }
  if (request.kind === 'file' && request.demands.containsText !== undefined) {
    const { containsText, largerThanBytes = 0 } = request.demands;
    if (!written.includes(containsText) || (file?.bytes.length ?? 0) <= largerThanBytes) {
      return { status: 'failed', findings: [], say: `没有「${containsText}」。`, facts: {}, verifier };
    }
  }
  const plate = /plate (\S+) (\S+)/u.exec(written);
  if (request.kind === 'photo' && request.demands.nameplate !== undefined && plate !== null)
    return platePhoto(plate, written);
  return { status: 'passed', findings: [], say: '', facts: {}, verifier };
}

/** `plate MODEL SERIAL`: read twice alike; with `once` by one reader only, which a person has to see. */
function platePhoto([, model = '', serial = '']: string[], written: string): Verdict {
  const status = written.includes('once') ? 'review' : 'passed';
  const finding = (name: string, measured: string) => ({
    code: `photo.nameplate_${name}`,
    status,
    measured,
    expected: null,
    source: 'scripted',
  });
  return {
    status,
    findings: [finding('model', model), finding('serial', serial)] as Verdict['findings'],
    say: status === 'review' ? '序列号没有十足把握，请主管看一眼。' : '',
    facts: { model, serial },
    verifier: { id: 'scripted', version: '1' },
  };
}

/** The rows of the inbox that were not worked on to the end. */
export async function unfinished(house: TestHouse): Promise<InboundEvent[]> {
  const rows = await house.store.connection
    .collection('inbox')
    .find({ state: { $ne: 'done' } })
    .toArray();
  return rows.map((row) => row['event'] as InboundEvent);
}
