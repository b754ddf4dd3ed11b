import type { CaptureView } from '../../captures.ts';
import type { UploadTo } from './bridge.ts';
import type { Pending } from './pending.ts';

/** The server said no, and why; asking again does not help. */
export class SendRefused extends Error {
  constructor(
    readonly code: string,
    readonly say: string,
  ) {
    super(code);
  }
}
/** No answer: it may have arrived or not, and goes again under the same id. */
export class Offline extends Error {}

const addressOf = (ticket: string): string => `/api/m/captures/${ticket}`;
/** A photo over a poor line. */
const SEND_MS = 120_000;
const LOOK_MS = 15_000;

/** 401 means that the session has ended: the page asks for a login by being opened anew. */
export async function look(ticket: string, sent?: string): Promise<CaptureView> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), LOOK_MS);
  try {
    const query = sent === undefined ? '' : `?sent=${sent}`;
    const answer = await fetch(addressOf(ticket) + query, {
      signal: limit.signal,
      headers: { accept: 'application/json' },
    });
    return judged<CaptureView>(answer.status, await answer.text());
  } catch (error) {
    throw error instanceof SendRefused ? error : new Offline();
  } finally {
    clearTimeout(timer);
  }
}

export function fieldsOf(pending: Pending): Record<string, string> {
  const { id, media, position, positionAt, code, note } = pending;
  return {
    id,
    ...(position === null
      ? {}
      : { position: JSON.stringify({ from: position.from, result: position.result, agoMs: agoOf(positionAt) }) }),
    ...(media === undefined ? {} : { media }),
    ...(code === undefined ? {} : { code }),
    ...(note === undefined || note.trim() === '' ? {} : { note: note.trim() }),
  };
}
const agoOf = (at: number): number => Math.min(Math.max(0, Date.now() - at), 86_400_000);

/** For clients that upload beside the page. */
export const uploadTo = (ticket: string, uploadKey: string, pending: Pending): UploadTo => ({
  url: new URL(addressOf(ticket), location.href).href,
  headers: { 'x-trailmark': '1', 'x-upload-key': uploadKey },
  fields: fieldsOf(pending),
});

export function send(ticket: string, pending: Pending, onProgress: (part: number) => void): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fieldsOf(pending))) form.append(name, value);
  if (pending.file !== null) form.append('photo', pending.file, pending.file.name || 'photo.jpg');
  return new Promise((resolve, reject) => {
    // fetch tells no progress.
    const request = new XMLHttpRequest();
    request.open('POST', addressOf(ticket));
    request.setRequestHeader('x-trailmark', '1');
    request.timeout = SEND_MS;
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      try {
        judged(request.status, request.responseText);
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    };
    request.onerror = request.ontimeout = request.onabort = () => reject(new Offline());
    request.send(form);
  });
}

/** Answers of a proxy on the way, and of a server that is just restarting, are no refusals. */
function judged<T>(status: number, text: string): T {
  const body = parse(text) as { error?: { code?: string; message?: string } } | null;
  if (status >= 200 && status < 300 && body !== null) return body as T;
  const { code, message } = body?.error ?? {};
  if (code === undefined || status >= 500) throw new Offline();
  throw new SendRefused(code, message ?? '');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
