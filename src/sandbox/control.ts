import { z } from 'zod';
import { errorText } from '../core/index.js';
import { checkConfig } from './dingtalk/pages.js';
import type { DingtalkStandIn } from './dingtalk/server.js';
import { type Call, listen, type Listening, redirect, type Reply, Router } from './http.js';
import { isHttp } from './identity.js';
import { actionOf, BadRequest, body } from './phone-actions.js';
import type { Drawer } from './samples/drawer.js';
import type { SampleParams } from './samples/index.js';
import { type Faults, PLATFORMS, type PlatformName } from './types.js';
import { checkPage } from './wecom/pages.js';
import type { WecomStandIn } from './wecom/server.js';
import { userIdOf, type World, type WorldEvent } from './world.js';

/** The hand that holds the phones: what the page and the tests do, none of it part of a vendor's protocol. */

export interface ControlParts {
  world: World;
  wecom: WecomStandIn;
  dingtalk: DingtalkStandIn;
  drawer: Drawer;
}

const text = z.string();
const person = z.object({
  id: text.min(1),
  name: text.min(1),
  title: text,
  region: text.optional(),
  team: text.optional(),
  superiorId: text.optional(),
  wecomUserId: text.optional(),
  dingtalkUserId: text.optional(),
  dingtalkMobile: text.optional(),
});
const group = z.object({
  id: text.min(1),
  name: text.min(1),
  memberIds: z.array(text),
  wecomChatId: text.optional(),
  wecomForeign: z.boolean().optional(),
  wecomRobotKey: text.optional(),
  dingtalkConversationId: text.optional(),
});
const directory = z.object({ people: z.array(person), groups: z.array(group) });
const faults = z.strictObject({
  down: z.union([z.boolean(), z.literal('503')]).optional(),
  slowMs: z.number().min(0).max(600_000).optional(),
  failRate: z.number().min(0).max(1).optional(),
  timeoutAfterAccept: z.boolean().optional(),
  duplicateCallbacks: z.number().int().min(0).max(50).optional(),
  silentDrop: z.boolean().optional(),
  limit: z.boolean().optional(),
  refusals: z.record(text, z.object({ status: z.number().int().optional(), json: z.unknown() })).optional(),
  clockSkewMs: z.number().optional(),
  disconnectStream: z.union([z.boolean(), z.literal('cut')]).optional(),
  cutBot: z.boolean().optional(),
  quota: z.boolean().optional(),
  missingScopes: z.array(text).optional(),
  flowControlled: z.array(text).optional(),
});
const faultSet = z.strictObject({ wecom: faults.optional(), dingtalk: faults.optional() });
const pageClaim = z.object({
  url: text.min(1),
  as: z.enum(['company', 'app']),
  corpId: text,
  agentId: z.coerce.string(),
  timestamp: z.coerce.string(),
  nonceStr: text,
  signature: text,
});
const pageConfig = z.object({
  url: text.min(1),
  agentId: text,
  corpId: text,
  timeStamp: z.coerce.string(),
  nonceStr: text,
  signature: text,
  type: z.number().optional(),
  jsApiList: z.array(text).min(1),
});

