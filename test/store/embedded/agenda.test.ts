import test from 'ava';
import { Agenda } from 'agenda';
import { MongoBackend } from '@agendajs/mongo-backend';
import { MongoClient, type CommandStartedEvent, type Db } from 'mongodb';
import { needsOf } from '../../../scripts/record-commands/shape.js';
import { support } from '../../../src/store/embedded/support.js';
import { startStore } from './helpers.js';

async function agendaOn(db: Db): Promise<Agenda> {
  const agenda = new Agenda({
    backend: new MongoBackend({ mongo: db }),
    processEvery: 100,
    // Agenda keeps a timer of this length for a job that it ran, which keeps the process alive.
    defaultLockLifetime: 10_000,
  });
  await agenda.ready;
  return agenda;
}

test('saved jobs are there after the store was started anew', async (t) => {
  const first = await startStore(t);
  const before = await agendaOn(first.client.db('agenda'));
  before.define('kept', async () => undefined);
  await before
    .create('kept', { x: 1 })
    .schedule(new Date(Date.now() + 300))
    .save();
  await before.stop();
  await first.client.close();
  await first.store.stop();
  const second = await startStore(t, { dataDir: first.dataDir });
  const after = await agendaOn(second.client.db('agenda'));
  t.teardown(() => after.drain({ timeout: 5_000 }));
  const ran = new Promise<number>((resolve) => {
    after.define<{ x: number }>('kept', async (job) => resolve(job.attrs.data.x));
  });
  await after.start();
  t.is(await ran, 1);
});

test('every command that agenda sends is in the table, with every field and operator', async (t) => {
  const { store } = await startStore(t);
  const client = new MongoClient(store.uri, { monitorCommands: true });
  t.teardown(() => client.close());
  const sent: Record<string, unknown>[] = [];
  client.on('commandStarted', ({ command }: CommandStartedEvent) => sent.push(command));
  const agenda = await agendaOn(client.db('agenda'));
  const ran = new Promise<void>((resolve) => agenda.define('now', async () => resolve()));
  agenda.define('other', async () => undefined);
  await agenda.every('1 hour', 'other');
  await agenda
    .create('other', { key: 'a' })
    .unique({ 'data.key': 'a' })
    .schedule(new Date(Date.now() + 1e6))
    .save();
  const job = await agenda.schedule(new Date(Date.now() + 1e6), 'other', { n: 1 });
  job.attrs.priority = 10;
  await job.save();
  await agenda.start();
  await agenda.now('now', {});
  await ran;
  await agenda.queryJobs({ name: 'other', limit: 5, sort: { nextRunAt: 'asc' } });
  await agenda.getJobsOverview();
  await agenda.disable({ name: 'other' });
  await agenda.enable({ name: 'other' });
  await job.remove();
  await agenda.cancel({ name: 'other' });
  await agenda.purge();
  await agenda.drain({ timeout: 5_000 });

  const { commands, names } = support();
  const seen = new Set<string>();
  for (const command of sent) {
    for (const [kind, name] of needsOf(command).features) {
      seen.add(`${kind}: ${name}`);
      const [, of] = /^fields of (.*)$/.exec(kind) ?? [];
      if (kind === 'commands') t.true(commands.has(name), name);
      else if (of !== undefined)
        t.true([...commands.get(of)!, ...names['fields of every command']!].includes(name), `${of} ${name}`);
      else if (kind in names && name.startsWith('$')) t.true(names[kind]!.includes(name), `${kind} ${name}`);
    }
  }
  for (const one of ['commands: findAndModify', 'commands: createIndexes', 'query: $or', 'update: $set'])
    t.true(seen.has(one), one);
});
