import { join } from 'node:path';
import { loadCards } from './cards/index.js';
import type { Config } from './config/index.js';
import { projectRoot, type Log, type MovableClock } from './core/index.js';
import { forgetFiles, forgetStrays } from './deals/index.js';
import type { House } from './house.js';
import { createDigestTick, createJobs, createNudgeTick, createQuotaDigestTick } from './jobs/index.js';
import { isRobotChat } from './open-platforms.js';
import type { PlatformName } from './platforms/contract.js';
import type { Store } from './store/index.js';

/** All that happens by the clock: nudges, digests, retention and expiry on the durable schedule, sweeps on light ticks. */
export function buildJobs(
  config: Config,
  house: House,
  store: Store,
  clock: MovableClock,
  log: Log,
  { publicUrl, picture }: { publicUrl: string; picture: (digestId: string) => string },
) {
  const cards = loadCards(join(projectRoot, 'cards'));
  const platforms = [...house.adapters.keys()];
  const at = (path: string, platform?: PlatformName): string =>
    `${publicUrl}${path}${platform === undefined ? '' : `?p=${platform}`}`;
  const shared = {
    insights: house.insights,
    org: house.org,
    calendar: house.calendar,
    cards,
    enqueue: (messages: Parameters<House['outbox']['enqueue']>[0]) => house.outbox.enqueue(messages),
  };
  // A sweep may take as long as its work does; the tick only sees that one is under way.
  const light = (name: string, cron: string, run: () => Promise<unknown>) => ({
    name,
    cron,
    run: () => {
      run().catch((error: unknown) => log.error({ err: error, tick: name }, 'sweep failed'));
      return Promise.resolve();
    },
  });
  return createJobs({
    connection: store.connection,
    calendar: house.calendar,
    clock,
    log,
    ticks: config.roles.has('worker')
      ? [
          createNudgeTick({
            ...shared,
            flows: () => house.flows.list(),
            takenOn: async (repId) => (await house.sessions.peek(repId))?.taken ?? [],
            pages: { deal: (id) => at(`/m/deals/${id}`), trail: () => at('/m') },
          }),
          createDigestTick({
            ...shared,
            platforms,
            takesPictures: ({ platform, chatId }) => {
              const pictures = house.adapters.get(platform)?.capabilities.groupPictures;
              return (isRobotChat(chatId) ? pictures?.robots : pictures?.own) ?? false;
            },
            pages: {
              digest: (id, platform) => at(`/m/digest/${id}`, platform),
              figure: (id, figure, platform) => at(`/m/figure/${id}/${figure}`, platform),
              picture,
            },
          }),
          createQuotaDigestTick({
            ...shared,
            platforms,
            monthOf: (platform) => house.usage.month(platform),
            digest: (...month) => house.quotaDigest(...month),
          }),
          {
            name: 'retention',
            cron: '40 2 * * *',
            run: async (now) => {
              const deps = { connection: store.connection, vault: house.vault, log };
              await forgetFiles(deps, config.retention, now);
              await forgetStrays(deps, await house.sessions.keptFiles(), now);
            },
          },
          { name: 'directory', cron: '20 3 * * *', run: () => house.directory.all() },
          { name: 'exemption-expiry', cron: '30 8 * * *', run: (now) => expireExemptions(house, now) },
        ]
      : [],
    light: [
      light('inbox-sweep', '*/5 * * * * *', () => house.inbox.sweep()),
      light('outbox-sweep', '*/5 * * * * *', () => house.outbox.sweep()),
      light('verification-sweep', '*/5 * * * * *', () => house.verification.sweep()),
      light('relay-sweep', '*/10 * * * * *', () => house.relay.sweep()),
      // People join, leave and move; what is in step costs no call.
      light('groups', '17 * * * *', () => house.keepGroups()),
      // Another process may have changed people or teams.
      light('org-reload', '* * * * *', () => house.org.reload()),
    ],
  });
}

/** Deals in which nothing happens still lose an exemption on its day; everywhere else the next command sees to it. */
async function expireExemptions(house: House, now: Date): Promise<void> {
  for (const deal of await house.deals.find({ status: 'open' }, 10_000)) {
    const items = Object.values(deal.visits.at(-1)?.items ?? {});
    if (!items.some((item) => item.exemption !== undefined && item.exemption.expiresAt <= now)) continue;
    await house.deals.expireExemptions({
      key: `exemption-expiry:${deal._id}:${house.calendar.localDate(now)}`,
      dealId: deal._id,
      platform: deal.card?.platform ?? 'wecom',
    });
  }
}
