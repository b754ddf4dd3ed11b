import { inflateSync } from 'node:zlib';
import { BadFileError } from '../errors.js';
import { MAX_PDF_STREAM_BYTES } from '../limits.js';

/**
 * Looked at before pdfium opens the file: streams that inflate beyond all reason, and actions that run a script or start a program. The bytes
 * are walked, not parsed: a crafted cross-reference table hides nothing from a walk.
 */
export function guardPdf(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  // Encrypted strings and streams cannot be looked into; pdfium asks for the password or opens them with none.
  refuseActions(text);
  for (const { dictionary, start, end } of streams(text)) {
    // Pictures are not decoded for text, and pages are rendered at a limited size.
    if (/\/Subtype\s*\/Image/u.test(dictionary) || !/\/(?:FlateDecode|Fl)\b/u.test(dictionary)) continue;
    const inflated = inflate(bytes.subarray(start, end), dictionary);
    if (inflated !== null && /\/Type\s*\/ObjStm/u.test(dictionary)) refuseActions(inflated.toString('latin1'));
  }
}

interface Stream {
  dictionary: string;
  start: number;
  end: number;
}

function* streams(text: string): Generator<Stream> {
  const opening = /stream\r?\n/gu;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    if (text.slice(match.index - 3, match.index) === 'end') continue;
    const start = match.index + match[0].length;
    const end = text.indexOf('endstream', start);
    // The dictionary stands right before it; 4 KB hold the longest that matter.
    const before = text.slice(Math.max(0, match.index - 4096), match.index);
    const dictionary = before.slice(Math.max(0, before.lastIndexOf(' obj')));
    yield { dictionary, start, end: end < 0 ? text.length : end };
    if (end > 0) opening.lastIndex = end + 'endstream'.length;
  }
}

/** As often as the dictionary says (bombs are packed twice); null when it is no such stream after all. */
function inflate(packed: Uint8Array, dictionary: string): Buffer | null {
  let data: Uint8Array = packed;
  for (const _ of dictionary.match(/\/(?:FlateDecode|Fl)\b/gu) ?? []) {
    try {
      data = inflateSync(data, { maxOutputLength: MAX_PDF_STREAM_BYTES });
    } catch (cause) {
      if (isTooLarge(cause)) {
        throw new BadFileError('file.bomb', 'a stream of the PDF inflates without end', MAX_PDF_STREAM_BYTES, cause);
      }
      // Damaged or otherwise packed: pdfium says what it makes of it.
      return null;
    }
  }
  return Buffer.from(data);
}

const isTooLarge = (cause: unknown): boolean =>
  cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';

/** Names may be written with hex escapes: `/J#61vaScript`. */
const plainNames = (text: string): string =>
  text.replace(/#([0-9a-fA-F]{2})/gu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const ACTION = /\/S\s*\/(JavaScript|Launch|ImportData|Rendition)\b|\/(JavaScript|JS)\s*(?:\(|<|\d+\s+\d+\s+R)/u;

function refuseActions(text: string): void {
  const match = ACTION.exec(text.includes('#') ? plainNames(text) : text);
  if (match !== null)
    throw new BadFileError('file.active', `the PDF has an action: ${match[0]}`, match[1] ?? 'JavaScript');
}
