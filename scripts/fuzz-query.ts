import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Long, MongoClient, type Collection, type Document } from 'mongodb';
import { startEmbeddedStore } from '../src/store/embedded/index.js';
import { Random } from './shared/random.js';

/** `npm run fuzz:query -- [--queries N] [--seed N]`: what an index plan finds against what a full scan finds. */

/** Random documents, queries, sorts and indexes. */
class Fuzz extends Random {
  scalar(): unknown {
    switch (this.int(12)) {
      case 0:
        return null;
      case 1:
        return this.next() < 0.5;
      case 2:
        return new Date(this.int(5) * 1000);
      case 3:
      case 4:
        return this.pick(['a', 'ab', 'abc', 'b', 'B', '', '𠮷', '留痕', 'a'.repeat(300)]);
      case 5:
        return this.int(8) + 0.5;
      case 6:
        return Long.fromString(this.pick(['9007199254740992', '9007199254740993', '9007199254740994', '3']));
      case 7:
        return { x: this.int(3), y: this.pick(['a', 'b']) };
      default:
        return this.int(8);
    }
  }

  value(): unknown {
    const kind = this.next();
    if (kind < 0.15) return Array.from({ length: this.int(4) }, () => this.scalar());
    if (kind < 0.18) return [[this.scalar()], this.scalar()];
    return this.scalar();
  }

  doc(_id: number): Document {
    const doc: Document = { _id };
    for (const name of ['a', 'b', 'c']) if (this.next() < 0.8) doc[name] = this.value();
    const s = this.next();
    if (s < 0.5) doc['s'] = { x: this.scalar(), y: this.scalar() };
    else if (s < 0.7)
      doc['s'] = Array.from({ length: this.int(3) }, () =>
        this.next() < 0.8 ? { x: this.scalar(), y: this.int(3) } : this.scalar(),
      );
    else if (s < 0.8) doc['s'] = this.scalar();
    return doc;
  }

  path(): string {
    return this.pick(['a', 'b', 'c', 's.x', 's.y', '_id', 's.0.x', 'a.0', 's']);
  }

