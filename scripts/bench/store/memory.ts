import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';

interface Resident {
  value: number;
  /** Not backed by a file: heaps, stacks, buffers. */
  anonymous?: number;
  /** Pages of files: the program's own text and, of the data file, what was looked at. The system takes them back at need. */
  ofFiles?: number;
}

const mebibytes = (kibibytes: number): number => Math.round(kibibytes / 1024);

/** In MiB. Only Linux tells the parts. */
function residentOf(pid: number, bytes: number): Resident {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return {
      value: mebibytes(kib('VmRSS')),
      anonymous: mebibytes(kib('RssAnon')),
      ofFiles: mebibytes(kib('RssFile')),
    };
  } catch {
    return { value: mebibytes(bytes / 1024) };
  }
}

/** What Node takes that has loaded one module, in MiB. */
function bareNode(module: string | null): number {
  const load = module === null ? '' : `await import(${JSON.stringify(import.meta.resolve(module))});`;
  const script = `${load} console.log(process.memoryUsage().rss)`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return mebibytes(Number(said) / 1024);
}

/** The store in a process of its own over a folder that is filled already. */
export async function memory(dataDir: string, documents: number): Promise<Record<string, Resident>> {
  const script = fileURLToPath(new URL('../../store.js', import.meta.url));
  const child = spawn(process.execPath, [script, '--data', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const client = await MongoClient.connect(line.replace(/^store /, ''));
  const c = client.db('bench').collection<{ _id: number; ver: number; type: string }>('events');
  const now = async (): Promise<Resident> => {
    const status = await client.db('admin').command({ serverStatus: 1 });
    return residentOf(child.pid!, Number((status['metrics'] as Record<string, number>)['residentBytes']));
  };
  await c.findOne({ _id: 1 });
  const started = await now();
  for (let i = 0; i < 5000; i++) await c.findOne({ _id: (i * 37) % documents });
  for (let i = 0; i < 1000; i++) await c.updateOne({ _id: (i * 91) % documents }, { $inc: { ver: 1 } });
  const worked = await now();
  await c.aggregate([{ $group: { _id: '$type', n: { $sum: 1 } } }]).toArray();
  const scanned = await now();
  await client.close();
  child.kill('SIGTERM');
  await once(child, 'exit');
  return {
    'resident, bare node': { value: bareNode(null) },
    'resident, node with the driver': { value: bareNode('mongodb') },
    'resident, store alone, started': started,
    'resident, store alone, after 5,000 finds and 1,000 updates': worked,
    'resident, store alone, after reading all documents': scanned,
  };
}
