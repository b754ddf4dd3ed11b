/** The longest ids that vendors give are WeCom's `task_id` (128) and DingTalk's encrypted senders (about 100). */
const MAX_ID_LENGTH = 256;

/** False: one of these is longer than any vendor's id. No message of theirs, and no key for a store. */
export const areIds = (...ids: readonly (string | null | undefined)[]): boolean =>
  ids.every((id) => (id ?? '').length <= MAX_ID_LENGTH);
