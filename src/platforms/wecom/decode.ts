import { asId, joinKey, sha256, SECOND, type CardId, type EventKey } from '../../core/index.js';
import type { InboundBody, InboundEvent, IntakeHints, NoMaterial } from '../contract.js';
import { areIds } from '../ids.js';
import { cardIdOf } from './task-id.js';
import { joinQuestion, NO_OPTION } from './template-card.js';
import { childrenNamed, textAt, type XmlElement } from './xml.js';

/**
 * `silent`: understood, but nothing anybody said: acknowledged, counted, not handed on. `touches` says what else it
 * should set going: the directory is read again, or administrators hear that the app is about to be suspended.
 */
export type Decoded =
  | { kind: 'event'; what: string; event: InboundEvent; hints?: IntakeHints }
  | { kind: 'silent'; what: string; touches?: 'app' }
  /** `userIds`: whom it is about; null: departments, or who knows. */
  | { kind: 'silent'; what: string; touches: 'directory'; userIds: string[] | null }
  | { kind: 'malformed'; why: string };

/**
 * Events that carry no ask: pictures of `pic_*` come as image messages of their own; positions are only taken when the
 * rep starts a check-in, so the running LOCATION report is not kept; a picked place comes as a location message;
 * menu links open by themselves; approvals and shared apps are none of ours.
 */
const SILENT_EVENTS = new Set([
  'pic_sysphoto',
  'pic_photo_or_album',
  'pic_weixin',
  'location',
  'location_select',
  'view',
  'view_miniprogram',
  'batch_job_result',
  'open_approval_change',
  'share_agent_change',
  'share_chain_change',
  'reopen_inactive_agent',
  'active_restored',
]);
/** Only triggers: what they say may be incomplete, so the directory is read. */
const DIRECTORY_EVENTS = new Set(['change_contact', 'subscribe', 'unsubscribe']);
/** The vendor suspends apps that are not used: https://developer.work.weixin.qq.com/document/path/90240 */
const SUSPENSION_EVENTS = new Set(['inactive_alert', 'close_inactive_agent', 'low_active_alert', 'low_active']);

/** The answer to these may carry words; to presses only updates, to the rest nothing. https://developer.work.weixin.qq.com/document/path/90241 */
const TAKE_WORDS = new Set([
  ...['text', 'image', 'voice', 'video', 'file', 'location', 'link'],
  ...['event.click', 'event.scancode_waitmsg', 'event.enter_agent', 'event.template_card_menu_event'],
]);

const EVENTS_HEARD = [
  'enter_agent',
  'click',
  'scancode_waitmsg',
  'scancode_push',
  'template_card_event',
  'template_card_menu_event',
];
const MESSAGES = ['text', 'image', 'voice', 'video', 'file', 'location', 'link'];
/** The kinds that are counted by name; a counter's labels must not grow with what somebody sends. */
export const KINDS: ReadonlySet<string> = new Set([
  ...MESSAGES,
  ...[...EVENTS_HEARD, ...SILENT_EVENTS, ...DIRECTORY_EVENTS, ...SUSPENSION_EVENTS].map((name) => `event.${name}`),
]);

/**
 * Kinds that are called by their name where they are turned down. Of these the vendor pushes videos only; the other names are
 * those of its archive of chats and of its customer service, should they come one day.
 */
const NO_MATERIAL: ReadonlyMap<string, NoMaterial> = new Map([
  ['video', 'video'],
  ['shortvideo', 'video'],
  ['emotion', 'sticker'],
  ['card', 'contact'],
  ['business_card', 'contact'],
  ['weapp', 'mini-program'],
  ['miniprogram', 'mini-program'],
  ['chatrecord', 'chat-record'],
]);

/** Sender of events of the system itself. */
const SYSTEM = 'sys';

