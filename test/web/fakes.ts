import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { urlToHttpOptions } from 'node:url';
import Koa from 'koa';
import type Router from '@koa/router';
import type { ExecutionContext } from 'ava';
import { asId, FixedClock, NotAllowedError, NotFoundError, silentLog, type PersonId } from '../../src/core/index.js';
import type { PageBackend, Viewer } from '../../src/web/backend.js';
import { createPageRoutes, type PageRouteDeps } from '../../src/web/routes/pages.js';
import { MemorySessionStore } from '../../src/web/sessions.js';

export interface Listening {
  base: string;
  port: number;
}

async function listen(t: ExecutionContext, server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { base: `http://127.0.0.1:${port}`, port };
}

export async function serveRoutes(t: ExecutionContext, ...routers: Router[]): Promise<Listening> {
  const app = new Koa();
  app.silent = true;
  for (const router of routers) app.use(router.routes());
  return await listen(t, createServer(app.callback()));
}

export async function serveControl(
  t: ExecutionContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
): Promise<Listening> {
  return await listen(
    t,
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => answer(request, response, Buffer.concat(chunks)));
    }),
  );
}

/** A folder with the one page, so that these tests need no built pages. */
export async function uiFolder(t: ExecutionContext): Promise<string> {
  const around = await mkdtemp(join(tmpdir(), 'trailmark-ui-'));
  const folder = join(around, 'ui');
  await mkdir(folder);
  await writeFile(join(around, 'outside.js'), 'secret');
  await writeFile(join(folder, 'index.html'), '<!doctype html><div id="app"></div>');
  await writeFile(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  t.teardown(async () => {
    await rm(around, { recursive: true });
  });
  return folder;
}

export const REP = asId<PersonId>('person_rep');

/** One deal and one evidence, both of the rep; whoever else asks is refused. */
export function fakeBackend(picture: { bytes: Uint8Array; mime: string; name?: string }): PageBackend & {
  seen: string[];
} {
  const seen: string[] = [];
  const only = (viewer: Viewer, what: string, id: string, known: string): void => {
    seen.push(`${viewer.personId} ${what} ${id}`);
    if (id !== known) throw new NotFoundError(`${what}.unknown`, `no ${what} ${id}`);
    if (viewer.personId !== REP) throw new NotAllowedError(`${what}.out_of_scope`, 'not in scope');
  };
  const view = <T>(value: unknown): Promise<T> => Promise.resolve(value as T);
  return {
    seen,
    home: (viewer) => view({ kind: 'rep', me: { id: viewer.personId } }),
    digest: (_viewer, id) => view({ id }),
    figure: (_viewer, digestId, id) => view({ digestId, figure: { id } }),
    async deal(viewer, id) {
      only(viewer, 'deal', id, 'deal_1');
      return await view({ id });
    },
    async evidence(viewer, id) {
      only(viewer, 'evidence', id, 'evidence_1');
      return await view({ id });
    },
    async correctNameplate(viewer, id) {
      only(viewer, 'nameplate', id, 'evidence_1');
      return await view({ text: '' });
    },
    async picture(viewer, id, which) {
      only(viewer, `picture-${which}`, id, 'evidence_1');
      return await Promise.resolve(picture);
    },
  };
}

export interface PageWorld extends Listening {
  clock: FixedClock;
  store: MemorySessionStore;
  backend: ReturnType<typeof fakeBackend>;
  /** Codes that the platform would redeem, and whom they stand for. */
  codes: Map<string, string>;
}

export async function servePages(t: ExecutionContext, change: Partial<PageRouteDeps> = {}): Promise<PageWorld> {
  const clock = new FixedClock('2026-09-01T01:00:00Z');
  const store = new MemorySessionStore();
  const backend = fakeBackend({ bytes: Buffer.from('%PDF-1.7'), mime: 'application/pdf', name: '方案.pdf' });
  const codes = new Map([
    ['code-rep', 'rep'],
    ['code-stranger', 'stranger'],
    ['code-chief', 'chief'],
  ]);
  const adapter = {
    loginUrl: (redirectUri: string, state: string) =>
      `https://platform.example/authorize?${new URLSearchParams({ redirect_uri: redirectUri, state }).toString()}`,
    login(code: string) {
      const userId = codes.get(code);
      codes.delete(code);
      return userId === undefined ? Promise.reject(new Error('used')) : Promise.resolve({ userId });
    },
  };
  const people: Record<string, PersonId> = { rep: REP, chief: asId<PersonId>('person_chief') };
  const routes = createPageRoutes({
    backend,
    visits: { open: () => Promise.reject(new NotFoundError('visit.unknown', 'no such visit')) } as never,
    adapters: new Map([['wecom', adapter]]),
    personByIdentity(_platform, userId) {
      const id = people[userId];
      return Promise.resolve(id === undefined ? null : { id });
    },
    sessions: store,
    clock,
    log: silentLog,
    publicUrl: 'https://sales.example.com',
    sandbox: false,
    uiDir: await uiFolder(t),
    ...change,
  });
  return { ...(await serveRoutes(t, routes)), clock, store, backend, codes };
}

export const get = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { headers, redirect: 'manual' });

/** As a client sends it: `fetch` tidies paths and refuses a Host header of its own. */
export function rawGet(
  base: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    request({ ...urlToHttpOptions(new URL(base)), path, headers }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
    })
      .on('error', reject)
      .end();
  });
}

/** `name=value` of the cookies that an answer sets. */
export const cookiesOf = (response: Response): string[] =>
  response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');

/** Goes through the whole login and gives the session cookie. */
export async function logIn(world: PageWorld, code: string, to = '/m'): Promise<{ cookie: string; landed: string }> {
  const begun = await get(`${world.base}/login/wecom?to=${encodeURIComponent(to)}`);
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const done = await get(`${world.base}/login/wecom/done?code=${code}&state=${state}`, {
    cookie: cookiesOf(begun).join('; '),
  });
  const session = cookiesOf(done).find((cookie) => /^(__Host-)?trailmark=/.test(cookie)) ?? '';
  return { cookie: session, landed: done.headers.get('location') ?? '' };
}
