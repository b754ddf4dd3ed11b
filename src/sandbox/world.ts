import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type Log, MovableClock } from '../core/index.js';
import { MediaStore, type Media } from './media.js';
import { type Saved, SavedFile } from './saved.js';
import {
  type Chat,
  type Directory,
  type DirectoryPerson,
  type Faults,
  type FaultSet,
  type Message,
  type Phone,
  PLATFORMS,
  type PlatformName,
  type Timings,
  type Traffic,
} from './types.js';

/** The newest messages of a chat that are kept; a phone shows no more. */
const MESSAGES_PER_CHAT = 200;
const TRAFFIC_KEPT = 2_000;

/** What people see the bot called. */
export const BOT_NAME = '留痕';

/** A message as stored: `to` are those who see it, whatever chat it stands in. */
export interface StoredMessage extends Message {
  to: string[];
  /** DingTalk: the card instance it shows. */
  outTrackId?: string;
  /** DingTalk: what the vendor knows it by when somebody quotes it. */
  sentAs?: { msgId: string; msgType: string; content: Record<string, unknown> };
}

export interface StoredChat {
  platform: PlatformName;
  id: string;
  title: string;
  kind: 'single' | 'group';
  members: string[];
  messages: StoredMessage[];
}

export type WorldEvent =
  | { type: 'message'; platform: PlatformName; userIds: string[]; chatId: string; message: Message }
  | { type: 'traffic'; traffic: Traffic }
  | { type: 'clock'; offsetMs: number }
  | { type: 'faults'; faults: FaultSet };

export interface WorldOptions {
  dataDir: string;
  log: Log;
  timings: Timings;
}

/** What both stand-ins share: people, phones, clock, faults, traffic, and the file all of it is kept in. */
export class World {
  readonly clock: MovableClock;
  readonly log: Log;
  readonly timings: Timings;
  readonly media: MediaStore;
  readonly faults: FaultSet = { wecom: {}, dingtalk: {} };
  readonly traffic: Traffic[] = [];
  readonly #bus = new EventEmitter().setMaxListeners(0);
  readonly #file: SavedFile;
  readonly #data: Saved;
  /** How a message looks on one phone; set by the platform that has per-person copies. */
  readonly projectors: Partial<Record<PlatformName, (message: StoredMessage, userId: string) => Message>> = {};

  private constructor(options: WorldOptions, file: SavedFile, data: Saved) {
    this.log = options.log;
    this.timings = options.timings;
    this.#file = file;
    this.#data = data;
    this.clock = new MovableClock(data.clockOffsetMs);
    this.media = new MediaStore(options.dataDir, data.media, () => this.save());
  }

  static async open(options: WorldOptions): Promise<World> {
    const file = new SavedFile(options.dataDir, options.log);
    return new World(options, file, await file.load());
  }

  /** Something worth keeping changed; written a moment later. */
  save(): void {
    this.#file.later(() => this.#data);
  }

  async close(): Promise<void> {
    await this.#file.flush(() => this.#data);
  }

  /** A platform's own part of the saved data. */
  part<T extends object>(name: string, initial: () => T): T {
    const parts = this.#data.parts;
    parts[name] ??= initial();
    return parts[name] as T;
  }

  now(): number {
    return this.clock.now().getTime();
  }

  /** A number that was never given out before, also not before a restart. */
  next(): number {
    this.#data.counter += 1;
    this.save();
    return this.#data.counter;
  }

  moveClock(offsetMs: number): void {
    this.#data.clockOffsetMs = offsetMs;
    this.clock.moveTo(new Date(Date.now() + offsetMs));
    this.save();
    this.#emit({ type: 'clock', offsetMs });
  }

  get clockOffsetMs(): number {
    return this.#data.clockOffsetMs;
  }

  setFaults(platform: PlatformName, faults: Faults): void {
    this.faults[platform] = faults;
    this.#emit({ type: 'faults', faults: this.faults });
  }

  // People

  get directory(): Directory {
    return this.#data.directory;
  }

  setDirectory(directory: Directory): void {
    this.#data.directory = directory;
    this.save();
  }

  /** Vendors spell user ids without regard to case (WeCom) or as given (DingTalk). */
  person(platform: PlatformName, userId: string): DirectoryPerson | undefined {
    const wanted = platform === 'wecom' ? userId.toLowerCase() : userId;
    return this.directory.people.find((person) => {
      const id = userIdOf(platform, person);
      return id !== undefined && (platform === 'wecom' ? id.toLowerCase() : id) === wanted;
    });
  }

  /** All user ids of a platform, as the directory spells them. */
  userIds(platform: PlatformName): string[] {
    return this.directory.people.flatMap((person) => userIdOf(platform, person) ?? []);
  }

  /** The user id as the directory spells it. */
  canonicalUser(platform: PlatformName, userId: string): string | undefined {
    const person = this.person(platform, userId);
    return person === undefined ? undefined : userIdOf(platform, person);
  }

