import type { Cards, FilledCard } from '../cards/index.js';
import { unreachable } from '../core/index.js';
import type { TodoAnswer, TodoSubject } from './model.js';

type Words = { dayTime(at: Date): string };

/** The card on which a to-do is answered. */
export function presentTodo(cards: Cards, todo: TodoSubject & { _id: string }, words: Words): FilledCard {
  switch (todo.kind) {
    case 'approval':
    case 'task':
      return cards.fill('todo', {
        state: todo.kind,
        todoId: todo._id,
        department: todo.department,
        from: todo.fromName,
        client: todo.clientName,
        text: todo.text,
        limit: todo.limitText,
        due: words.dayTime(todo.dueAt),
        ...(todo.pictureUrl === undefined ? {} : { url: todo.pictureUrl }),
      });
    case 'review':
      return cards.fill('review', {
        dealId: todo.dealId,
        itemId: todo.itemId ?? '',
        client: todo.clientName,
        item: todo.itemName ?? '',
        submissionId: todo.evidenceId ?? '',
        stage: todo.stageName,
        by: todo.fromName,
        at: todo.text,
        ...(todo.reason === undefined ? {} : { why: todo.reason }),
        facts: todo.facts ?? [],
        ...(todo.pictureUrl === undefined ? {} : { pictureUrl: todo.pictureUrl }),
      });
    case 'exemption':
      return cards.fill('exempt-ask', {
        dealId: todo.dealId,
        itemId: todo.itemId ?? '',
        client: todo.clientName,
        item: todo.itemName ?? '',
        stage: todo.stageName,
        rep: todo.fromName,
        repId: todo.fromId,
        todoId: todo._id,
        reason: todo.reason ?? '',
        left: todo.left ?? 0,
        validFor: todo.validFor ?? '',
      });
    default:
      return unreachable(todo.kind);
  }
}

/** The same card once somebody has answered: who, when, what. */
export function presentDone(cards: Cards, todo: TodoSubject, answer: TodoAnswer, words: Words): FilledCard {
  const at = words.dayTime(answer.at);
  switch (todo.kind) {
    case 'approval':
    case 'task':
      return cards.fill('todo-done', {
        state: todo.kind === 'task' ? 'finished' : answer.approved ? 'passed' : 'objected',
        client: todo.clientName,
        text: todo.text,
        by: answer.byName,
        at,
        ...(answer.note === '' ? {} : { note: answer.note }),
      });
    case 'review':
      return cards.fill('review-done', {
        state: answer.approved ? 'passed' : 'failed',
        client: todo.clientName,
        item: todo.itemName ?? '',
        rep: todo.fromName,
        by: answer.byName,
        at,
        ...(answer.note === '' ? {} : { say: answer.note }),
      });
    case 'exemption':
      return cards.fill('exempted', {
        dealId: todo.dealId,
        itemId: todo.itemId ?? '',
        client: todo.clientName,
        item: todo.itemName ?? '',
        state: answer.approved ? 'granted' : 'refused',
        by: answer.byName,
        ...(todo.reason === undefined ? {} : { reason: todo.reason }),
      });
    default:
      return unreachable(todo.kind);
  }
}
