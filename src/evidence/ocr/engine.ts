import type { Grey } from '../photo/grey.js';

/** What one reader made of one line. */
export interface ReadText {
  text: string;
  /** 0-1 as the engine says; not comparable between engines. */
  confidence: number;
}

/** `chinese` reads Chinese with digits and letters; `latin` reads letters and digits; `digits` reads only `0-9 : . / -`. */
export type Script = 'chinese' | 'latin' | 'digits';

/** Reads ink-on-paper pictures. A bad picture throws; nothing found is an empty text. */
export interface OcrEngine {
  readonly id: string;
  /** One line of text. */
  line(image: Grey, script: Script): Promise<ReadText>;
  /** Scattered text anywhere in the picture: the last resort. */
  sparse(image: Grey, script: Script): Promise<ReadText[]>;
  close(): Promise<void>;
}
