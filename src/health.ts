import { Counter, Gauge, collectDefaultMetrics, type Registry } from 'prom-client';
import type { House } from './house.js';
import type { MonthUse } from './outbox/index.js';
import { storeStatus, type Store } from './store/index.js';
import type { HealthCheck } from './web/index.js';

/** What `/readyz` asks. */
export function healthChecks(store: Store, house: House): HealthCheck[] {
  return [
    {
      name: 'store',
      check: async () => {
        await store.connection.db?.command({ ping: 1 });
        return { ok: true, detail: store.engine };
      },
    },
    ...[...house.adapters].map(([name, adapter]) => ({
      name,
      check: () => {
        const { receiving, detail } = adapter.health();
        return Promise.resolve({ ok: receiving, detail });
      },
    })),
    {
      name: 'flows',
      check: () =>
        Promise.resolve({
          ok: true,
          detail: house.flows
            .list()
            .map((flow) => flow.hash)
            .join(' '),
        }),
    },
  ];
}

/** What `/metrics` tells of the process, the queues and the store. */
export function gauges(metrics: Registry, house: House, store: Store): void {
  collectDefaultMetrics({ register: metrics, prefix: 'trailmark_' });
  const commands = new Counter({
    name: 'trailmark_store_commands_total',
    help: 'Commands to the store',
    registers: [metrics],
  });
  // The driver takes a connection for each command; to count these costs nothing, unlike watching the commands.
  store.connection.getClient().on('connectionCheckedOut', () => commands.inc());
  const gauge = (name: string, help: string, read: () => Promise<number>): void => {
    new Gauge({
      name,
      help,
      registers: [metrics],
      async collect() {
        this.set(await read());
      },
    });
  };
  quotaGauges(metrics, house);
  gauge('trailmark_outbox_due', 'Messages waiting', async () => (await house.outbox.counts()).due);
  gauge('trailmark_outbox_dead', 'Messages given up', async () => (await house.outbox.counts()).dead);
  gauge('trailmark_inbox_waiting', 'Events waiting', async () => (await house.inbox.counts()).waiting);
  gauge('trailmark_inbox_parked', 'Events given up', async () => (await house.inbox.counts()).dead);
  gauge('trailmark_effects_put_aside', 'Consequences that nothing takes', () => house.relay.putAside());
  gauge('trailmark_verifications_waiting', 'Evidence waiting for its verdict', () => house.verification.queueLength());
  gauge('trailmark_store_bytes', 'Size of the store on disk', async () => (await storeStatus(store)).bytes);
  gauge(
    'trailmark_store_connections',
    'Connections open on the store',
    async () => (await storeStatus(store)).connections,
  );
  gauge('trailmark_store_waiting', 'Writes waiting for the disk', async () => (await storeStatus(store)).waiting);
}

/** How far the month's budgets of the platforms are spent, what for, and where that ends. */
function quotaGauges(metrics: Registry, house: House): void {
  const labelNames = ['platform', 'budget'];
  const each = (read: (use: MonthUse, labels: Record<string, string>) => void): void => {
    for (const platform of house.adapters.keys()) {
      const month = house.usage.month(platform);
      if (month === null) continue;
      read(month.calls, { platform, budget: 'calls' });
      if (month.pushes !== null) read(month.pushes, { platform, budget: 'pushes' });
    }
  };
  const registers = [metrics];
  new Gauge({
    name: 'trailmark_quota_used',
    help: 'Calls and pushes of this month by purpose',
    labelNames: [...labelNames, 'purpose'],
    registers,
    collect() {
      each((use, labels) => {
        for (const [purpose, count] of Object.entries(use.byUse)) this.set({ ...labels, purpose }, count);
      });
    },
  });
  new Gauge({
    name: 'trailmark_quota_limit',
    help: 'Calls and pushes a month that the edition allows',
    labelNames,
    registers,
    collect() {
      each((use, labels) => this.set(labels, use.limit));
    },
  });
  new Gauge({
    name: 'trailmark_quota_forecast',
    help: 'Calls and pushes foreseen at the end of the month',
    labelNames,
    registers,
    collect() {
      each((use, labels) => this.set(labels, use.forecast));
    },
  });
}
