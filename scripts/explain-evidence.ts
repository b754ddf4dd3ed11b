import { parseArgs } from 'node:util';
import { asId, createLogger, errorText, systemClock, type EvidenceId } from '../src/core/index.js';
import type { EvidenceDocument } from '../src/deals/index.js';
import { createEvidence, createFetchPage, createHttpAsr, createRadar, type Verdict } from '../src/evidence/index.js';
import { createCalendar, createOrg } from '../src/org/index.js';
import { createVault } from '../src/store/index.js';
import { wireVerification } from '../src/verifying.js';
import { operate } from './shared/operate.js';

const USAGE =
  'usage: npm run evidence -- explain [--json] ID…   (the id stands in the address of its page, /m/evidence/ID)';

/** Why a verdict was given, and what is said of the same file today. `now` null: the file was removed. */
export interface Explanation {
  id: string;
  what: string;
  handedInAt: string;
  /** What the flow demanded when it was handed in. */
  request: unknown;
  then: Verdict | null;
  now: Verdict | null;
  /** Codes of checks whose status or measure is another today; `verdict`: its status. */
  different: string[];
}

/** Pure. Sentences may be worded anew; what was measured and decided may not change unseen. */
export function explanationOf(evidence: EvidenceDocument, now: Verdict | null): Explanation {
  const then = evidence.verdict ?? null;
  const of = (verdict: Verdict, code: string): string =>
    JSON.stringify(
      verdict.findings
        .filter((one) => one.code === code)
        .map(({ status, measured, expected }) => [status, measured, expected]),
    );
  const codes = then === null || now === null ? [] : [...then.findings, ...now.findings].map(({ code }) => code);
  const different =
    then === null || now === null
      ? []
      : [
          ...(then.status === now.status ? [] : ['verdict']),
          ...new Set(codes.filter((code) => of(then, code) !== of(now, code))),
        ];
  return {
    id: evidence._id,
    what: `${evidence.clientName} · ${evidence.stageName} · ${evidence.itemName}`,
    handedInAt: evidence.at.toISOString(),
    request: evidence.request,
    then,
    now,
    different,
  };
}

function describe({ what, id, handedInAt, request, then, now, different }: Explanation): string {
  const version = (verdict: Verdict | null): string =>
    verdict === null ? '' : `${verdict.verifier.id} ${verdict.verifier.version}`;
  const lines = [`${id}  ${what}`, `  handed in ${handedInAt}`, `  demanded  ${JSON.stringify(request)}`];
  lines.push(then === null ? '  then: not verified yet' : `  then ${then.status} (${version(then)}): ${then.say}`);
  for (const { code, status, measured, expected, unit, source } of then?.findings ?? []) {
    lines.push(
      `    ${code} ${status}: measured ${measured ?? '-'}, wanted ${expected ?? '-'} ${unit ?? ''} [${source}]`,
    );
  }
  if (now === null) lines.push('  now: its file was removed; the verdict can be explained, not given again');
  else {
    lines.push(`  now  ${now.status} (${version(now)}): ${now.say}`);
    for (const { code, status, measured, expected } of now.findings.filter(({ code }) => different.includes(code))) {
      lines.push(`    ${code} ${status}: measured ${measured ?? '-'}, wanted ${expected ?? '-'}`);
    }
    lines.push(different.length === 0 ? '  the same' : `  different: ${different.join(', ')}`);
  }
  return lines.join('\n');
}

/**
 * `npm run evidence -- explain [--json] ID…`: why a verdict was given (what was measured, against what, by which version, whence), and what the
 * verifiers of today say of the same file. No evidence is changed. Exit 0: the same; 1: another verdict or measure, no such evidence, or its file
 * is gone; 2: wrong usage; 3: the embedded store belongs to a running server.
 */
export function explain(argv: string[]): void {
  let ids: string[];
  let json: boolean;
  try {
    const given = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    });
    ids = given.positionals;
    json = given.values.json;
  } catch (error) {
    console.error(errorText(error));
    ids = [];
    json = false;
  }
  if (ids.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  operate(async ({ connection }, config) => {
    const log = createLogger(process.env.LOG_LEVEL ?? 'error');
    const org = createOrg({ connection, clock: systemClock, calendar: createCalendar({ zone: config.zone }) });
    await org.reload();
    const evidence = createEvidence({
      workers: 1,
      timeoutMs: 60_000,
      ocr: config.ocrEngines,
      log,
      radar: createRadar({ connection, clock: systemClock }),
      ...(config.sandbox ? {} : { fetchPage: createFetchPage() }),
      ...(config.asr === null ? {} : { asr: createHttpAsr(config.asr) }),
    });
    const verification = wireVerification({
      connection,
      vault: createVault(connection),
      evidence,
      // Never started: no verdict leaves this command.
      deals: { judge: () => Promise.reject(new Error('explaining judges nothing')) },
      org,
      clock: systemClock,
      zone: config.zone,
      log,
    });
    let allSame = true;
    try {
      for (const id of ids) {
        const found = await verification.get(asId<EvidenceId>(id));
        if (found === null) {
          allSame = false;
          if (json)
            console.log(JSON.stringify({ id, error: { code: 'evidence.unknown', message: 'no such evidence' } }));
          else console.error(`${id}  no such evidence`);
          continue;
        }
        const explained = explanationOf(found, await verification.again(found));
        allSame &&= explained.now !== null && explained.different.length === 0;
        console.log(json ? JSON.stringify(explained) : describe(explained));
      }
    } finally {
      await evidence.close();
    }
    return allSame ? 0 : 1;
  });
}
