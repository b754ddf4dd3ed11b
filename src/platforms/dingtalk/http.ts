import { errorCode, readBody } from '../../core/index.js';

/** Answers are small; a larger one is not the vendor's. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Why `fetch` failed, without the address: its query may hold the token. */
export function failureText(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'failed';
  // ECONNREFUSED and its like; a time limit has only a name.
  return /^[A-Z_]+$/.test(errorCode(cause)) ? errorCode(cause) : cause.name;
}

/** Sends, and reads the answer within the same time. */
export async function ask(url: URL, init: RequestInit, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { ...init, redirect: 'error', signal });
  return { status: response.status, text: (await readBody(response, signal, MAX_ANSWER_BYTES)).toString('utf8') };
}

/** What the text says, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller decides what that means
  }
}

/** POSTs and PUTs of both API families. Without `accept` the vendor may answer in XML. */
export function jsonRequest(method: string, body: object, headers: Record<string, string> = {}): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
