import { Counter, Gauge, collectDefaultMetrics, type Registry } from 'prom-client';
import type { House } from './house.js';
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
  gauge('trailmark_outbox_due', 'Messages waiting', async () => (await house.outbox.counts()).due);
  gauge('trailmark_outbox_dead', 'Messages given up', async () => (await house.outbox.counts()).dead);
  gauge('trailmark_inbox_waiting', 'Events waiting', async () => (await house.inbox.counts()).waiting);
  gauge('trailmark_inbox_parked', 'Events given up', async () => (await house.inbox.counts()).dead);
  gauge('trailmark_verifications_waiting', 'Evidence waiting for its verdict', () => house.verification.queueLength());
  gauge('trailmark_store_bytes', 'Size of the store on disk', async () => (await storeStatus(store)).bytes);
  gauge(
    'trailmark_store_connections',
    'Connections open on the store',
    async () => (await storeStatus(store)).connections,
  );
  gauge('trailmark_store_waiting', 'Writes waiting for the disk', async () => (await storeStatus(store)).waiting);
}
