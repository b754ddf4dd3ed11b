import type { Connection } from 'mongoose';
import {
  MINUTE,
  type CardId,
  type Clock,
  type DealId,
  type EvidenceId,
  type FileId,
  type Log,
  type PersonId,
  type StageVisitId,
  type TodoId,
} from '../core/index.js';
import type { Position } from '../evidence/index.js';
import { SEND, type InboundEvent, type Outgoing, type PlatformName } from '../platforms/contract.js';
import type { Kept } from './kept.js';
import { createAggregate, type AggregateDocument, type Relay } from '../store/index.js';

/** What the person was asked last and has not answered. It can be left and taken up again; nothing handed in is lost. */
export type Question =
  | {
      kind: 'item';
      dealId: DealId;
      visitId: StageVisitId;
      itemId: string;
      askedAt: Date;
      /** Questions with several answers (a link: address, title, day; a follow-up: its elements) go step by step. */
      step: number;
      draft: Record<string, string>;
      /** Put off: words are no answer to it until it is taken up again; a file that fits still is. */
      paused?: boolean;
      /** The card that has become a list to choose from: what is marked there must not be taken away. */
      cardId?: CardId;
    }
  | { kind: 'exempt-reason'; dealId: DealId; itemId: string; askedAt: Date }
  | { kind: 'postpone-reason'; dealIds: DealId[]; askedAt: Date }
  /** What is said in a recording that could not be put into words by machine. */
  | { kind: 'voice-words'; dealId: DealId; evidenceId: EvidenceId; askedAt: Date }
  | { kind: 'todo-note'; todoId: TodoId; askedAt: Date };

export interface KeptFile extends Kept {
  dealId: DealId;
  stageId: string;
}

/** Somebody above asked the person in words (问一句). It is open until answered, whatever else is asked meanwhile. */
export interface PersonAsk {
  /** The event of the press. */
  id: string;
  by: PersonId;
  byName: string;
  /** Where it was pressed: the answer goes there. */
  from: { platform: PlatformName; userId: string; app?: string };
  stageId: string;
  stage: string;
  deals: { id: DealId; client: string }[];
  /** Asked about where the deal stands, not about its silence. */
  about?: 'state';
  at: Date;
  /** `left`: put off by the person, taken up again by 继续. */
  state: 'open' | 'left' | 'answered';
  answer?: { text: string; at: Date };
}

export interface SessionDocument extends AggregateDocument {
  _id: PersonId;
  /** Where the person talked to us last: that is where they are reached. */
  platform: PlatformName;
  /** And to which of our apps there; null or absent: the first. */
  app?: string | null;
  /** The deal they are working on. */
  dealId?: DealId | null;
  question?: Question | null;
  asked?: PersonAsk[];
  /** Who said 我来跟 of this person's deals in a stage. */
  taken?: { by: PersonId; stageId: string; at: Date }[];
  /** Files that nobody had asked for, the newest of each stage: handed in when an item that takes them is pressed there. */
  kept?: KeptFile[];
  /** Actions of the last card, so that a typed number presses one. */
  options: { key: string; label: string; choice?: { key: string; id: string } }[];
  /** Positions that the person sent lately; forgotten after half an hour. */
  positions: Position[];
  seenAt: Date;
}

export interface Sessions {
  load(person: PersonId, platform: PlatformName): Promise<SessionDocument>;
  /** The session of whoever sent this; from now on they are reached where they sent it, also by what it leads to. */
  meet(person: PersonId, event: Pick<InboundEvent, 'key' | 'platform' | 'app'>): Promise<SessionDocument>;
  peek(person: PersonId): Promise<SessionDocument | null>;
  /** Files that wait in somebody's hand for their stage. */
  keptFiles(): Promise<ReadonlySet<FileId>>;
  /** Without the looks of cards on which their reader is choosing something right now. */
  wanted(messages: readonly Outgoing[]): Promise<Outgoing[]>;
  /** One write: what changes for the person, and what they are sent. `known`: as it was loaded for this turn. */
  turn(
    known: SessionDocument,
    key: string,
    change: (session: SessionDocument) => {
      set: Partial<Omit<SessionDocument, keyof AggregateDocument>>;
      send: Outgoing[];
    },
  ): Promise<SessionDocument>;
}

