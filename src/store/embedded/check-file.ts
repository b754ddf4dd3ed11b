import { open } from 'lmdb';

/**
 * A program of its own: `node check-file.js DIR` reads every entry of a data file. Pages that are not there end the process
 * with a bus error, which is why it is not done where it would take the store along.
 */
const path = process.argv[2] ?? '';
const db = open<Buffer, Buffer>({ path, keyEncoding: 'binary', encoding: 'binary', readOnly: true });
let bytes = 0;
for (const { key, value } of db.getRange()) bytes += key.length + value.length;
process.exitCode = bytes >= 0 ? 0 : 1;
await db.close();
