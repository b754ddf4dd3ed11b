import type { CardData, CardName } from './data.js';
import { REP_CARDS } from './vocabulary-rep.js';
import { OTHER_CARDS } from './vocabulary-rest.js';
import { VOICE_CARDS } from './vocabulary-voice.js';
import type { Vocabulary } from './words.js';

/** Every card that the bot sends; the type keeps this table and `CardData` in step. */
export const VOCABULARIES: { readonly [N in CardName]: Vocabulary<CardData[N]> } = {
  ...REP_CARDS,
  ...OTHER_CARDS,
  ...VOICE_CARDS,
};
