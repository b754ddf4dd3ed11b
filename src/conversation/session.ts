import type { Connection } from 'mongoose';
import {
  MINUTE,
  type Clock,
  type DealId,
  type Log,
  type PersonId,
  type StageVisitId,
  type TodoId,
} from '../core/index.js';
import type { Position } from '../evidence/index.js';
import { SEND, type Outgoing, type PlatformName } from '../platforms/contract.js';
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
    }
  | { kind: 'exempt-reason'; dealId: DealId; itemId: string; askedAt: Date }
  | { kind: 'postpone-reason'; dealIds: DealId[]; askedAt: Date }
  | { kind: 'todo-note'; todoId: TodoId; askedAt: Date };

export interface SessionDocument extends AggregateDocument {
  _id: PersonId;
  /** Where the person talked to us last: that is where they are reached. */
  platform: PlatformName;
  /** The deal they are working on. */
  dealId?: DealId | null;
  question?: Question | null;
  /** Actions of the last card, so that a typed number presses one. */
  options: { key: string; label: string; choice?: { key: string; id: string } }[];
  /** Positions that the person sent lately; forgotten after half an hour. */
  positions: Position[];
  seenAt: Date;
}

export interface Sessions {
  load(person: PersonId, platform: PlatformName): Promise<SessionDocument>;
  peek(person: PersonId): Promise<SessionDocument | null>;
  /** One write: what changes for the person, and what they are sent. */
  turn(
    person: PersonId,
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

export function createSessions(deps: { connection: Connection; relay: Relay; clock: Clock; log: Log }): Sessions {
  const sessions = createAggregate<SessionDocument>(deps.connection, 'sessions_chat', {
    relay: (name, id) => deps.relay.flush(name, id),
    log: deps.log,
  });
  deps.relay.watch('sessions_chat');
  return {
    async load(person, platform) {
      const now = deps.clock.now();
      const found = await sessions.load(person);
      if (found !== null) return found;
      const { doc } = await sessions.create(
        { _id: person, platform, options: [], positions: [], seenAt: now },
        { key: `session:${person}`, now },
        {},
      );
      return doc;
    },
    peek: (person) => sessions.load(person),
    async turn(person, key, change) {
      const applied = await sessions.command(person, { key, now: deps.clock.now() }, (session) => {
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
      });
      if (applied === null) throw new TypeError(`no session of ${person}`);
      return applied.doc;
    },
  };
}
