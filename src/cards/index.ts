// The neutral card.
export type { CardAction, CardChoice, CardField, CardLine, CardPicture, FilledCard, Mark } from './types.js';
// For who sends cards.
export type { CardData, CardItemKind, CardName, ChecklistItem, GotKind, MissingItem } from './data.js';
export { loadCards, parseCard } from './load.js';
export type { Cards } from './load.js';
// For who reads presses.
export { actionKey, CHOICE_KEY, parseActionKey, VERBS } from './keys.js';
export type { Verb } from './keys.js';
// For renderings.
export { markedText, numbered, renderPlain } from './plain.js';
export type { Numbered } from './plain.js';
export { KIND_WORDS, MARKS } from './vocabulary-parts.js';
export { charLength, clip } from './limits.js';