/** A decrypted message or event. https://developer.work.weixin.qq.com/document/path/90239 and /90240 */
export function decode(xml: XmlElement, source: string, agentId: string): Decoded {
  const from = textAt(xml, 'FromUserName');
  const type = textAt(xml, 'MsgType').toLowerCase();
  const seconds = Number(textAt(xml, 'CreateTime'));
  if (from === '' || type === '') return { kind: 'malformed', why: 'no sender or type' };
  if (!Number.isSafeInteger(seconds) || seconds <= 0) return { kind: 'malformed', why: 'no time' };
  const msgId = textAt(xml, 'MsgId');
  if (!areIds(from, msgId, textAt(xml, 'TaskId'))) return { kind: 'malformed', why: 'no id is as long' };
  // Current pages write `click`, older ones `CLICK`.
  const name = textAt(xml, 'Event').toLowerCase();
  if (type === 'event') {
    const what = `event.${name}`;
    if (DIRECTORY_EVENTS.has(name)) {
      // Renamed, the old id is gone and the new one is there.
      const named = from === SYSTEM ? [textAt(xml, 'UserID'), textAt(xml, 'NewUserID')] : [from];
      const userIds = named.filter((id) => id !== '');
      return { kind: 'silent', what, touches: 'directory', userIds: userIds.length === 0 ? null : userIds };
    }
    if (SUSPENSION_EVENTS.has(name)) return { kind: 'silent', what, touches: 'app' };
    if (SILENT_EVENTS.has(name) || from === SYSTEM) return { kind: 'silent', what };
  }
  const body = type === 'event' ? eventBody(xml, name) : messageBody(xml, type);
  if (body === null) return { kind: 'malformed', why: `${type} ${name} lacks a value` };
  const responseCode = textAt(xml, 'ResponseCode');
  const what = type === 'event' ? `event.${name}` : type;
  return {
    kind: 'event',
    what,
    event: {
      // MsgId stays a string, it exceeds 2^53. Events have none; sender and second, as the vendor advises, would lose
      // the second of two presses within one second.
      key: asId<EventKey>(joinKey('wecom', agentId, msgId === '' ? sha256(source) : msgId)),
      platform: 'wecom',
      from,
      chat: { kind: 'single' },
      sentAt: new Date(seconds * SECOND),
      body,
      ...(TAKE_WORDS.has(what) ? { takesWords: true as const } : {}),
    },
    ...(responseCode === '' ? {} : { hints: { updateHandle: responseCode } }),
  };
}

/** Null when a value is missing that the kind cannot do without. */
function messageBody(xml: XmlElement, type: string): InboundBody | null {
  const media = (name?: string) => {
    const handle = textAt(xml, 'MediaId');
    return handle === '' ? null : ({ platform: 'wecom', handle, ...(name ? { name } : {}) } as const);
  };
  switch (type) {
    case 'text':
      return { kind: 'text', text: textAt(xml, 'Content') };
    case 'image': {
      const found = media();
      return found && { kind: 'image', media: found };
    }
    case 'voice': {
      const found = media();
      // Speech-to-text is not documented for apps; `Recognition` is what the sibling platform sends.
      const transcript = textAt(xml, 'Recognition');
      return found && { kind: 'voice', media: found, ...(transcript === '' ? {} : { transcript }) };
    }
    case 'file': {
      // Not on the vendor's page, though clients can send files; taken where it comes.
      const found = media(textAt(xml, 'FileName') || textAt(xml, 'Title'));
      return found && { kind: 'file', media: found };
    }
    case 'location': {
      // Location_X is the latitude. Picked on Tencent's map, so GCJ-02 (the page does not say).
      const lat = coordinate(textAt(xml, 'Location_X'), 90);
      const lng = coordinate(textAt(xml, 'Location_Y'), 180);
      const label = textAt(xml, 'Label').trim();
      if (lat === null || lng === null) return null;
      return { kind: 'location', lat, lng, datum: 'gcj02', ...(label === '' ? {} : { label }) };
    }
    case 'link': {
      const title = textAt(xml, 'Title');
      const url = textAt(xml, 'Url');
      return url === '' ? null : { kind: 'link', url, ...(title === '' ? {} : { title }) };
    }
    default: {
      const is = NO_MATERIAL.get(type);
      return { kind: 'unknown', what: type, ...(is && { is }) };
    }
  }
}

function eventBody(xml: XmlElement, name: string): InboundBody | null {
  const key = textAt(xml, 'EventKey');
  switch (name) {
    case 'enter_agent':
      return { kind: 'entered' };
    case 'click':
      return key === '' ? null : { kind: 'menu', key };
    case 'scancode_waitmsg':
    case 'scancode_push': {
      const text = textAt(xml, 'ScanCodeInfo', 'ScanResult');
      return text === '' ? null : { kind: 'scan', text, menuKey: key };
    }
    case 'template_card_event':
    case 'template_card_menu_event': {
      const taskId = textAt(xml, 'TaskId');
      if (taskId === '' || key === '') return null;
      return { kind: 'press', cardId: asId<CardId>(cardIdOf(taskId)), action: key, choices: choices(xml) };
    }
    default:
      return { kind: 'unknown', what: `event.${name}` };
  }
}

function coordinate(text: string, bound: number): number | null {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) && Math.abs(value) <= bound ? value : null;
}

/** SelectedItems may be absent or empty; one option still comes as a list. */
function choices(xml: XmlElement): Record<string, string[]> {
  const chosen = new Map<string, string[]>();
  const selected = xml.children.find((child) => child.name === 'SelectedItems');
  for (const item of childrenNamed(selected, 'SelectedItem')) {
    const question = joinQuestion(textAt(item, 'QuestionKey'));
    const ids = childrenNamed(item, 'OptionIds')
      .flatMap((list) => childrenNamed(list, 'OptionId'))
      .map((option) => option.text)
      .filter((id) => id !== '' && id !== NO_OPTION);
    if (question !== '') chosen.set(question, [...(chosen.get(question) ?? []), ...ids]);
  }
  return Object.fromEntries(chosen);
}
