// The neutral card language.
export type { CardAction, CardChoice, CardField, CardLine, FilledCard, Mark } from './types.js';
