import { fileTypeFromBuffer } from 'file-type';
import { AUDIO_MIME, audioFormat } from './voice/format.js';

export type FileKind = 'image' | 'pdf' | 'xlsx' | 'csv' | 'audio' | 'other' | 'empty';

export interface SniffedFile {
  kind: FileKind;
  mime: string;
  /** Without the dot; '' when unknown. */
  ext: string;
}

/** What sharp and heic-decode can open; everything else that is a picture is `other`. */
const IMAGES: Record<string, string> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  heic: 'image/heic',
};
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** Enough for the signature and a judgement about text. */
const TEXT_SAMPLE_BYTES = 64 * 1024;

/** The type by its bytes; names lie. Text that looks like a table is `csv`, because csv has no signature. */
export async function sniffFile(bytes: Uint8Array): Promise<SniffedFile> {
  if (bytes.length === 0) return { kind: 'empty', mime: 'application/octet-stream', ext: '' };
  if (isSvg(bytes)) return { kind: 'other', mime: 'image/svg+xml', ext: 'svg' };
  const type = await signature(bytes);
  const audio = audioFormat(bytes, type?.ext ?? '');
  if (audio !== null) return { kind: 'audio', mime: AUDIO_MIME[audio], ext: audio };
  if (type !== undefined) {
    const image = IMAGES[type.ext];
    if (image !== undefined) return { kind: 'image', mime: image, ext: type.ext };
    if (type.ext === 'pdf') return { kind: 'pdf', mime: type.mime, ext: 'pdf' };
    if (type.ext === 'cfb' && isEncryptedOffice(bytes))
      return { kind: 'other', mime: type.mime, ext: ENCRYPTED_OFFICE };
    if (type.ext === 'xlsx') return { kind: 'xlsx', mime: XLSX, ext: 'xlsx' };
    return { kind: 'other', mime: type.mime, ext: type.ext };
  }
  // Some programs put a few bytes before `%PDF-`; readers look for it in the first kilobyte.
  if (Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-'))
    return { kind: 'pdf', mime: 'application/pdf', ext: 'pdf' };
  if (isTable(bytes)) return { kind: 'csv', mime: 'text/csv', ext: 'csv' };
  return { kind: 'other', mime: 'application/octet-stream', ext: '' };
}

/** A workbook with a password is no zip but an old container with this stream in it ([MS-OFFCRYPTO] 2.3.4.4); its name stands in the directory, in UTF-16. */
export const ENCRYPTED_OFFICE = 'encrypted-office';
const ENCRYPTED_STREAM = Buffer.from('EncryptedPackage', 'utf16le');
const isEncryptedOffice = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(ENCRYPTED_STREAM);

/** Text that begins with a tag and draws: `<svg` comes after declarations and comments. */
function isSvg(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 4096))
    .toString('utf8')
    .replace(/^\ufeff/u, '')
    .trimStart();
  return start.startsWith('<') && /<svg[\s>]/iu.test(start);
}

async function signature(bytes: Uint8Array): Promise<{ ext: string; mime: string } | undefined> {
  try {
    return await fileTypeFromBuffer(bytes);
  } catch {
    // A file that ends inside its own signature is of no known type.
    return undefined;
  }
}

/** Printable text (UTF-8, or GBK's two-byte characters) with a separator in its first line. */
function isTable(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, TEXT_SAMPLE_BYTES);
  for (const byte of sample) if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return false;
  const text = Buffer.from(sample).toString('latin1');
  const firstLine = text.split(/\r?\n/u).find((line) => line.trim() !== '') ?? '';
  return !firstLine.startsWith('<') && /[,;\t]/u.test(firstLine);
}