/** The question that words answer now. */
export function openQuestion(session: Pick<SessionDocument, 'question'>): Question | null {
  const { question } = session;
  return question === undefined || question === null || (question.kind === 'item' && question.paused === true)
    ? null
    : question;
}

/** A position counts for photos taken around it. */
export const POSITION_LIFE_MS = 30 * MINUTE;

/** People whose sessions stay in memory where no other process changes them. */
const KEPT_SESSIONS = 2_000;

export function createSessions(deps: {
  connection: Connection;
  relay: Relay;
  clock: Clock;
  log: Log;
  /** No other process works on this store. */
  alone?: boolean;
}): Sessions {
  const kept = new Map<string, SessionDocument>();
  const sessions = createAggregate<SessionDocument>(deps.connection, 'sessions_chat', {
    relay: (name, id, fresh) => deps.relay.flush(name, id, fresh),
    log: deps.log,
  });
  deps.relay.watch('sessions_chat');

  /** The one seen longest ago makes room. */
  function keep(session: SessionDocument): SessionDocument {
    if (deps.alone !== true || (kept.get(session._id)?.ver ?? 0) > session.ver) return session;
    kept.delete(session._id);
    kept.set(session._id, session);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_SESSIONS && oldest !== undefined) kept.delete(oldest);
    return session;
  }

  const peek = async (person: PersonId): Promise<SessionDocument | null> =>
    kept.get(person) ?? (await sessions.load(person));
  const isInTheWay = async ({ message, unlessChoosing }: Outgoing): Promise<boolean> => {
    if (unlessChoosing === undefined || message.kind !== 'show') return false;
    const session = await peek(unlessChoosing);
    const question = session === null ? null : openQuestion(session);
    return question?.kind === 'item' && question.cardId === message.cardId;
  };

  async function load(person: PersonId, platform: PlatformName, app?: string | null): Promise<SessionDocument> {
    const now = deps.clock.now();
    const found = kept.get(person) ?? (await sessions.load(person));
    if (found !== null) return keep(found);
    const { doc } = await sessions.create(
      { _id: person, platform, app: app ?? null, options: [], positions: [], seenAt: now },
      { key: `session:${person}`, now },
      {},
    );
    return keep(doc);
  }

  return {
    load: (person, platform) => load(person, platform),
    async meet(person, { key, platform, app = null }) {
      const found = await load(person, platform, app);
      if (found.platform === platform && (found.app ?? null) === app) return found;
      const move = () => ({ set: { platform, app }, result: null });
      kept.delete(person);
      const moved = await sessions.command(person, { key: `met:${key}`, now: deps.clock.now() }, move, found);
      return moved === null ? found : keep(moved.doc);
    },
    peek,
    async keptFiles() {
      const found = (await deps.connection
        .collection('sessions_chat')
        .find({ kept: { $exists: true } }, { projection: { kept: 1 } })
        .toArray()) as unknown as Pick<SessionDocument, 'kept'>[];
      return new Set(
        found.flatMap(({ kept: files }) => (Array.isArray(files) ? files.map(({ file }) => file.id) : [])),
      );
    },
    async wanted(messages) {
      const inTheWay = await Promise.all(messages.map(isInTheWay));
      return messages.filter((_, n) => inTheWay[n] !== true);
    },
    async turn(known, key, change) {
      const decide = (session: SessionDocument) => {
        const { set, send } = change(session);
        return {
          set,
          effects: send.map((outgoing) => ({
            _id: outgoing.key,
            kind: SEND,
            data: outgoing as unknown as Record<string, unknown>,
          })),
          result: null,
        };
      };
      kept.delete(known._id);
      const applied = await sessions.command(known._id, { key, now: deps.clock.now() }, decide, known);
      if (applied === null) throw new TypeError(`no session of ${known._id}`);
      return keep(applied.doc);
    },
  };
}