  condition(): unknown {
    switch (this.int(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.scalar();
      case 4:
      case 5:
        return { [this.pick(['$gt', '$gte'])]: this.scalar(), [this.pick(['$lt', '$lte'])]: this.scalar() };
      case 6:
      case 7:
        return { [this.pick(['$gt', '$gte', '$lt', '$lte'])]: this.scalar() };
      case 8:
      case 9:
        return { $in: Array.from({ length: this.int(4) }, () => this.scalar()) };
      case 10:
        return { $ne: this.scalar() };
      case 11:
        return { $exists: this.next() < 0.5 };
      case 12:
        return {
          $regex: this.pick(['^a', '^ab', '^b', 'b', '^a.c', '^', '^ab*', '^a|b']),
          $options: this.pick(['', '', 'i']),
        };
      case 13:
        return { $elemMatch: this.next() < 0.5 ? { $gte: this.int(4), $lt: 4 + this.int(4) } : { x: this.scalar() } };
      case 14:
        return this.value();
      default:
        return { $not: { [this.pick(['$gt', '$lt', '$eq'])]: this.scalar() } };
    }
  }

  query(): Document {
    const clauses = Array.from({ length: 1 + this.int(3) }, () => ({ [this.path()]: this.condition() }));
    const kind = this.next();
    if (kind < 0.15 && clauses.length > 1) return { $or: clauses };
    if (kind < 0.25 && clauses.length > 1) return { $and: [{ $or: clauses }, { [this.path()]: this.condition() }] };
    if (kind < 0.3 && clauses.length > 1) return { [this.path()]: this.condition(), $or: clauses };
    if (kind < 0.4) return { $and: clauses };
    return Object.assign({}, ...clauses) as Document;
  }

  sort(): Document {
    const sort: Document = {};
    const fields = this.int(3);
    for (let i = 0; i < fields; i++) sort[this.pick(['a', 'b', 'c', 's.x'])] = this.pick([1, -1]);
    return { ...sort, _id: this.pick([1, -1]) };
  }

  index(): { key: Document; options: Document } {
    const key: Document = {};
    for (let i = 0; i < 1 + this.int(3); i++) key[this.pick(['a', 'b', 'c', 's.x', 's.y', 'a.0'])] = this.pick([1, -1]);
    const options: Document = {};
    const kind = this.next();
    if (kind < 0.2) options['sparse'] = true;
    else if (kind < 0.45)
      options['partialFilterExpression'] = this.pick([
        { b: { $gt: 3 } },
        { c: 'a' },
        { a: { $exists: true } },
        { 's.y': { $lte: 2 } },
      ]);
    return { key, options };
  }
}

export interface FuzzReport {
  queries: number;
  indexed: number;
  differences: string[];
}

/** Asks every query twice, planned and as a full scan, in between changing documents; the answers have to be the same. */
export async function fuzzPlanner(
  indexed: Collection<Document>,
  options: { seed: number; rounds: number; queries: number; documents: number },
): Promise<FuzzReport> {
  const report: FuzzReport = { queries: 0, indexed: 0, differences: [] };
  const fuzz = new Fuzz(options.seed);
  for (let round = 0; round < options.rounds; round++) {
    await indexed.drop();
    await indexed.insertMany(Array.from({ length: options.documents }, (_, i) => fuzz.doc(i)));
    for (let i = 0; i < 4; i++) {
      const { key, options: kind } = fuzz.index();
      // Parallel arrays, or the same key again: that index is not made.
      await indexed.createIndex(key as never, { ...kind, name: `i${i}` }).catch(() => undefined);
    }
    for (let i = 0; i < options.queries; i++) {
      if (fuzz.next() < 0.1) await change(indexed, fuzz);
      const query = fuzz.query();
      const sort = fuzz.sort();
      const limit = fuzz.next() < 0.3 ? 1 + fuzz.int(5) : 0;
      const planned = await indexed
        .find(query)
        .sort(sort as never)
        .limit(limit)
        .project({ _id: 1 })
        .toArray();
      const scanned = await indexed
        .find(query)
        .sort(sort as never)
        .limit(limit)
        .hint({ $natural: 1 })
        .project({ _id: 1 })
        .toArray();
      report.queries++;
      if (JSON.stringify(planned) !== JSON.stringify(scanned)) {
        const plan = await indexed.find(query).sort(sort).limit(limit).explain('queryPlanner');
        report.differences.push(
          `seed ${options.seed} round ${round}: ${JSON.stringify({ query, sort, limit, planned, scanned, plan: plan['queryPlanner'].winningPlan })}`,
        );
        if (report.differences.length > 3) return report;
      }
      if (i % 20 === 0) {
        const plan = await indexed.find(query).sort(sort).explain('queryPlanner');
        if (JSON.stringify(plan).includes('IXSCAN')) report.indexed += 20;
      }
    }
    const { errors } = (await indexed.db.command({ validate: indexed.collectionName })) as unknown as {
      errors: string[];
    };
    report.differences.push(...errors);
  }
  return report;
}

async function change(collection: Collection<Document>, fuzz: Fuzz): Promise<void> {
  const _id = fuzz.int(120) as never;
  const write =
    fuzz.next() < 0.3
      ? collection.deleteOne({ _id })
      : fuzz.next() < 0.5
        ? collection.replaceOne({ _id }, fuzz.doc(_id), { upsert: true })
        : collection.updateOne({ _id }, { $set: { [fuzz.pick(['a', 'b', 's.x'])]: fuzz.value() } });
  // A path through a scalar or parallel arrays: refused, and nothing has changed.
  await write.catch(() => undefined);
}

/** Rounds of so many queries run beside one another, each on a collection of its own. */
const BESIDE = 4;
const QUERIES_PER_ROUND = 250;
const DOCUMENTS = 100;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { queries: { type: 'string', default: '50000' }, seed: { type: 'string', default: '1' } },
  });
  const folder = await mkdtemp(join(tmpdir(), 'embedded-store-fuzz-'));
  const total: FuzzReport = { queries: 0, indexed: 0, differences: [] };
  const internalErrors: string[] = [];
  try {
    const store = await startEmbeddedStore({
      dataDir: folder,
      onInternalError: ({ command, message }) => internalErrors.push(`${command}: ${message}`),
    });
    const client = await MongoClient.connect(store.uri);
    let seed = Number(values.seed);
    await Promise.all(
      Array.from({ length: BESIDE }, async (_, i) => {
        const collection = client.db('fuzz').collection(`c${i}`);
        while (total.queries < Number(values.queries) && total.differences.length === 0) {
          const one = { seed: seed++, rounds: 1, queries: QUERIES_PER_ROUND, documents: DOCUMENTS };
          const report = await fuzzPlanner(collection, one);
          total.queries += report.queries;
          total.indexed += report.indexed;
          total.differences.push(...report.differences);
          if (one.seed % 20 === 0) console.error(`${total.queries} queries`);
        }
      }),
    );
    await client.close();
    await store.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ ...total, internalErrors }));
  if (total.differences.length > 0 || internalErrors.length > 0) process.exitCode = 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
