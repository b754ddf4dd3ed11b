import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SavedMedia {
  id: string;
  /** What the vendor calls it by: media_id, downloadCode. */
  handle: string;
  platform: 'wecom' | 'dingtalk';
  /** image, voice, video, file: for what it may be used. */
  kind: string;
  name: string;
  contentType: string;
  size: number;
  /** Stand-in clock, ms. */
  at: number;
}

export type Media = SavedMedia;

/** Files that phones and the app handed in; bytes lie beside `sandbox.json`, one file each. */
export class MediaStore {
  readonly #folder: string;
  readonly #entries: Record<string, SavedMedia>;
  readonly #changed: () => void;
  readonly #byHandle = new Map<string, SavedMedia>();

  constructor(dataDir: string, entries: Record<string, SavedMedia>, changed: () => void) {
    this.#folder = join(dataDir, 'sandbox-media');
    this.#entries = entries;
    this.#changed = changed;
    for (const entry of Object.values(entries)) this.#byHandle.set(entry.handle, entry);
  }

  async put(bytes: Buffer, about: Omit<SavedMedia, 'id' | 'size'>): Promise<Media> {
    const id = randomBytes(12).toString('hex');
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, id), bytes);
    const entry = { ...about, id, size: bytes.length };
    this.#entries[id] = entry;
    this.#byHandle.set(entry.handle, entry);
    this.#changed();
    return entry;
  }

  byHandle(handle: string): Media | undefined {
    return this.#byHandle.get(handle);
  }

  byId(id: string): Media | undefined {
    return this.#entries[id];
  }

  read(media: Media): Promise<Buffer> {
    return readFile(join(this.#folder, media.id));
  }
}

/** What a file is, by its first bytes: the vendors look at the content, not at the name. */
export function sniff(bytes: Buffer): { contentType: string; extension: string } {
  const starts = (...head: number[]): boolean => head.every((byte, index) => bytes[index] === byte);
  const says = (words: string, at = 0): boolean => bytes.subarray(at, at + words.length).toString('latin1') === words;
  if (starts(0xff, 0xd8, 0xff)) return { contentType: 'image/jpeg', extension: 'jpg' };
  if (starts(0x89, 0x50, 0x4e, 0x47)) return { contentType: 'image/png', extension: 'png' };
  if (says('GIF8')) return { contentType: 'image/gif', extension: 'gif' };
  if (says('BM')) return { contentType: 'image/bmp', extension: 'bmp' };
  if (says('%PDF')) return { contentType: 'application/pdf', extension: 'pdf' };
  if (says('#!AMR')) return { contentType: 'audio/amr', extension: 'amr' };
  if (says('ID3') || starts(0xff, 0xfb)) return { contentType: 'audio/mpeg', extension: 'mp3' };
  if (says('RIFF') && says('WAVE', 8)) return { contentType: 'audio/wav', extension: 'wav' };
  if (says('ftyp', 4)) return { contentType: 'video/mp4', extension: 'mp4' };
  return { contentType: 'application/octet-stream', extension: 'bin' };
}
