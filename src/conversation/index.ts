// From event to command, from state to card.
export { createConversation, MENU } from './conversation.js';
export type { Conversation, Handled } from './conversation.js';
export type { ConversationDeps } from './context.js';
export { createSessions } from './session.js';
export type { SessionDocument, Sessions } from './session.js';
