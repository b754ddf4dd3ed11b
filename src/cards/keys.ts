/**
 * What a button sends back: `verb:id:id…`. Ids only, never positions, so that a press on an old card still says exactly
 * what was meant. Card files name actions in business words; the verb and the ids are fixed here.
 */
export const VERBS = [
  /** `deal:<dealId>`: show this deal's checklist, on the pressed card; `deal:<dealId>:apart`: that card has more to offer and stays. */
  'deal',
  /** `ask:<dealId>:<itemId>`: put the question of this item. */
  'ask',
  /** `answer:<dealId>:<itemId>`: submit of a choice, of tags or of a confirmation. */
  'answer',
  /** `touch:<dealId>:<itemId>:<witness>`: call | message | check-in. */
  'touch',
  /** `skip-date:<dealId>:<itemId>`: the announcement shows no date. */
  'skip-date',
  /** `advance:<dealId>` or `advance:<dealId>:<stageId>`: into the next stage, or into that one. */
  'advance',
  /** `voice-agree:<dealId>:<submissionId>`: the other side agreed to be recorded; `voice-own:…`: it is the rep's own report; `voice-drop:…`: it goes. */
  'voice-agree',
  'voice-own',
  'voice-drop',
  /** `voice-type:<dealId>:<submissionId>`: writes what is said in it. */
  'voice-type',
  /** `voice-note:<dealId>:<submissionId>`: the chosen things that were heard go to the deal's notes. */
  'voice-note',
  /** `postpone:<dealId>`: not today. `postpone-all`: all that is due. */
  'postpone',
  'postpone-all',
  /** `exempt:<dealId>:<itemId>`: the rep asks for an exemption. */
  'exempt',
  /** `exempt-grant:<dealId>:<itemId>:<repId>:<todoId>` and `exempt-refuse:…`: the director answers. */
  'exempt-grant',
  'exempt-refuse',
  /** `ask-review:<dealId>:<submissionId>`: the rep wants a person to look. */
  'ask-review',
  /** `review-pass:<dealId>:<submissionId>` and `review-fail:…`: the supervisor answers. */
  'review-pass',
  'review-fail',
  /** `review-why:<todoId>:<reasonId>`: why it does not pass. */
  'review-why',
  /** `todo-pass:<todoId>`, `todo-object:<todoId>`, `todo-finish:<todoId>`. */
  'todo-pass',
  'todo-object',
  'todo-finish',
  /** `nudge-ask:<repId>:<stageId>` and `nudge-take:…`: the supervisor's answers to a nudge. */
  'nudge-ask',
  'nudge-take',
  /** On the answer to a question in a group. `group-deals:<dealId>…`: where they stand now; `group-ask:<dealId>`: its rep is asked. */
  'group-deals',
  'group-ask',
  /** `same-person:<keepId>:<otherId>` and `not-same:…`: an administrator says whether two accounts are one person. */
  'same-person',
  'not-same',
  /** `pick-deal`: submit of the list of deals; the chosen option is the deal id. */
  'pick-deal',
  /** Without ids. */
  'my-deals',
  'my-todos',
  'digest',
  'resume',
  'later',
  'help',
] as const;

export type Verb = (typeof VERBS)[number];

/** Key of the question on a card in `InboundPress.choices`. */
export const CHOICE_KEY = 'choice';

const PART = /^[0-9A-Za-z_.@-]+$/;
/** A press comes back whole through every platform up to this length, bytes. */
const MAX_KEY_BYTES = 200;

export function actionKey(verb: Verb, ...ids: readonly string[]): string {
  for (const id of ids) if (!PART.test(id)) throw new TypeError(`an id of action ${verb} cannot stand in a key: ${id}`);
  const key = [verb, ...ids].join(':');
  if (key.length > MAX_KEY_BYTES) throw new TypeError(`the key of action ${verb} is longer than ${MAX_KEY_BYTES} bytes`);
  return key;
}

/** Null when it is none of ours. */
export function parseActionKey(key: string): { verb: Verb; ids: string[] } | null {
  const [verb, ...ids] = key.split(':');
  if (!VERBS.some((known) => known === verb)) return null;
  return ids.every((id) => PART.test(id)) ? { verb: verb as Verb, ids } : null;
}
