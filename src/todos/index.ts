// Asks to other people, answered in the chat.
export { createTodos, PASSIVE_HOLD_MS, todoCardId } from './service.js';
export type { Answered, TodoDeps, Todos } from './service.js';
export { REVIEW_REASONS } from './reasons.js';
export { todoIndexes } from './model.js';
export type { TodoAnswer, TodoDocument, TodoKind, TodoSubject } from './model.js';
