/** One line of the doctor. */
export interface Finding {
  name: string;
  /** `none`: there is nothing to check. */
  state: 'ok' | 'bad' | 'none';
  detail: string;
  /** What to press or change, where. */
  press?: string;
}

const MARKS = { ok: '✔', bad: '✘', none: '–' } as const;

export const formatFinding = ({ name, state, detail, press }: Finding): string =>
  `${MARKS[state]} ${name}  ${detail}${press === undefined ? '' : `  → ${press}`}`.replace(/\s*\n\s*/g, ' ');

export const ok = (name: string, detail: string): Finding => ({ name, state: 'ok', detail });
export const none = (name: string, detail: string): Finding => ({ name, state: 'none', detail });
export const bad = (name: string, detail: string, press?: string): Finding => ({
  name,
  state: 'bad',
  detail,
  ...(press === undefined ? {} : { press }),
});
