import { Agenda } from 'agenda';
import { MongoBackend } from '@agendajs/mongo-backend';
import { MongoClient } from 'mongodb';

/** A process of its own that works on the jobs of a test: `node agenda-worker.js URI DATABASE NAME LIFETIME_MS`. */
const [uri = '', database = '', name = '', lifetime = '10000'] = process.argv.slice(2);
const client = await MongoClient.connect(uri);
const db = client.db(database);
const agenda = new Agenda({
  backend: new MongoBackend({ mongo: db }),
  processEvery: 100,
  name,
  defaultLockLimit: 10,
  defaultConcurrency: 10,
});
agenda.on('error', (error: Error) => console.error(error));
agenda.define<{ n: number; hang?: string }>(
  'shared',
  async (job) => {
    await db.collection('done').insertOne({ n: job.attrs.data.n, by: name });
    // The one that is to be killed never ends.
    if (job.attrs.data.hang === name) await new Promise(() => setInterval(() => undefined, 1000));
    await job.remove();
  },
  { lockLifetime: Number(lifetime) },
);
await agenda.start();
process.send?.('ready');
process.once('SIGTERM', () => {
  void agenda
    .stop()
    .then(() => client.close())
    .then(() => process.exit(0));
});
