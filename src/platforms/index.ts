// Used where adapters are made (app, doctor, scripts): tokens shared by all processes.
export { createMongoLease } from './lease.js';
export { memoryTokenStore } from './token-holder.js';
export type { StoredToken, TokenStore } from './token-holder.js';
export { createMongoTokenStore } from './mongo-token-store.js';
export { SHORT_LIVED_SECRETS } from './secrets.js';
export { createMongoReplyAddresses, memoryReplyAddresses, replyAddressIndexes } from './reply-addresses.js';
export type { ReplyAddresses } from './reply-addresses.js';
