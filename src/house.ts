import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCards } from './cards/index.js';
import type { AsrConfig } from './config/index.js';
import { createConversation, createSessions, type Conversation, type Sessions } from './conversation/index.js';
import { AppError, ConfigError, projectRoot, type CaptureAsk, type DealId, type EvidenceId } from './core/index.js';
import {
  addDealSinks,
  createDeals,
  createEquipmentList,
  createFlows,
  deviceWords,
  type Deals,
  type EquipmentList,
  type Verification,
} from './deals/index.js';
import {
  createEvidence,
  createFetchPage,
  createHttpAsr,
  createRadar,
  sniffFile,
  type Evidence,
} from './evidence/index.js';
import { loadFlows } from './flow/index.js';
import { createInbox, type Inbox } from './inbox/index.js';
import { createInsights, drawDigestChart, type Insights } from './insights/index.js';
import {
  createCalendar,
  createEquipment,
  createOrg,
  createTimeWords,
  keepGroups,
  parseCalendarFile,
  type Equipment,
  type Org,
  type TimeWords,
  type WorkCalendar,
} from './org/index.js';
import {
  createOutbox,
  createUsage,
  deadNotices,
  lesserNotices,
  quotaDigest,
  quotaNotices,
  suspensionNotices,
  type Outbox,
  type Usage,
} from './outbox/index.js';
import { SEND, type Intake, type Outgoing, type PlatformName, type RateBudget } from './platforms/contract.js';
import { createRelay, createVault, type Relay, type Vault } from './store/index.js';
import { createTodos, type Todos } from './todos/index.js';
import { createDigestGroups } from './digest-groups.js';
import { createDirectorySync, type DirectorySync } from './directory.js';
import { ensureIndexes } from './indexes.js';
import { createAppOf, createReach } from './reach.js';
import { fileFits, wireVerification } from './verifying.js';
import {
  bindRobots,
  isRobotChat,
  openPlatforms,
  welcomeTo,
  type OpenPlatforms,
  type PlatformDeps,
  type PlatformSignals,
} from './open-platforms.js';

/** The rooms of a running house, wired and not yet started. */
export interface House extends OpenPlatforms {
  relay: Relay;
  vault: Vault;
  org: Org;
  calendar: WorkCalendar;
  words: TimeWords;
  deals: Deals;
  todos: Todos;
  verification: Verification;
  /** What stands at each client's. */
  equipment: Equipment;
  equipmentList: EquipmentList;
  evidence: Evidence;
  insights: Insights;
  conversation: Conversation;
  sessions: Sessions;
  inbox: Inbox;
  outbox: Outbox;
  usage: Usage;
  /** What administrators hear of a month once a week. */
  quotaDigest(platform: PlatformName, month: NonNullable<ReturnType<Usage['month']>>, week: string): Outgoing[];
  flows: Awaited<ReturnType<typeof createFlows>>;
  /** After a restart of the only process on this store: what the dead one had taken is free at once. */
  takeOver(): Promise<void>;
  /** Follows the platforms' address books. */
  directory: DirectorySync;
  /** Makes the group chats of teams and regions that an app can make, and keeps their members in step with the org. */
  keepGroups(): Promise<void>;
}

export interface HouseDeps extends PlatformDeps {
  zone: string;
  ocrEngines: 'both' | 'tesseract';
  asr: AsrConfig | null;
  /** Pages of links are fetched from the internet; without it links are judged by what is said of them. */
  fetchLinks: boolean;
  /** Absolute, without a trailing slash. */
  publicUrl: string;
  /** Code of a deal's visit QR, signed. */
  visitCode: (dealId: string) => string;
  /** Address of the capture page under its ticket. */
  captureUrl: (ask: CaptureAsk) => string;
  /** Tells whether two mobile numbers are the same, without saying what they are. */
  phoneKey: (mobile: string) => string;
}

/** One photo is verified by one worker for at most this long: seconds when warm, a cold nameplate on a busy small machine took 19. */
const VERIFY_TIMEOUT_MS = 45_000;
const EVIDENCE_WORKERS = 2;

/** Builds every room on the store, in the order in which they lean on each other. Nothing runs yet. */
export async function buildHouse(deps: HouseDeps): Promise<House> {
  const radar = createRadar({ connection: deps.store.connection, clock: deps.clock });
  const evidence = createEvidence({
    workers: EVIDENCE_WORKERS,
    timeoutMs: VERIFY_TIMEOUT_MS,
    ocr: deps.ocrEngines,
    log: deps.log,
    radar,
    ...(deps.asr === null ? {} : { asr: createHttpAsr(deps.asr) }),
    ...(deps.fetchLinks ? { fetchPage: createFetchPage() } : {}),
  });
  try {
    const house = await wireHouse({
      ...deps,
      evidence,
      alone: deps.store.engine === 'embedded',
      openPlatforms: (intake, signals) => openPlatforms(deps, intake, signals),
    });
    await bindRobots(
      house.org,
      { wecom: deps.wecom?.groupRobots ?? {}, dingtalk: deps.dingtalk?.groupRobots ?? {} },
      deps.log,
    );
    return house;
  } catch (error) {
    await evidence.close();
    throw error;
  }
}

