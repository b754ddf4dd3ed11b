import type { Log, MovableClock } from './core/index.js';
import type { House } from './house.js';
import { addDemoEvidence, seedDemoDeals } from './demo-deals.js';
import { demoCompany, type Person } from './org/index.js';
import type { SandboxHandle } from './sandbox/index.js';
import type { Store } from './store/index.js';

export interface DemoDeps {
  house: House;
  store: Store;
  sandbox: SandboxHandle;
  clock: MovableClock;
  log: Log;
  publicUrl: string;
}

/**
 * The sandbox's company: its people on both platforms, its groups, its deals. Made once; taken away by
 * `npm run demo -- remove`, after which it does not come back.
 */
export async function startDemo(deps: DemoDeps): Promise<void> {
  const { house, store } = deps;
  const settings = store.connection.collection('settings');
  const mark = await settings.findOne({ _id: 'demo' as never });
  if (mark === null) {
    await house.org.save(demoCompany);
    const seededAt = deps.clock.now();
    await seedDemoDeals({ house, now: seededAt });
    await settings.updateOne({ _id: 'demo' as never }, { $set: { seededAt } }, { upsert: true });
  }
  await tellSandbox(deps);
}

/** After the start: the pictures of the demo company's past. */
export async function finishDemo({ house, store, sandbox, log }: DemoDeps): Promise<void> {
  const mark = await store.connection.collection('settings').findOne({ _id: 'demo' as never });
  if (!(mark?.['seededAt'] instanceof Date) || mark['removedAt'] !== undefined) return;
  try {
    await addDemoEvidence({ house, store, now: mark['seededAt'] }, sandbox.controlBase);
  } catch (error) {
    log.warn({ err: error }, 'demo pictures are not complete; the next start goes on');
  }
}

/** The stand-ins' side of the company: their directory, the callback address as in the console, the group chats. */
async function tellSandbox({ house, sandbox, publicUrl, log }: DemoDeps): Promise<void> {
  const { org } = house;
  const userId = (id: string, platform: 'wecom' | 'dingtalk'): string | undefined =>
    org.person(id)?.identities.find((identity) => identity.platform === platform)?.userId;
  const put = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${sandbox.controlBase}/control/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  await put('directory', {
    people: inDemoOrder(org.people()).map((person) => ({
      id: person.id,
      name: person.name,
      title: person.title,
      region: org.region(person.regionId ?? org.team(person.teamId ?? '')?.regionId ?? '')?.name,
      team: org.team(person.teamId ?? '')?.name,
      superiorId: (person.role === 'rep' ? org.supervisorOf(person.id) : org.directorOf(person.id))?.id,
      wecomUserId: userId(person.id, 'wecom'),
      dingtalkUserId: userId(person.id, 'dingtalk'),
    })),
    groups: org.groups().map((group) => ({
      id: group.id,
      name: group.name,
      memberIds: group.memberIds,
      dingtalkConversationId: group.chats.find((chat) => chat.platform === 'dingtalk')?.chatId,
    })),
  });
  const { agentId } = sandbox.wecom;
  const saved = await put('wecom/callback', { url: `${publicUrl}/callback/wecom/${agentId}` });
  if (saved['ok'] !== true) log.error({ reason: saved['reason'] }, 'the sandbox could not verify the callback address');
  const contacts = await put('wecom/callback', { url: `${publicUrl}/callback/wecom/contacts`, door: 'contacts' });
  if (contacts['ok'] !== true) log.error({ reason: contacts['reason'] }, 'the directory callback was not verified');
  const bot = await put('wecom/callback', { url: `${publicUrl}/callback/wecom/aibot`, door: 'aibot' });
  if (bot['ok'] !== true) log.error({ reason: bot['reason'] }, 'the bot’s callback was not verified');
  const byHttp = house.callbacks.dingtalk !== undefined;
  const ding = await put('dingtalk/callback', { url: byHttp ? `${publicUrl}/callback/dingtalk` : null });
  if (ding['ok'] !== true) log.error({ reason: ding['reason'] }, 'the sandbox could not verify the callback address');
  await house.makeMenu();
  await house.keepGroups();
}

/** As the company lists them, then everybody else. */
function inDemoOrder(people: readonly Person[]): Person[] {
  const order = new Map(demoCompany.people.map((person, n) => [person.id, n]));
  return [...people].sort((a, b) => (order.get(a.id) ?? order.size) - (order.get(b.id) ?? order.size));
}
