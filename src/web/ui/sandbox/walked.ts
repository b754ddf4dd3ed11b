// Runs in the tests too, where files end in .js: so does the import here.
import { faceOf, isAtWork, verbOf } from './open-question.js';
import type { Message, PhoneData } from './types.ts';

/** What somebody has really done in the sandbox so far; the guide's steps tick themselves off by it. */
export interface Walked {
  /** A deal was opened: its checklist or a question of it came. */
  opened: boolean;
  /** A photo or file was handed in, and the app took it. */
  handedIn: boolean;
}

export function walked(phones: Iterable<PhoneData>): Walked {
  const found = { opened: false, handedIn: false };
  for (const { userId, chats } of phones) {
    for (const { kind, messages } of chats) {
      if (kind !== 'single') continue;
      found.opened ||= messages.some((message) => isOfDeal(message));
      found.handedIn ||= messages.some((message, n) => message.from === userId && wasTaken(messages, n));
    }
  }
  return { opened: found.opened || found.handedIn, handedIn: found.handedIn };
}

function isOfDeal(message: Message): boolean {
  const face = message.from === 'bot' ? faceOf(message) : null;
  return face !== null && isAtWork(face);
}

/** On a card that did not take it: failed, not checked, of the wrong kind, or not understood. A checklist (it can be postponed) is none. */
const AGAIN = new Set(['ask', 'later', 'resume', 'my-deals', 'help']);
/** Passed or partly there, or all done. */
const TAKEN = /✅|🟡|完成$/mu;
const CHECKING = /⏳/u;

/**
 * Nothing asks again before the next thing that the person did, and a card of a deal shows something taken and nothing
 * under way. The checklist that changes in its place stands above, so that all cards of the chat are looked at for this.
 */
function wasTaken(messages: readonly Message[], n: number): boolean {
  if (messages[n]?.kind !== 'image' && messages[n]?.kind !== 'file') return false;
  const own = messages[n].from;
  const next = messages.findIndex((message, at) => at > n && message.from === own);
  const answers = messages.slice(n + 1, next < 0 ? undefined : next).flatMap((message) => faceOf(message) ?? []);
  const refused = answers.some(({ title, keys }) => {
    const verbs = keys.map(verbOf);
    return !TAKEN.test(title) && !verbs.includes('postpone') && verbs.some((verb) => AGAIN.has(verb));
  });
  if (refused) return false;
  const texts = messages.flatMap((message) => {
    const face = message.from === 'bot' ? faceOf(message) : null;
    return face === null ? [] : `${face.title}\n${face.body}`;
  });
  return texts.some((text) => TAKEN.test(text)) && !texts.some((text) => CHECKING.test(text));
}
