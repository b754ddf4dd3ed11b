import type { Connection } from 'mongoose';
import {
  stableId,
  type CardId,
  type Clock,
  type DealId,
  type EvidenceId,
  type Log,
  type PersonId,
  type TodoId,
} from '../core/index.js';
import type { Cards, FilledCard } from '../cards/index.js';
import { SEND, type Outgoing } from '../platforms/contract.js';
import { createAggregate, type Effect, type Relay } from '../store/index.js';
import type { TodoAnswer, TodoDocument, TodoKind, TodoSubject } from './model.js';
import { presentDone, presentTodo } from './views.js';

export interface TodoDeps {
  connection: Connection;
  relay: Relay;
  cards: Cards;
  /** Local words for an instant: `今天 17:30`. */
  words: { dayTime(at: Date): string };
  clock: Clock;
  log: Log;
}

export interface Answered {
  todo: TodoDocument;
  /** False: somebody had answered before; `todo.answer` says who. */
  mine: boolean;
  /** The answerer's own card as it looks now, with the key of the message that says the same. */
  card: { card: FilledCard; messageKey: string };
}

export interface Todos {
  /** Asks; a second try with the same id changes nothing. */
  ask(id: TodoId, subject: TodoSubject): Promise<TodoDocument>;
  /** The first answer holds. Null: no such to-do. */
  answer(id: TodoId, command: { key: string }, answer: Omit<TodoAnswer, 'at'>): Promise<Answered | null>;
  get(id: TodoId): Promise<TodoDocument | null>;
  /** What is open with somebody who has left is with somebody else from now on, who is shown it; a hundred at a time, gives how many. */
  reassign(from: PersonId, to: PersonId): Promise<number>;
  /** Due first, at most a hundred. */
  openFor(person: PersonId, kind?: TodoKind): Promise<TodoDocument[]>;
  /** Answered since an instant, the latest first. */
  answeredSince(kind: TodoKind, since: Date, limit: number): Promise<TodoDocument[]>;
  findOpen(filter: {
    kind: TodoKind;
    dealId: DealId;
    itemId?: string;
    evidenceId?: EvidenceId;
  }): Promise<TodoDocument | null>;
  find(filter: {
    kind: TodoKind;
    dealId: DealId;
    itemId?: string;
    evidenceId?: EvidenceId;
  }): Promise<TodoDocument | null>;
  /** Exemptions granted to this rep since an instant. */
  countGranted(fromId: PersonId, since: Date): Promise<number>;
  /** Shows a to-do again to one of its assignees (asked for in the chat). */
  cardOf(todo: TodoDocument): FilledCard;
}

/** One card an assignee, the same while it changes. */
export function todoCardId(todoId: string, assignee: PersonId): CardId {
  return stableId<CardId>('td', todoId, assignee);
}

export function createTodos(deps: TodoDeps): Todos {
  const todos = createAggregate<TodoDocument>(deps.connection, 'todos', {
    relay: (name, id, fresh) => deps.relay.flush(name, id, fresh),
    log: deps.log,
  });
  deps.relay.watch('todos');
  const raw = deps.connection.collection('todos');

  const showTo = (
    todo: Pick<TodoDocument, '_id' | 'prefer'>,
    person: PersonId,
    card: FilledCard,
    key: string,
  ): Effect => ({
    _id: key,
    kind: SEND,
    data: {
      key,
      to: { kind: 'person', personId: person, prefer: todo.prefer },
      message: { kind: 'show', cardId: todoCardId(todo._id, person), card },
      purpose: 'todo',
    } satisfies Outgoing,
  });

  const find: Todos['find'] = async (filter) =>
    ((
      await raw
        .find({ ...filter } as never)
        .sort({ createdAt: -1 })
        .limit(1)
        .toArray()
    )[0] as unknown as TodoDocument | null) ?? null;

  const openFor: Todos['openFor'] = async (person, kind) =>
    (await raw
      .find({ assignees: person, state: 'open', ...(kind === undefined ? {} : { kind }) })
      .sort({ dueAt: 1 })
      .limit(100)
      .toArray()) as unknown as TodoDocument[];

  return {
    async ask(id, subject) {
      const now = deps.clock.now();
      const card = presentTodo(deps.cards, { ...subject, _id: id }, deps.words);
      const { doc } = await todos.create(
        { _id: id, ...subject, state: 'open', createdAt: now },
        { key: `ask:${id}`, now },
        {
          effects: subject.assignees.map((person) =>
            showTo({ _id: id, prefer: subject.prefer }, person, card, `todo:${id}:${person}`),
          ),
        },
      );
      return doc;
    },

    async answer(id, command, answer) {
      const now = deps.clock.now();
      const applied = await todos.command<boolean>(id, { key: command.key, now }, (todo) => {
        if (todo.state === 'answered') return { result: false };
        const done: TodoAnswer = { ...answer, at: now };
        const card = presentDone(deps.cards, todo, done, deps.words);
        return {
          set: { state: 'answered', answer: done },
          effects: todo.assignees
            .map((person) => ({
              ...showTo(todo, person, card, `todo-done:${id}:${person}`),
            }))
            .map((effect) => (effect._id === `todo-done:${id}:${answer.by}` ? held(effect, now) : effect)),
          result: true,
        };
      });
      if (applied === null) return null;
      const given = applied.doc.answer ?? { ...answer, at: now };
      return {
        todo: applied.doc,
        mine: applied.result ?? given.by === answer.by,
        card: {
          card: presentDone(deps.cards, applied.doc, given, deps.words),
          messageKey: `todo-done:${id}:${answer.by}`,
        },
      };
    },

    async get(id) {
      return todos.load(id);
    },
    openFor,
    async reassign(from, to) {
      const open = await openFor(from);
      for (const { _id: id, ver } of open) {
        const now = deps.clock.now();
        await todos.command<undefined>(id, { key: `reassign:${from}:${to}:${ver}`, now }, (todo) => {
          if (todo.state === 'answered' || !todo.assignees.includes(from))
            return { unchanged: true, result: undefined };
          const others = todo.assignees.filter((person) => person !== from && person !== to);
          const isNew = !todo.assignees.includes(to);
          const card = presentTodo(deps.cards, todo, deps.words);
          return {
            set: { assignees: [...others, to] },
            effects: isNew ? [showTo(todo, to, card, `todo:${id}:${to}`)] : [],
            result: undefined,
          };
        });
      }
      return open.length;
    },
    async answeredSince(kind, since, limit) {
      return (await raw
        .find({ kind, state: 'answered', 'answer.at': { $gte: since } })
        .sort({ 'answer.at': -1 })
        .limit(limit)
        .toArray()) as unknown as TodoDocument[];
    },
    find,
    findOpen: (filter) => find({ ...filter, state: 'open' } as never),
    async countGranted(fromId, since) {
      return raw.countDocuments({
        kind: 'exemption',
        fromId,
        'answer.approved': true,
        'answer.at': { $gte: since },
      });
    },
    cardOf: (todo) =>
      todo.answer === undefined
        ? presentTodo(deps.cards, todo, deps.words)
        : presentDone(deps.cards, todo, todo.answer, deps.words),
  };
}

/** The presser's own card is changed by the answer of the press itself; the message waits a moment for that. */
function held(effect: Effect, now: Date): Effect {
  return { ...effect, data: { ...effect.data, notBefore: new Date(now.getTime() + PASSIVE_HOLD_MS) } };
}

/** Longer than the longest passive wait of a platform (DingTalk 2 s). */
export const PASSIVE_HOLD_MS = 2_500;
