import { BodyTooLongError, errorText, readBody } from '../../core/index.js';
import { ASR_BUDGET_MS, MAX_ASR_BYTES, MAX_TRANSCRIPT } from '../limits.js';
import { AUDIO_MIME, type AudioFormat } from './format.js';

export type AsrFailure =
  /** No answer within the time for one recording. */
  | 'timeout'
  /** Larger than the service takes; not sent. */
  | 'too_large'
  /** No connection, or the service is down. */
  | 'unreachable'
  /** It answered, and said no. */
  | 'refused'
  /** Its answer holds no text. */
  | 'unreadable';

export type AsrResult =
  /** `text` is '' when nothing was understood. */
  { ok: true; text: string } | { ok: false; reason: AsrFailure; detail: string };

/** Speech to text. Never throws: a service that does not work is no fault of the evidence. */
export interface AsrProvider {
  /** Stands in the facts as the source: `asr speech.example.com`. */
  readonly source: string;
  transcribe(recording: { bytes: Uint8Array; format: AudioFormat }, withinMs?: number): Promise<AsrResult>;
}

export interface HttpAsrOptions {
  /** Takes `multipart/form-data` with the recording as `file` and answers JSON with `text`, as `/v1/audio/transcriptions` of many services does. */
  url: string;
  /** Sent as `Authorization: Bearer …` when there is one. */
  token?: string;
  /** Sent as `model` when there is one. */
  model?: string;
  budgetMs?: number;
  maxBytes?: number;
  /** Before the second try. */
  pauseMs?: number;
}

const PAUSE_MS = 500;
/** An hour of speech has some 15,000 characters, with times of each word ten times as much. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** The second try is for what passes: a restart, an overload. A recording that is refused is refused again. */
const isPassing = (status: number): boolean => status === 429 || status >= 500;

export function createHttpAsr({
  url,
  token = '',
  model = '',
  budgetMs = ASR_BUDGET_MS,
  maxBytes = MAX_ASR_BYTES,
  pauseMs = PAUSE_MS,
}: HttpAsrOptions): AsrProvider {
  async function once(
    bytes: Uint8Array,
    format: AudioFormat,
    signal: AbortSignal,
  ): Promise<AsrResult & { again?: boolean }> {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(bytes)], { type: AUDIO_MIME[format] }), `recording.${format}`);
    form.set('language', 'zh');
    form.set('response_format', 'json');
    if (model !== '') form.set('model', model);
    const answer = await fetch(url, {
      method: 'POST',
      body: form,
      headers: { accept: 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      // The token goes to the address that was configured and nowhere else.
      redirect: 'error',
      signal,
    });
    if (!answer.ok) {
      await answer.body?.cancel();
      const again = isPassing(answer.status);
      return { ok: false, reason: again ? 'unreachable' : 'refused', detail: `HTTP ${answer.status}`, again };
    }
    const text = textOf(await bodyOf(answer, signal));
    return text === null
      ? { ok: false, reason: 'unreadable', detail: 'no text in the answer' }
      : { ok: true, text: text.trim().slice(0, MAX_TRANSCRIPT) };
  }

  return {
    source: `asr ${new URL(url).host}`,
    async transcribe({ bytes, format }, withinMs = budgetMs) {
      if (bytes.length > maxBytes) return { ok: false, reason: 'too_large', detail: `${bytes.length} bytes` };
      const signal = AbortSignal.timeout(withinMs);
      for (let tries = 1; ; tries += 1) {
        let result: AsrResult & { again?: boolean };
        try {
          result = await once(bytes, format, signal);
        } catch (error) {
          if (signal.aborted) return { ok: false, reason: 'timeout', detail: `${withinMs} ms` };
          result = { ok: false, reason: 'unreachable', detail: causeOf(error), again: true };
        }
        const { again = false, ...answer } = result;
        if (!again || tries === 2) return answer;
        await new Promise((resolve) => {
          setTimeout(resolve, pauseMs);
        });
      }
    },
  };
}

/** What `fetch failed` hides. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? errorText(error.cause) : errorText(error);
}

async function bodyOf(answer: Response, signal: AbortSignal): Promise<string> {
  try {
    return (await readBody(answer, signal, MAX_ANSWER_BYTES)).toString('utf8');
  } catch (error) {
    if (error instanceof BodyTooLongError) return '';
    throw error;
  }
}

/** `{"text":"…"}`; some services wrap it: `{"result":"…"}`, `{"data":{"text":"…"}}`. */
function textOf(body: string): string | null {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return null;
  }
  for (let depth = 0; depth < 2 && isObject(answer); depth += 1) {
    for (const key of ['text', 'result']) if (typeof answer[key] === 'string') return answer[key];
    answer = answer['data'];
  }
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
