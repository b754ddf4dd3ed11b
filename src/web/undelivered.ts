import { BadInputError, NotAllowedError } from '../core/index.js';
import type { Org, Person, TimeWords } from '../org/index.js';
import { quotaWords, whatToDo, type Outbox, type OutboxRow, type Usage } from '../outbox/index.js';
import type { Relay } from '../store/index.js';
import type { Viewer } from './backend.js';
import type { UndeliveredView } from './message-views.js';

/** Messages that were given up: for administrators, who put them back when the cause is gone. */
export interface Undelivered {
  list(viewer: Viewer): Promise<UndeliveredView>;
  /** Of one cause all, or one message; tells how many were put back. */
  resend(viewer: Viewer, body: unknown): Promise<{ text: string }>;
}

export interface UndeliveredDeps {
  org: Pick<Org, 'person' | 'personByIdentity' | 'groups'>;
  outbox: Pick<Outbox, 'dead' | 'resend' | 'counts'>;
  words: TimeWords;
  usage: Pick<Usage, 'month'>;
  relay: Pick<Relay, 'putAside'>;
}

const SEEN_BY: readonly string[] = ['admin', 'operations'];

export function seesUndelivered(person: Person | undefined): boolean {
  return person !== undefined && SEEN_BY.includes(person.role);
}
export const PLATFORMS = { wecom: '企业微信', dingtalk: '钉钉' } as const;

export function createUndelivered(deps: UndeliveredDeps): Undelivered {
  const { org, outbox, words } = deps;

  function refuseOthers({ personId }: Viewer): void {
    if (seesUndelivered(org.person(personId))) return;
    throw new NotAllowedError('undelivered.out_of_scope', `${personId} is no administrator`, {
      say: '没送到的消息只有管理员能看。',
    });
  }

  const causeOf = (row: OutboxRow): string => `${row.platform}:${row.lastError?.code ?? 'unknown'}`;

  return {
    async list(viewer) {
      refuseOthers(viewer);
      const [rows, { dead }, putAside] = await Promise.all([outbox.dead(), outbox.counts(), deps.relay.putAside()]);
      const causes = new Map<string, UndeliveredView['causes'][number]>();
      for (const row of rows) {
        const id = causeOf(row);
        const cause = causes.get(id) ?? {
          id,
          platform: PLATFORMS[row.platform],
          code: row.lastError?.code ?? '',
          todo: row.lastError === undefined ? '' : whatToDo(row.lastError),
          messages: [],
        };
        cause.messages.push({
          key: row._id,
          to: whom(org, row),
          about: aboutOf(row),
          at: words.dayTime(row.lastError?.at ?? row.createdAt),
        });
        causes.set(id, cause);
      }
      const quotas = (['wecom', 'dingtalk'] as const).flatMap((platform) => {
        const month = deps.usage.month(platform);
        return month === null ? [] : [quotaWords(platform, month)];
      });
      return { causes: [...causes.values()], more: Math.max(0, dead - rows.length), quotas, putAside };
    },

    async resend(viewer, body) {
      refuseOthers(viewer);
      const { key, cause } = (body ?? {}) as { key?: unknown; cause?: unknown };
      if (typeof key !== 'string' && typeof cause !== 'string')
        throw new BadInputError('request.bad_body', 'key or cause');
      const chosen = (await outbox.dead()).filter((row) => row._id === key || causeOf(row) === cause);
      let again = 0;
      // The oldest first, as they would have left.
      for (const row of chosen.reverse()) if (await outbox.resend(row._id)) again++;
      const old = chosen.length - again;
      return { text: `${again} 条重新发了${old === 0 ? '' : `，${old} 条已经有更新的，不用再发`}。` };
    },
  };
}

/** Who got it, or should have. */
export function whom(org: Pick<Org, 'personByIdentity' | 'groups'>, { platform, to }: OutboxRow): string {
  if (to.kind === 'person') return org.personByIdentity(platform, to.userId)?.name ?? to.userId;
  const isIt = (chat: { platform: string; chatId: string }): boolean =>
    chat.platform === platform && chat.chatId === to.chatId;
  return org.groups().find(({ chats }) => chats.some(isIt))?.name ?? '群';
}

const MAX_ABOUT = 60;

export function aboutOf({ message }: OutboxRow): string {
  switch (message.kind) {
    case 'show':
      return message.card.title;
    case 'markdown':
      return message.title;
    case 'picture':
      return message.name;
    case 'text':
      return [...message.text].slice(0, MAX_ABOUT).join('');
  }
}