export async function startControl(parts: ControlParts): Promise<Listening> {
  const router = new Router();
  const { world } = parts;
  const sent = new Map<
    PlatformName,
    { replay(): Promise<{ status: number }>; forge(how: string): Promise<{ status: number } | undefined> }
  >([
    ['wecom', parts.wecom.sender],
    [
      'dingtalk',
      {
        replay: () => pushes(parts).replay(),
        forge: (how: string) => pushes(parts).forge(how),
      },
    ],
  ]);
  router.on('PUT /control/directory', (call) => {
    const before = world.directory;
    world.setDirectory(body(call, directory));
    parts.wecom.contacts.changed(before, world.directory);
    parts.dingtalk.phone.directoryChanged(before);
    parts.dingtalk.state.groupsChanged();
    return { json: { ok: true } };
  });
  router.on('PUT /control/wecom/callback', async (call) => {
    const { url, door } = body(
      call,
      z.object({ url: text, door: z.enum(['app', 'contacts', 'aibot']).default('app') }),
    );
    if (!isHttp(url)) throw new BadRequest('url is no http address');
    const { sender, contacts, aibot } = parts.wecom;
    return { json: await { app: sender, contacts: contacts.sender, aibot: aibot.sender }[door].verify(url) };
  });
  router.on('PUT /control/dingtalk/callback', async (call) => {
    const { url } = body(call, z.object({ url: text.nullable() }));
    if (url !== null && !isHttp(url)) throw new BadRequest('url is no http address');
    return { json: await parts.dingtalk.door.save(url) };
  });
  // As somebody takes the robot out of a group, puts it back, or ends the group.
  router.on('PUT /control/dingtalk/group', (call) => {
    const wanted = z.object({ chatId: text.min(1), robot: z.enum(['in', 'out', 'disbanded']) });
    const { chatId, robot } = body(call, wanted);
    if (!parts.dingtalk.state.placeRobot(chatId, robot)) throw new BadRequest(`no group ${chatId}`);
    return { json: { ok: true } };
  });
  router.on('PUT /control/dingtalk/group-robot', (call) => {
    const { chatId } = body(call, z.object({ chatId: text.min(1) }));
    return { json: parts.dingtalk.state.addGroupRobot(chatId) };
  });
  // Any of the events that can be ticked in the console and that no phone brings about here.
  router.on('POST /control/dingtalk/event', async (call) => {
    const { type, data } = body(call, z.object({ type: text.min(1), data: z.record(text, z.unknown()) }));
    return { json: await parts.dingtalk.phone.event(type, data) };
  });
  router.on('PUT /control/dingtalk/edition', (call) => {
    const { edition } = body(call, z.object({ edition: z.enum(['standard', 'pro']) }));
    parts.dingtalk.state.setEdition(edition);
    return { json: { ok: true } };
  });
  router.on('GET /control/state', () => ({ json: stateOf(parts) }));
  router.on('GET /control/events', () => events(world));
  router.on('GET /control/traffic', (call) => {
    const limit = Number(call.query.get('limit') ?? '200');
    return { json: world.traffic.slice(-Math.max(1, Number.isFinite(limit) ? limit : 200)) };
  });
  router.on('GET /control/media/:id', (call) => media(world, call));
  router.on('GET /control/open', (call) => open(parts, call));
  router.on('POST /control/clock', (call) => {
    world.moveClock(body(call, z.object({ offsetMs: z.number() })).offsetMs);
    return { json: { ok: true, offsetMs: world.clockOffsetMs } };
  });
  router.on('PUT /control/faults', (call) => {
    const wanted = body(call, faultSet);
    for (const platform of PLATFORMS) {
      const set: Faults | undefined = wanted[platform];
      if (set !== undefined) setFaults(parts, platform, set);
    }
    return { json: world.faults };
  });
  router.on('POST /control/tokens/expire', (call) => {
    const { platform } = body(call, z.object({ platform: z.enum(PLATFORMS) }));
    parts[platform].state.expireTokens();
    return { json: { ok: true } };
  });
  router.on('POST /control/callbacks/replay', async (call) => {
    const { platform } = body(call, z.object({ platform: z.enum(PLATFORMS) }));
    return { json: await sent.get(platform)?.replay() };
  });
  router.on('POST /control/callbacks/forge', async (call) => {
    const { platform, how } = body(call, z.object({ platform: z.enum(PLATFORMS), how: text }));
    const done = await sent.get(platform)?.forge(how);
    if (done === undefined) throw new BadRequest(`how is one of signature, receiveid, old, garbage`);
    return { json: done };
  });
  // What the client on a phone checks when a page of ours wants its camera, position and scanner.
  router.on('POST /control/pages/wecom', (call) => ({ json: checkPage(parts.wecom.state, body(call, pageClaim)) }));
  router.on('POST /control/pages/dingtalk', (call) => ({
    json: checkConfig(parts.dingtalk.state, body(call, pageConfig)),
  }));
  router.on('GET /control/samples', async () => ({ json: (await samples()).sampleNames() }));
  router.on('GET /control/samples/:name', (call) => sample(parts, call));
  router.on('POST /control/phones/:platform/:userId/:action', (call) => act(parts, call));
  return listen((call) => guarded(router, call));
}

/** Of the mode that DingTalk's console is set to. */
const pushes = ({ dingtalk }: ControlParts) =>
  dingtalk.state.data.callbackUrl === undefined ? dingtalk.gateway : dingtalk.door;

async function guarded(router: Router, call: Call): Promise<Reply> {
  // Only programs and pages of this machine: a web page from elsewhere may not reach in through the browser.
  const { host, origin } = call.headers;
  if (!isLoopback(`http://${host ?? ''}`) || (origin !== undefined && !isLoopback(origin))) return { status: 403 };
  const { handler, params, known } = router.find(call.method, call.path);
  if (handler === undefined) return { status: known ? 405 : 404, json: { error: 'no such control' } };
  call.params = params;
  try {
    return await handler(call);
  } catch (error) {
    if (error instanceof BadRequest) return { status: 400, json: { accepted: false, reason: error.message } };
    return { status: 500, json: { error: errorText(error) } };
  }
}

