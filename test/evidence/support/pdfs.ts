// PDFs that no word processor writes: built by hand, object by object.
import { deflateSync } from 'node:zlib';

type Part = string | Buffer;

/** Objects from 1 on, a cross-reference table, and a trailer whose root is object 1. */
export function rawPdf(objects: readonly Part[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n', 'latin1')];
  let at = parts[0]?.length ?? 0;
  const offsets = objects.map((object, index) => {
    const start = at;
    const whole = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`, 'latin1'),
      typeof object === 'string' ? Buffer.from(object, 'latin1') : object,
      Buffer.from('\nendobj\n', 'latin1'),
    ]);
    parts.push(whole);
    at += whole.length;
    return start;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
      'latin1',
    ),
  );
  return Buffer.concat(parts);
}

const stream = (dictionary: string, data: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`<< ${dictionary} /Length ${data.length} >>\nstream\n`, 'latin1'),
    data,
    Buffer.from('\nendstream', 'latin1'),
  ]);

const onePage = (catalog: string, content: Part, box = '0 0 595 842'): Part[] => [
  `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
  '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  `<< /Type /Page /Parent 2 0 R /MediaBox [${box}] /Contents 4 0 R /Resources << >> >>`,
  content,
];
const EMPTY = stream('', Buffer.from('q Q'));

export const scriptPdf = (): Buffer =>
  rawPdf(onePage('/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>', EMPTY));
/** The same word with an escape in its name. */
export const hiddenScriptPdf = (): Buffer => rawPdf(onePage('/OpenAction << /S /J#61vaScript /J#53 (1) >>', EMPTY));
export const launchPdf = (): Buffer => rawPdf(onePage('/OpenAction << /S /Launch /F (cmd.exe) >>', EMPTY));
/** The action lies inside a packed object stream. */
export const packedScriptPdf = (): Buffer =>
  rawPdf([
    ...onePage('', EMPTY),
    stream(
      '/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode',
      deflateSync(Buffer.from('9 0 << /S /JavaScript /JS (1) >>')),
    ),
  ]);
/** Opening at a page is no action to fear. */
export const gotoPdf = (): Buffer => rawPdf(onePage('/OpenAction [3 0 R /Fit]', EMPTY));
/** 512 MB of blanks in half a megabyte, and packed once more. */
export const bombPdf = (): Buffer =>
  rawPdf(
    onePage(
      '',
      stream(
        '/Filter [/FlateDecode /FlateDecode]',
        deflateSync(deflateSync(Buffer.alloc(512 * 1024 * 1024, 0x20)), { level: 9 }),
      ),
    ),
  );
export const hugePagePdf = (): Buffer => rawPdf(onePage('', EMPTY, '0 0 200000 200000'));

export function manyPagesPdf(pages: number): Buffer {
  const kids = Array.from({ length: pages }, (_, index) => `${index + 3} 0 R`).join(' ');
  return rawPdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    ...Array.from({ length: pages }, () => '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 50 50] >>'),
  ]);
}
