import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { MongoClient } from 'mongodb';
import { projectRoot } from '../../src/core/index.js';

/** Longest start, cold caches and a busy machine included. */
const READY_MS = 90_000;

/** The real server in a process of its own, on a fresh store: in a temporary folder, or a database of its own where `MONGODB_URI` names a server. */
export class StoryServer {
  #child: ChildProcess | null = null;
  #errors = '';
  base = '';
  readonly #mongodbUri = databaseAt(
    process.env['MONGODB_URI'] ?? '',
    `trailmark_story_${randomBytes(4).toString('hex')}`,
  );

  private constructor(
    readonly dataDir: string,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** `env`: settings of this run beside the usual ones. */
  static async create(env: Readonly<Record<string, string>> = {}): Promise<StoryServer> {
    return new StoryServer(await mkdtemp(join(tmpdir(), 'trailmark-story-')), env);
  }

  /** Where the process's own log of this start can be read. */
  get errors(): string {
    return this.#errors;
  }

  #spawn(script: string): ChildProcessByStdio<null, Readable, Readable> {
    const child = spawn(process.execPath, ['--enable-source-maps', join(projectRoot, 'build', script)], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        DATA_DIR: this.dataDir,
        MONGODB_URI: this.#mongodbUri,
        // A recorded run records this process too (scripts/record-commands.ts).
        NODE_OPTIONS: process.env['NODE_OPTIONS'],
        RECORD_COMMANDS: process.env['RECORD_COMMANDS'],
        PORT: new URL(this.base === '' ? 'http://127.0.0.1:0' : this.base).port || '0',
        SANDBOX: 'on',
        LOG_LEVEL: 'warn',
        ...this.env,
      },
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-200_000);
    });
    return child;
  }

  /** Stops the server, lets a script of this folder work on its store, and starts it again. */
  async runBetween(script: string): Promise<void> {
    await this.stop();
    const child = this.#spawn(`scripts/story/${script}.js`);
    child.stdout.resume();
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`${script} ended with ${code}\n${this.#errors.slice(-2_000)}`);
    await this.start();
  }

  async start(): Promise<void> {
    const child = this.#spawn('src/main.js');
    this.#child = child;
    this.base = await new Promise<string>((resolve, reject) => {
      let out = '';
      const timer = setTimeout(() => reject(new Error(`no ready line in ${READY_MS} ms\n${this.#errors}`)), READY_MS);
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        const ready = /^ready (\S+)/mu.exec(out);
        if (ready?.[1] === undefined) return;
        clearTimeout(timer);
        resolve(ready[1]);
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${code}\n${this.#errors}`));
      });
    });
  }

  /** Where the sandbox's stand-in of a platform listens now. */
  async standIn(platform: 'wecom' | 'dingtalk'): Promise<string> {
    const file = await readFile(join(this.dataDir, 'sandbox-addresses.json'), 'utf8');
    return (JSON.parse(file) as Record<typeof platform, string>)[platform];
  }

  /** As a power cut for the process: nothing is flushed, nothing is said. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.kill('SIGTERM');
    await once(child, 'exit');
    return child.exitCode;
  }

  async remove(): Promise<void> {
    await this.kill();
    if (this.#mongodbUri !== '') {
      const client = await MongoClient.connect(this.#mongodbUri);
      await client.db().dropDatabase();
      await client.close();
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** The same server, another database; empty stays empty. */
export function databaseAt(uri: string, name: string): string {
  return uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${name}`);
}
