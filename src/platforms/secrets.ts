/**
 * Collections of what platforms hand out for an hour or two, good for whoever holds it: no part of a backup. All of it
 * is asked for again, or comes with the next message.
 */
export const SHORT_LIVED_SECRETS: readonly string[] = [
  'platform_tokens',
  'platform_token_claims',
  'platform_reply_addresses',
];
