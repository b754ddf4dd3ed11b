import { BadInputError, NotAllowedError, PlatformRefusedError } from '../core/index.js';
import type { Org, TimeWords } from '../org/index.js';
import type { Outbox, OutboxRow } from '../outbox/index.js';
import type { Viewer } from './backend.js';
import type { SentView } from './message-views.js';
import { aboutOf, PLATFORMS, seesUndelivered, whom } from './undelivered.js';

/** Messages that left: an administrator finds a wrong one and takes it back. */
export interface Sent {
  /** `wanted`: part of a name or of the words; empty for all. */
  list(viewer: Viewer, wanted: string): Promise<SentView>;
  recall(viewer: Viewer, body: unknown): Promise<{ text: string }>;
}

export interface SentDeps {
  org: Pick<Org, 'person' | 'personByIdentity' | 'groups'>;
  outbox: Pick<Outbox, 'recallable' | 'recall'>;
  words: TimeWords;
}

const SHOWN = 50;

export function createSent({ org, outbox, words }: SentDeps): Sent {
  function refuseOthers({ personId }: Viewer): void {
    if (seesUndelivered(org.person(personId))) return;
    throw new NotAllowedError('sent.out_of_scope', `${personId} is no administrator`, {
      say: '发出的消息只有管理员能看、能撤回。',
    });
  }

  function recalledOf({ recalled }: OutboxRow): { recalled?: string } {
    if (recalled === undefined) return {};
    const who = recalled.by === undefined ? '' : `${org.person(recalled.by)?.name ?? recalled.by} `;
    return { recalled: `${who}${words.dayTime(recalled.at)}` };
  }

  return {
    async list(viewer, wanted) {
      refuseOthers(viewer);
      const messages = (await outbox.recallable())
        .map((row) => ({
          key: row._id,
          platform: PLATFORMS[row.platform],
          to: whom(org, row),
          about: aboutOf(row),
          at: words.dayTime(row.sentAt ?? row.createdAt),
          ...recalledOf(row),
        }))
        .filter(({ to, about }) => to.includes(wanted) || about.includes(wanted));
      return { messages: messages.slice(0, SHOWN), more: Math.max(0, messages.length - SHOWN) };
    },

    async recall(viewer, body) {
      refuseOthers(viewer);
      const { key } = (body ?? {}) as { key?: unknown };
      if (typeof key !== 'string') throw new BadInputError('request.bad_body', 'key');
      try {
        if (await outbox.recall(key, viewer.personId)) return { text: '撤回了，对方聊天里看不到它了。' };
      } catch (error) {
        if (!(error instanceof PlatformRefusedError) || error.retryable) throw error;
        throw new BadInputError('sent.refused', error.message, { cause: error, say: whyNot(error) });
      }
      throw new BadInputError('sent.not_recallable', `nothing to take back under ${key}`, {
        say: '这条撤不回：已经撤回过了，或者它那个平台没有撤回。要更正就再发一条。',
      });
    },
  };
}

const whyNot = ({ code, details }: PlatformRefusedError): string =>
  code.endsWith('too_late')
    ? '太久了，平台只让撤回 24 小时内的。要更正就再发一条。'
    : `平台不让撤（${String(details['errcode'] ?? code)}）。要更正就再发一条。`;
