/** The answer is longer than what is wanted of it. */
export class BodyTooLongError extends Error {
  override name = 'BodyTooLongError';
}

/**
 * Reads an answer to its end. The signal that was given to `fetch` ends the reading as well: of its own, fetch keeps only a weak hold
 * on it once the head has come, and after a garbage collection a server that hangs in the middle of an answer would be waited for
 * until undici's five minutes are over (https://github.com/nodejs/node/issues/55428; seen with `redirect: 'error'`).
 * @throws BodyTooLongError beyond `maxBytes`, the signal's reason when it is aborted.
 */
export async function readBody(response: Response, signal: AbortSignal, maxBytes: number): Promise<Buffer> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return Buffer.alloc(0);
  const stop = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      // A reading that was stopped ends like one that is complete.
      signal.throwIfAborted();
      if (done) return Buffer.concat(parts);
      length += value.byteLength;
      if (length > maxBytes) {
        stop();
        throw new BodyTooLongError(`more than ${maxBytes} bytes`);
      }
      parts.push(value);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
