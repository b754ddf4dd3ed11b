import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import { buildApp } from './app.js';
import type { Config } from './config/index.js';
import { AppError, MovableClock, systemClock, type Log } from './core/index.js';
import { finishDemo, startDemo } from './demo.js';
import { captureTicket } from './evidence/index.js';
import { buildHouse, type House } from './house.js';
import { gauges, healthChecks } from './health.js';
import type { Jobs } from './jobs/index.js';
import { startSandbox, type SandboxHandle } from './sandbox/index.js';
import { buildJobs } from './schedules.js';
import { openStore, type Store } from './store/index.js';
import { createCaptures } from './captures.js';
import { phoneKey } from './phone-key.js';
import { createPictures, pictureTicket } from './pictures.js';
import { createVisitCodes, visitToken } from './visits.js';
import {
  createMongoSessionStore,
  createLooks,
  createPageBackend,
  createProofs,
  createReviewDesk,
  createSent,
  createUndelivered,
} from './web/index.js';

export interface Running {
  /** Where a newcomer goes: the sandbox's page, or the address of the server. */
  url: string;
  house: House;
  sandbox: SandboxHandle | null;
  clock: MovableClock;
  /** Stops in order: intake, work, jobs, messages, store. Everything acknowledged is kept. */
  stop(): Promise<void>;
}

/** Time a stop gives to what is in work. */
const STOP_MS = 8_000;

