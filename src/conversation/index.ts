// From event to command, from state to card.
export { createConversation, MENU } from './conversation.js';
export type { Conversation, Handled } from './conversation.js';
export type { ConversationDeps } from './context.js';
// For the capture page.
export { capturing, CAPTURE_LATE_MS, wasCaptured, whyNot } from './capture.js';
export type { Capturing } from './capture.js';
export { MAX_FILE_BYTES, MAX_FILE_WORDS } from './files.js';
export { createSessions } from './session.js';
export type { SessionDocument, Sessions } from './session.js';
