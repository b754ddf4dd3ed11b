// The sandbox's control API as the page uses it.

export type Platform = 'wecom' | 'dingtalk';

export interface Person {
  id: string;
  name: string;
  title: string;
  region?: string;
  team?: string;
  wecomUserId?: string;
  dingtalkUserId?: string;
}

export type MessageKind = 'text' | 'markdown' | 'card' | 'image' | 'file' | 'voice' | 'video' | 'news';

export interface Message {
  id: string;
  platform: Platform;
  chatId: string;
  /** `bot` or a user id of the platform. */
  from: string;
  fromName: string;
  at: string;
  kind: MessageKind;
  text?: string;
  title?: string;
  /** The vendor's JSON as the client holds it. */
  card?: Json;
  mediaUrl?: string;
  name?: string;
  bytes?: number;
  state?: { replacedText?: string; disabled?: boolean };
  toast?: string;
}

export type Json = Record<string, unknown>;

export interface Chat {
  id: string;
  title: string;
  kind: 'single' | 'group';
  messages: Message[];
}

export interface PhoneData {
  platform: Platform;
  userId: string;
  personId: string;
  chats: Chat[];
}

export interface PlatformFaults {
  down?: boolean | '503';
  slowMs?: number;
  failRate?: number;
  timeoutAfterAccept?: boolean;
  duplicateCallbacks?: number;
  silentDrop?: boolean;
  limit?: boolean;
  disconnectStream?: boolean;
}

export type Faults = Record<Platform, PlatformFaults>;

export interface ControlState {
  clock: { offsetMs: number };
  faults: Partial<Faults>;
  people: Person[];
  groups: { id: string; name: string; memberIds: string[] }[];
  phones: PhoneData[];
  wecom?: { menu: { button: MenuEntry[] } | null };
  /** The month as DingTalk's console counts it. */
  dingtalk?: { quota: { api: number; push: number; limits: { api: number; push: number } } };
}

/** An entry of the app menu as it was set up at the vendor (menu/create). */
export interface MenuEntry {
  name: string;
  type?: string;
  key?: string;
  url?: string;
  sub_button?: MenuEntry[];
}

export interface TrafficRow {
  at: string;
  platform: Platform;
  /** As the app sees it. */
  direction: 'in' | 'out';
  method: string;
  path: string;
  kind: string;
  ms: number;
  status: number;
  errcode?: number | string;
  bytes: number;
  /** Accepted, but not as a real client would show it. */
  warnings?: string[];
}

/** A piece of evidence that a phone can take or pick. */
export interface SampleInfo {
  name: string;
  title: string;
  kind: 'photo' | 'pdf' | 'sheet' | 'voice';
  /** Made to be refused. */
  flawed: boolean;
}

/** What a person did on a phone, and how the app took it. */
export interface ActionResult {
  accepted: boolean;
  reason?: string;
  callback?: { status: number; ms: number; tries: number; answered?: string };
}

export interface Point {
  lat: number;
  lng: number;
}

/** Where a phone can be: a client's site of the demo company, in the datum of maps (what a chat sends) and of GPS (what a camera writes). */
export interface Place {
  name: string;
  address?: string;
  gcj02: Point;
  wgs84: Point;
}

/** One phone on the page. */
export interface OpenPhone {
  platform: Platform;
  personId: string;
  /** Chat shown when the phone is opened; null: the list of chats. */
  chatId: string | null;
}
