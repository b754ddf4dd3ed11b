import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../core/index.js';
import { errorText } from '../core/index.js';
import type { SavedMedia } from './media.js';
import type { Directory } from './types.js';
import type { StoredChat } from './world.js';

/** Long enough to gather the changes of one action, short enough that a killed process loses little. */
const SAVE_AFTER_MS = 300;

/** All that survives a restart of the stand-ins. */
export interface Saved {
  version: 1;
  counter: number;
  clockOffsetMs: number;
  directory: Directory;
  chats: Record<string, StoredChat>;
  media: Record<string, SavedMedia>;
  /** One part for each platform, in its own shape. */
  parts: Record<string, object>;
}

const fresh = (): Saved => ({
  version: 1,
  counter: 0,
  clockOffsetMs: 0,
  directory: { people: [], groups: [] },
  chats: {},
  media: {},
  parts: {},
});

/** `sandbox.json`: written a moment after a change, whole, by atomic rename. */
export class SavedFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#path = join(folder, 'sandbox.json');
    this.#log = log;
  }

  async load(): Promise<Saved> {
    await mkdir(this.#folder, { recursive: true });
    let raw: string;
    try {
      raw = await readFile(this.#path, 'utf8');
    } catch {
      return fresh(); // first start
    }
    try {
      const data = JSON.parse(raw) as Saved;
      if (data.version === 1) return data;
    } catch (error) {
      this.#log.warn({ reason: errorText(error) }, 'sandbox.json cannot be read and is put aside');
    }
    await rename(this.#path, `${this.#path}.unreadable`);
    return fresh();
  }

  later(data: () => Saved): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#queue(data);
    }, SAVE_AFTER_MS);
  }

  async flush(data: () => Saved): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queue(data);
    await this.#writing;
  }

  #queue(data: () => Saved): void {
    this.#writing = this.#writing.then(async () => {
      const next = `${this.#path}.next`;
      try {
        await writeFile(next, JSON.stringify(data()), { mode: 0o600 });
        await rename(next, this.#path);
      } catch (error) {
        this.#log.error({ reason: errorText(error) }, 'sandbox.json cannot be written');
      }
    });
  }
}