/** The house's inside: everything but the two platforms and the workers that look at files, which are handed in. */
export interface InsideDeps extends Pick<
  HouseDeps,
  'store' | 'clock' | 'log' | 'zone' | 'publicUrl' | 'visitCode' | 'captureUrl' | 'phoneKey'
> {
  evidence: Evidence;
  /** No other process works on this store. */
  alone?: boolean;
  openPlatforms: (intake: Intake, signals: PlatformSignals) => OpenPlatforms;
}

export async function wireHouse(deps: InsideDeps): Promise<House> {
  const { store, clock, log, evidence } = deps;
  const { connection } = store;
  await ensureIndexes(connection);

  const cards = loadCards(join(projectRoot, 'cards'));
  const calendarFile = join(projectRoot, 'bot-flows/calendar.zh.yaml');
  const calendar = createCalendar({
    ...parseCalendarFile(readFileSync(calendarFile, 'utf8'), 'bot-flows/calendar.zh.yaml'),
    zone: deps.zone,
  });
  const words = createTimeWords(calendar, clock);
  const org = createOrg({ connection, clock, calendar });
  await org.reload();
  const { flows: loaded, problems } = loadFlows(join(projectRoot, 'bot-flows'));
  for (const problem of problems)
    log.error({ problem }, 'flow file has a mistake; the version kept last stays in force');
  const flows = await createFlows(connection, loaded, clock.now());
  if (flows.list().length === 0)
    throw new ConfigError(['bot-flows/: no flow could be loaded; run npm run flow -- lint bot-flows/*.yaml']);

  const relay = createRelay({ connection, clock, log });
  const vault = createVault(connection);
  const todos = createTodos({ connection, relay, cards, words, clock, log });
  const deals = createDeals({
    connection,
    relay,
    flows,
    org,
    calendar,
    words,
    cards,
    // What needs no reader waits only for those before it.
    estimateMs: (kind) => evidence.estimateMs(verification.ahead() - (kind === 'photo' ? 0 : 1)),
    clock,
    log,
  });
  const verification = wireVerification({ connection, vault, evidence, deals, org, clock, zone: deps.zone, log });
  const equipment = createEquipment({ connection });
  const equipmentList = createEquipmentList({ connection, equipment });
  const insights = createInsights({ connection, clock, org, calendar, flows: () => flows.list() });

  // The way in and the way out hold each other by these two handles only.
  const inboxHolder: { inbox?: Inbox } = {};
  const budgets = new Map<PlatformName, RateBudget>();
  const usage = createUsage({ connection, clock, log, budgets, calendar });
  const { adapters, callbacks, makeMenu } = deps.openPlatforms(
    (...args) => {
      if (inboxHolder.inbox === undefined) throw new AppError('intake.closed', 'not open yet', { retryable: true });
      return inboxHolder.inbox.intake(...args);
    },
    {
      appWarning: (platform, what) => tell(suspensionNotices(notice, platform, what, today())),
      directoryChanged: (platform, userIds) => directory.changed(platform, userIds),
      called: usage.called,
      pushed: usage.pushed,
    },
  );
  for (const [name, { budget }] of adapters) budgets.set(name, budget);

  const sessions = createSessions({ connection, relay, clock, log, alone: deps.alone === true });
  const notice = { org, platforms: new Set(adapters.keys()), url: `${deps.publicUrl}/m/undelivered` };
  const today = (): string => calendar.localDate(clock.now());
  const tell = (messages: readonly Outgoing[]): void => {
    outbox.enqueue(messages).catch((error: unknown) => log.error({ err: error }, 'administrators not told'));
  };
  const digestGroups = createDigestGroups({ org, adapters, isForeign: isRobotChat, notice, tell, clock, log });
  const outbox: Outbox = createOutbox({
    connection,
    alone: deps.alone === true,
    adapters,
    clock,
    log,
    usage,
    draw: async (of) => {
      const digest = await insights.digest(of);
      if (digest === null) throw new AppError('digest.unknown', `no digest ${of}`);
      return drawDigestChart(digest, words.dayTime(digest.asOf));
    },
    onDead: (row) => {
      if (!digestGroups.lost(row)) tell(deadNotices(notice, row, clock.now()));
    },
    onLesser: (row, as) => tell(lesserNotices(notice, row, as, today())),
    onQuota: (platform, month) => tell(quotaNotices(notice, platform, month, today().slice(0, 7))),
    reach: createReach({ org, sessions, platforms: adapters }),
    appOf: createAppOf({ org, sessions, adapters }),
  });
  relay.addSink(SEND, async (effects) =>
    outbox.enqueue(await sessions.wanted(effects.map((effect) => effect.data as unknown as Outgoing))),
  );
  relay.addReader((events) => insights.fold(events));
  addDealSinks({
    relay,
    deals,
    todos,
    verification,
    equipmentList,
    org,
    calendar,
    words,
    evidenceUrl: (id: EvidenceId) => `${deps.publicUrl}/m/reviews?e=${id}`,
    log,
  });

  const conversation = createConversation({
    org,
    deals,
    todos,
    verification,
    sessions,
    vault,
    cards,
    calendar,
    words,
    fetchMedia: (media) => {
      const adapter = adapters.get(media.platform);
      if (adapter === undefined) throw new AppError('platform.unknown', `no adapter for ${media.platform}`);
      return adapter.fetchMedia(media);
    },
    readCheckIn: async (platform, userId, at) => (await adapters.get(platform)?.readCheckIn?.(userId, at)) ?? null,
    sniff: sniffFile,
    transcribe: (bytes) => evidence.transcribe(bytes),
    fileFits: (file, bytes, when) => fileFits({ evidence, clock, zone: deps.zone }, file, bytes, when),
    send: (messages) => outbox.enqueue(messages),
    pages: {
      deal: (dealId, platform) => `${deps.publicUrl}/m/deals/${dealId}?p=${platform}`,
      home: (platform) => `${deps.publicUrl}/m?p=${platform}`,
      capture: (ask, platform) => `${deps.captureUrl(ask)}?p=${platform}`,
    },
    devicesOf: async (deal) =>
      deviceWords(await equipment.ofClient(deal.clientId, (one) => org.canSee(deal.ownerId, one))),
    visitCode: (dealId: DealId | string) => deps.visitCode(dealId),
    postDigests: (chat, of) => digestGroups.post(chat, of),
    isCounted: (platform) => adapters.get(platform)?.budget.perMonth !== undefined,
    onJoined: () => directory.settleSoon(),
    insights,
    clock,
    log,
  });
  const inbox = createInbox({
    connection,
    alone: deps.alone === true,
    handle: async (event) => {
      await digestGroups.heard(event);
      return conversation.handle(event);
    },
    onParked: (event) => conversation.onParked(event),
    answeredPassively: (key) => outbox.answeredPassively(key),
    noteHandle: (cardId, handle) => outbox.noteHandle(cardId, handle),
    clock,
    log,
  });
  inboxHolder.inbox = inbox;

  const inStep = (): Promise<void> =>
    keepGroups({
      org,
      makers: new Map(
        [...adapters].flatMap(([name, { ensureGroup }]) => (ensureGroup === undefined ? [] : [[name, ensureGroup]])),
      ),
      isForeign: isRobotChat,
      onMade: (group, chat) => outbox.enqueue([welcomeTo(group.name, chat)]),
      log,
    });
  const directory = createDirectorySync({
    org,
    adapters,
    deals,
    todos,
    cards,
    phoneKey: deps.phoneKey,
    keepGroups: inStep,
    enqueue: (messages) => outbox.enqueue(messages),
    today,
    clock,
    log,
  });

  return {
    relay,
    vault,
    org,
    calendar,
    words,
    deals,
    todos,
    verification,
    equipment,
    equipmentList,
    evidence,
    insights,
    conversation,
    sessions,
    inbox,
    outbox,
    usage,
    quotaDigest: (platform, month, week) => quotaDigest(notice, platform, month, week),
    adapters,
    callbacks,
    flows,
    makeMenu,
    keepGroups: inStep,
    directory,
    async takeOver() {
      // By the states in which a row can be taken: these have an index, and rows that are done stay for months.
      const taken: [string, object][] = [
        ['inbox', { state: 'new' }],
        ['outbox', { state: 'due' }],
        ['evidence', { state: { $in: ['waiting', 'verified'] } }],
      ];
      for (const [name, states] of taken) {
        await connection
          .collection(name)
          .updateMany({ ...states, leasedUntil: { $exists: true } }, { $unset: { leasedUntil: '' } });
      }
      await connection.collection('platform_token_claims').deleteMany({});
      await relay.sweep({ all: true });
    },
  };
}
