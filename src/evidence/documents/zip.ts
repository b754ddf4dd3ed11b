import { inflateRawSync } from 'node:zlib';
import { BadFileError } from '../errors.js';
import {
  MAX_SHEET_CELLS,
  MAX_SHEET_INFLATED_BYTES,
  MAX_SHEET_RATIO,
  MAX_SHEET_ROWS,
  MAX_ZIP_ENTRIES,
} from '../limits.js';

interface ZipEntry {
  name: string;
  method: number;
  packed: Buffer;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
/** Small files repeat themselves a lot (styles, empty rows); the ratio counts from this size on. */
const RATIO_FROM_BYTES = 2 * 1024 * 1024;

/**
 * Lets a workbook through to the parser only when what it inflates to is small: bytes are counted while inflating (a directory can lie),
 * rows and cells before any object is made of them.
 */
export function guardWorkbook(bytes: Uint8Array): void {
  let inflated = 0;
  let rows = 0;
  let cells = 0;
  for (const { name, method, packed } of entries(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    const content = method === 0 ? packed : inflate(packed, MAX_SHEET_INFLATED_BYTES - inflated);
    inflated += content.length;
    if (inflated > MAX_SHEET_INFLATED_BYTES) throw new BadFileError('file.bomb', 'inflates too far', inflated);
    if (content.length > RATIO_FROM_BYTES && content.length > packed.length * MAX_SHEET_RATIO) {
      throw new BadFileError('file.bomb', 'inflates suspiciously well', Math.round(content.length / packed.length));
    }
    if (!/^xl\/worksheets\/[^/]+\.xml$/u.test(name)) continue;
    rows += occurrences(content, '<row');
    cells += occurrences(content, '<c ');
    if (rows > MAX_SHEET_ROWS || cells > MAX_SHEET_CELLS)
      throw new BadFileError('file.too_many_rows', 'too many rows or cells', rows);
  }
}

function inflate(packed: Buffer, room: number): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, room) });
  } catch (cause) {
    const tooLong = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw new BadFileError(tooLong ? 'file.bomb' : 'file.broken', 'an entry cannot be inflated', null, cause);
  }
}

function occurrences(content: Buffer, what: string): number {
  let count = 0;
  for (let at = content.indexOf(what); at !== -1; at = content.indexOf(what, at + what.length)) count += 1;
  return count;
}

/** Entries of the central directory. ZIP64 and encryption are not for workbooks of this size. */
function entries(zip: Buffer): ZipEntry[] {
  const broken = (): BadFileError => new BadFileError('file.broken', 'the zip directory is damaged');
  let end = -1;
  for (let at = zip.length - 22; at >= Math.max(0, zip.length - 22 - 65_535); at -= 1) {
    if (zip.readUInt32LE(at) === END_OF_DIRECTORY) {
      end = at;
      break;
    }
  }
  if (end === -1) throw broken();
  const count = zip.readUInt16LE(end + 10);
  if (count > MAX_ZIP_ENTRIES) throw new BadFileError('file.bomb', 'too many entries', count);
  const out: ZipEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw broken();
    const flags = zip.readUInt16LE(at + 8);
    const method = zip.readUInt16LE(at + 10);
    const packedBytes = zip.readUInt32LE(at + 20);
    const nameBytes = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes);
    if ((flags & 1) !== 0) throw new BadFileError('file.encrypted', 'an entry needs a password');
    if (method !== 0 && method !== 8) throw broken();
    if (local + 30 > zip.length || zip.readUInt32LE(local) !== LOCAL_HEADER) throw broken();
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    if (from + packedBytes > zip.length) throw broken();
    out.push({ name, method, packed: zip.subarray(from, from + packedBytes) });
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return out;
}
