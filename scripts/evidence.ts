// npm run evidence -- explain [--json] ID…   (scripts/evidence/explain.ts)
// npm run evidence -- read --kind watermark|door-plate|nameplate|photo|pdf|sheet [--list FILE] [--json] FILE…
// What the extractors find in files, without a store. Exit 0: all read; 1: a file could not be read; 2: wrong usage.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createLogger, errorCode, errorText } from '../src/core/index.js';
import { explain } from './explain-evidence.js';
import { BadFileError, createEvidence, FACT_KINDS, readFacts, type FactKind } from '../src/evidence/index.js';

interface Options {
  kind: FactKind;
  list: string[] | undefined;
  json: boolean;
  files: string[];
}

const USAGE = `usage: npm run evidence -- read --kind ${FACT_KINDS.join('|')} [--list FILE] [--json] FILE…\n       npm run evidence -- explain [--json] ID…`;

class UsageError extends Error {}

async function options(argv: string[]): Promise<Options> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { kind: { type: 'string' }, list: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [command, ...files] = positionals;
  const problems: string[] = [];
  if (command !== 'read') problems.push(`unknown command ${command ?? '(none)'}: only "read" and "explain" exist`);
  const kind = FACT_KINDS.find((one) => one === values.kind);
  if (kind === undefined) problems.push(`--kind ${values.kind ?? '(none)'}: one of ${FACT_KINDS.join(', ')}`);
  if (files.length === 0) problems.push('no file given');
  let list: string[] | undefined;
  if (values.list !== undefined) {
    try {
      list = (await readFile(values.list, 'utf8'))
        .split(/\r?\n/u)
        .map((line) => line.trim())
        .filter((line) => line !== '');
    } catch (error) {
      problems.push(`--list ${values.list}: ${errorText(error)}`);
    }
  }
  if (problems.length > 0 || kind === undefined) throw new UsageError(problems.join('\n'));
  return { kind, list, json: values.json, files };
}

async function main(argv: string[]): Promise<number> {
  let given: Options;
  try {
    given = await options(argv);
  } catch (error) {
    console.error(`${errorText(error)}\n${USAGE}`);
    return 2;
  }
  const { kind, list, json, files } = given;
  const evidence = createEvidence({
    workers: 1,
    // Nobody waits with a phone in the hand: the slowest picture on the busiest machine may take its time.
    timeoutMs: 60_000,
    ocr: process.env.OCR_ENGINES === 'tesseract' ? 'tesseract' : 'both',
    log: createLogger(process.env.LOG_LEVEL ?? 'error'),
  });
  let failures = 0;
  try {
    for (const file of files) {
      const started = performance.now();
      const line = await read(file);
      const ms = Math.round(performance.now() - started);
      if ('error' in line) failures += 1;
      if (json) console.log(JSON.stringify('error' in line ? { file, ...line } : { file, kind, ...line, ms }));
      else console.log(`${file}  ${ms} ms\n${describe('error' in line ? line.error : line.facts)}`);
    }
  } finally {
    await evidence.close();
  }
  return failures === 0 ? 0 : 1;

  async function read(
    file: string,
  ): Promise<{ facts: Record<string, unknown> } | { error: { code: string; message: string } }> {
    try {
      const bytes = await readFile(file);
      return { facts: await readFacts(evidence, kind, bytes, list === undefined ? {} : { list }) };
    } catch (error) {
      const code = error instanceof BadFileError ? error.code : errorCode(error);
      return { error: { code, message: errorText(error) } };
    }
  }
}

function describe(facts: object): string {
  return Object.entries(facts)
    .map(([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'explain') explain(rest);
else process.exitCode = await main(process.argv.slice(2));