/** Starts everything, in the order of the data: address, store, platforms, rooms, server, jobs. */
export async function startTrailmark(config: Config, log: Log): Promise<Running> {
  const server = createServer();
  const address = await listen(server, config.host, config.port);
  const publicUrl = config.publicUrl === '' ? address : config.publicUrl;
  const opened: { stop: () => Promise<void> }[] = [{ stop: () => close(server) }];
  const undo = async (): Promise<void> => {
    for (const part of opened.reverse()) {
      // What failed is told by the start; one part that does not stop must not keep the others open.
      await part.stop().catch((error: unknown) => log.warn({ err: error }, 'not stopped'));
    }
  };
  try {
    await mkdir(config.dataDir, { recursive: true });
    const store = await openStore({ mongodbUri: config.mongodbUri, dataDir: join(config.dataDir, 'store'), log });
    opened.push({ stop: () => store.close() });
    const secret = await secretKey(config, store);

    const sandbox = config.sandbox ? await startSandbox({ dataDir: config.dataDir, log }) : null;
    if (sandbox !== null) opened.push({ stop: () => sandbox.stop() });
    const clock = new MovableClock(sandbox === null ? 0 : await clockOffset(sandbox));

    const metrics = new Registry();
    const calls = new Counter({
      name: 'trailmark_platform_calls_total',
      help: 'Calls of the platforms by API',
      labelNames: ['platform', 'api'],
      registers: [metrics],
    });
    const callbacks = new Counter({
      name: 'trailmark_platform_callbacks_total',
      help: 'Callbacks of the platforms by kind and by what became of them',
      labelNames: ['platform', 'kind', 'outcome'],
      registers: [metrics],
    });
    const house = await buildHouse({
      store,
      clock,
      log,
      zone: config.zone,
      ocrEngines: config.ocrEngines,
      asr: config.asr,
      // The demo's notices stand on no server, and trying it out calls nobody.
      fetchLinks: sandbox === null,
      wecom:
        sandbox === null
          ? config.wecom
          : {
              ...sandbox.wecom,
              aibotLink: null,
              groupRobots: {},
              accountLimit: 0,
              checkSource: false,
              moreApps: [],
              verifyFiles: {},
              // Somebody stands between, and passes the calls on.
              ...(config.wecomApiBase === '' ? {} : { apiBase: config.wecomApiBase }),
            },
      dingtalk:
        sandbox === null
          ? config.dingtalk && { ...config.dingtalk, callbackUrl: `${publicUrl}/callback/dingtalk` }
          : {
              ...sandbox.dingtalk,
              mode: config.dingtalkMode,
              callbackUrl: `${publicUrl}/callback/dingtalk`,
            },
      publicUrl,
      visitCode: (dealId) => `${publicUrl}/s/${visitToken(secret, dealId)}`,
      captureUrl: (ask) => `${publicUrl}/c/${captureTicket(secret, ask)}`,
      phoneKey: (mobile) => phoneKey(secret, mobile),
      meter: (platform, api) => calls.inc({ platform, api }),
      countCallback: (platform, kind, outcome) => callbacks.inc({ platform, kind, outcome }),
    });
    opened.push({ stop: () => house.evidence.close() });
    if (store.engine === 'embedded') await house.takeOver();
    const jobs = buildJobs(config, house, store, clock, log, {
      publicUrl,
      picture: (digestId) => `${publicUrl}/p/${pictureTicket(secret, digestId, clock.now())}`,
    });
    gauges(metrics, house, store);

    const proofs = createProofs({ ...house, secret, address: publicUrl.replace(/^https?:\/\//u, '') });
    const backend = createPageBackend({
      ...house,
      clock,
      printWatermark: (bytes, lines) => house.evidence.printCopy(bytes, [...lines]),
      proofs,
      looks: createLooks(store.connection),
    });
    const app = buildApp({
      callbacks: house.callbacks,
      trustedProxies: config.trustedProxies,
      verifyFiles: config.wecom?.verifyFiles ?? {},
      pages: {
        backend,
        reviews: createReviewDesk({ ...house, evidenceOf: backend.evidenceOf, clock }),
        undelivered: createUndelivered(house),
        sent: createSent(house),
        pictures: createPictures({ insights: house.insights, secret, clock }),
        proofs,
        visits: createVisitCodes({ house, secret, publicUrl, clock }),
        captures: createCaptures({ house, secret, clock }),
        sessions: createMongoSessionStore(store.connection),
        adapters: house.adapters,
        personByIdentity: (platform, userId) => Promise.resolve(house.org.personByIdentity(platform, userId) ?? null),
        publicUrl,
        sandbox: sandbox !== null,
        ...(sandbox === null && config.dingtalk !== null
          ? { dingtalk: { corpId: config.dingtalk.corpId, clientId: config.dingtalk.clientId } }
          : {}),
        clock: systemClock,
        log,
      },
      sandbox:
        sandbox === null
          ? null
          : {
              controlBase: sandbox.controlBase,
              publicUrl,
              moveClock: (move) => moveClock(move, { house, jobs, clock, sandbox }),
              places: () =>
                Promise.resolve(
                  house.org.clients().flatMap((client) =>
                    client.sites.map((site) => ({
                      name: client.name,
                      address: site.name,
                      lat: site.lat,
                      lng: site.lng,
                      datum: site.datum,
                    })),
                  ),
                ),
              log,
            },
      checks: healthChecks(store, house),
      metrics,
      log,
    });
    // Koa answers a request through its own promise; nothing is left to wait for here.
    server.on('request', app.callback() as RequestListener);

    if (sandbox !== null) await startDemo({ house, store, sandbox, clock, log, publicUrl });
    opened.push({ stop: () => house.relay.idle() }, house.outbox, house.verification, house.inbox);
    house.outbox.start();
    house.verification.start();
    for (const adapter of house.adapters.values()) {
      opened.push(adapter);
      await adapter.start();
    }
    await house.inbox.sweep();
    if (store.engine === 'embedded') await jobs.takeOver();
    opened.push(jobs);
    await jobs.start();
    // In the background: the first photo of the day is then no slower than the next.
    // A process that is not there to read keeps its workers cold until it has to.
    if (config.roles.has('ocr')) {
      house.evidence.warm().catch((error: unknown) => log.warn({ err: error }, 'evidence workers could not be warmed'));
    }
    const demo = sandbox === null ? Promise.resolve() : finishDemo({ house, store, sandbox, clock, log, publicUrl });

    return {
      url: address,
      house,
      sandbox,
      clock,
      async stop() {
        log.info('stopping');
        await Promise.race([
          Promise.all([demo, stopInOrder({ server, house, jobs, sandbox, store })]),
          timeout(STOP_MS),
        ]);
        log.info('stopped');
      },
    };
  } catch (error) {
    await undo();
    throw error;
  }
}

async function stopInOrder(parts: {
  server: Server;
  house: House;
  jobs: Jobs;
  sandbox: SandboxHandle | null;
  store: Store;
}): Promise<void> {
  const { house } = parts;
  await close(parts.server);
  for (const adapter of house.adapters.values()) await adapter.stop();
  await house.directory.stop();
  await house.inbox.stop();
  await parts.jobs.stop();
  await house.verification.stop();
  await house.outbox.stop();
  await house.relay.idle();
  await house.evidence.close();
  await parts.sandbox?.stop();
  await parts.store.close();
}

/** The sandbox's clock only goes forward; what would have run on the way runs, in order. */
async function moveClock(
  move: { byMs: number } | { toNext: 'workday' | 'morning' },
  parts: { house: House; jobs: Jobs; clock: MovableClock; sandbox: SandboxHandle },
): Promise<{ offsetMs: number }> {
  const { house, jobs, clock, sandbox } = parts;
  const from = clock.now();
  const { calendar } = house;
  const to =
    'byMs' in move
      ? new Date(from.getTime() + move.byMs)
      : calendar.nextWorkdayAt(from, move.toNext === 'morning' ? '09:00' : calendar.localTime(from));
  // The stand-ins' clock goes along step by step, so that a message carries the time at which it would have come.
  await jobs.runThrough(from, to, async (at) => {
    clock.moveTo(at);
    await fetch(`${sandbox.controlBase}/control/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ offsetMs: clock.offsetMs }),
    });
  });
  await house.outbox.sweep();
  return { offsetMs: clock.offsetMs };
}

async function clockOffset(sandbox: SandboxHandle): Promise<number> {
  const state = (await (await fetch(`${sandbox.controlBase}/control/state`)).json()) as { clock: { offsetMs: number } };
  return state.clock.offsetMs;
}

/** Signs tickets and codes. Kept in the store, so that every process and every restart has the same. */
async function secretKey(config: Config, store: Store): Promise<string> {
  if (config.secretKey !== '') return config.secretKey;
  const settings = store.connection.collection('settings');
  await settings.updateOne(
    { _id: 'secret-key' as never },
    { $setOnInsert: { value: randomBytes(32).toString('hex') } },
    { upsert: true },
  );
  return String((await settings.findOne({ _id: 'secret-key' as never }))?.['value']);
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError(
              'port.in_use',
              `port ${port} is in use: stop the other program, or choose another with PORT=…`,
              { cause: error },
            )
          : error,
      );
    });
    server.listen(port, host, () => {
      const { port: bound } = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // Event streams of open pages never end by themselves.
    setTimeout(() => server.closeAllConnections(), 500).unref();
  });
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