function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(address).hostname);
}

function stateOf({ world, wecom, dingtalk }: ControlParts): Record<string, unknown> {
  return {
    clock: { offsetMs: world.clockOffsetMs, now: world.clock.now().toISOString() },
    faults: world.faults,
    people: world.directory.people,
    groups: world.directory.groups,
    phones: world.phones(),
    wecom: { callbackUrl: wecom.state.data.callbackUrl ?? null, menu: wecom.state.data.menu ?? null },
    dingtalk: {
      connections: dingtalk.gateway.connections,
      callbackUrl: dingtalk.state.data.callbackUrl ?? null,
      quota: dingtalk.state.quota(),
    },
  };
}

function setFaults(parts: ControlParts, platform: PlatformName, set: Faults): void {
  const { disconnectStream, cutBot, ...lasting } = set;
  parts.world.setFaults(platform, lasting);
  // A disconnection is a moment, not a condition.
  if (platform === 'wecom' && cutBot === true) parts.wecom.links.cut();
  if (platform === 'dingtalk' && disconnectStream !== undefined && disconnectStream !== false) {
    parts.dingtalk.gateway.disconnectAll(disconnectStream === 'cut' ? 'cut' : 'connection is expired');
  }
}

function events(world: World): Reply {
  return {
    stream: (response) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      response.write(': open\n\n');
      const stop = world.watch((event: WorldEvent) => {
        const { type, ...data } = event;
        response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
      });
      const beat = setInterval(() => response.write(': beat\n\n'), 15_000);
      response.on('close', () => {
        clearInterval(beat);
        stop();
      });
    },
  };
}

async function media(world: World, call: Call): Promise<Reply> {
  const found = world.media.byId(call.params.id ?? '');
  if (found === undefined) return { status: 404, json: { error: 'no such file' } };
  // Bytes that somebody sent are shown, never run.
  const headers = {
    'content-type': found.contentType.startsWith('image/') ? found.contentType : 'application/octet-stream',
    'content-disposition': `${found.contentType.startsWith('image/') ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(found.name)}`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=86400',
  };
  return { body: await world.media.read(found), headers };
}

/** Opens an address as a phone's own browser would: the platform's pages then know who it is. */
function open(parts: ControlParts, call: Call): Reply {
  const platform = platformOf(call.query.get('platform') ?? '');
  const url = call.query.get('url') ?? '';
  if (!isHttp(url)) throw new BadRequest('url is no http address');
  const query = new URLSearchParams({ user: call.query.get('userId') ?? '', url });
  return redirect(`${parts[platform].listening.base}/sandbox/identity?${query.toString()}`);
}

/** Drawing and document libraries are heavy: loaded when the first sample is asked for. */
const samples = () => import('./samples/index.js');

async function sample({ world, drawer }: ControlParts, call: Call): Promise<Reply> {
  const { query } = call;
  const number = (name: string): number | undefined => {
    const value = query.get(name);
    return value === null || value === '' || !Number.isFinite(Number(value)) ? undefined : Number(value);
  };
  const at = query.get('at');
  const moment = at === null ? world.clock.now() : new Date(at);
  if (Number.isNaN(moment.getTime())) throw new BadRequest('at is no instant');
  const plate = query.get('plate');
  const params: SampleParams = {
    at: moment,
    zone: query.get('zone') ?? 'Asia/Shanghai',
    clientName: query.get('clientName') ?? '示例医院',
    ...(plate === null ? {} : { plate }),
    ...Object.fromEntries(
      ['lat', 'lng', 'seed'].flatMap((name) => (number(name) === undefined ? [] : [[name, number(name)]])),
    ),
  };
  try {
    const { bytes, name, mime } = await drawer.draw(call.params.name ?? '', params);
    return {
      body: bytes,
      headers: { 'content-type': mime, 'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}` },
    };
  } catch (error) {
    throw new BadRequest(errorText(error));
  }
}

function platformOf(name: string): PlatformName {
  const platform = PLATFORMS.find((known) => known === name);
  if (platform === undefined) throw new BadRequest(`no platform ${name}`);
  return platform;
}

async function act(parts: ControlParts, call: Call): Promise<Reply> {
  const platform = platformOf(call.params.platform ?? '');
  const asked = call.params.userId ?? '';
  const person = parts.world.person(platform, asked);
  const userId = person === undefined ? undefined : userIdOf(platform, person);
  if (userId === undefined) throw new BadRequest(`nobody is ${asked} on ${platform}`);
  const result = await parts[platform].phone.act(userId, actionOf(call));
  return { status: result.accepted ? 200 : 409, json: result };
}