  // Chats

  chat(platform: PlatformName, id: string): StoredChat | undefined {
    return this.#data.chats[`${platform}|${id}`];
  }

  chats(platform: PlatformName): StoredChat[] {
    return Object.values(this.#data.chats).filter((chat) => chat.platform === platform);
  }

  singleChat(platform: PlatformName, userId: string): StoredChat {
    return this.putChat({ platform, id: `single:${userId}`, title: BOT_NAME, kind: 'single', members: [userId] });
  }

  /** Creates the chat, or brings its title and members up to date. */
  putChat(chat: Omit<StoredChat, 'messages'>): StoredChat {
    const key = `${chat.platform}|${chat.id}`;
    const known = this.#data.chats[key];
    const stored = known === undefined ? { ...chat, messages: [] } : Object.assign(known, chat);
    this.#data.chats[key] = stored;
    this.save();
    return stored;
  }

  /** Shows a message in a chat to `to` (all members when left out). */
  post(
    chat: StoredChat,
    message: Omit<StoredMessage, 'at' | 'platform' | 'chatId' | 'to'>,
    to?: string[],
  ): StoredMessage {
    const stored: StoredMessage = {
      ...message,
      platform: chat.platform,
      chatId: chat.id,
      at: this.clock.now().toISOString(),
      to: to ?? [...chat.members],
    };
    chat.messages.push(stored);
    if (chat.messages.length > MESSAGES_PER_CHAT) chat.messages.splice(0, chat.messages.length - MESSAGES_PER_CHAT);
    this.changed(stored);
    return stored;
  }

  /** Tells every phone that shows it. */
  changed(message: StoredMessage): void {
    this.save();
    const views = new Map<string, { view: Message; userIds: string[] }>();
    for (const userId of message.to) {
      const view = this.view(message, userId);
      const key = JSON.stringify(view);
      const same = views.get(key);
      if (same === undefined) views.set(key, { view, userIds: [userId] });
      else same.userIds.push(userId);
    }
    for (const { view, userIds } of views.values()) {
      this.#emit({ type: 'message', platform: message.platform, userIds, chatId: message.chatId, message: view });
    }
  }

  view(message: StoredMessage, userId: string): Message {
    const project = this.projectors[message.platform];
    if (project !== undefined) return project(message, userId);
    return plain(message);
  }

  findMessage(platform: PlatformName, userId: string, messageId: string): StoredMessage | undefined {
    for (const chat of this.chats(platform)) {
      const found = chat.messages.find((message) => message.id === messageId && message.to.includes(userId));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  messages(platform: PlatformName): StoredMessage[] {
    return this.chats(platform).flatMap((chat) => chat.messages);
  }

  phones(): Phone[] {
    return PLATFORMS.flatMap((platform) =>
      this.directory.people.flatMap((person) => {
        const userId = userIdOf(platform, person);
        if (userId === undefined) return [];
        this.singleChat(platform, userId);
        const chats: Chat[] = this.chats(platform)
          .filter((chat) => chat.members.includes(userId))
          .map((chat) => ({
            id: chat.id,
            title: chat.title,
            kind: chat.kind,
            messages: chat.messages.filter((m) => m.to.includes(userId)).map((m) => this.view(m, userId)),
          }));
        return [{ platform, userId, personId: person.id, chats }];
      }),
    );
  }

  /** How a stored file is shown in a message. */
  shown(media: Media): { mediaUrl: string; name: string; bytes: number } {
    return { mediaUrl: `/control/media/${media.id}`, name: media.name, bytes: media.size };
  }

  // Watching

  record(traffic: Traffic): void {
    this.traffic.push(traffic);
    if (this.traffic.length > TRAFFIC_KEPT) this.traffic.splice(0, this.traffic.length - TRAFFIC_KEPT);
    this.#emit({ type: 'traffic', traffic });
  }

  watch(listener: (event: WorldEvent) => void): () => void {
    this.#bus.on('event', listener);
    return () => this.#bus.off('event', listener);
  }

  #emit(event: WorldEvent): void {
    this.#bus.emit('event', event);
  }
}

export function userIdOf(platform: PlatformName, person: DirectoryPerson): string | undefined {
  const id = platform === 'wecom' ? person.wecomUserId : person.dingtalkUserId;
  return id === '' ? undefined : id;
}

export function plain(message: StoredMessage): Message {
  const { to: _to, outTrackId: _outTrackId, sentAs: _sentAs, ...rest } = message;
  return rest;
}

/** Random letters and digits, for what the vendors hand out as opaque. */
export function opaque(length: number): string {
  let out = '';
  while (out.length < length)
    out += randomBytes(length)
      .toString('base64')
      .replace(/[^A-Za-z0-9]/g, '');
  return out.slice(0, length);
}
