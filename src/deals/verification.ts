import type { Connection } from 'mongoose';
import { errorText, MINUTE, SECOND, type Clock, type EvidenceId, type Log, type PersonId } from '../core/index.js';
import type {
  EarlierEvidence,
  EvidenceContext,
  EvidenceFile,
  EvidenceRequest,
  LookUpEarlier,
  Position,
  Verdict,
  VoiceWitness,
} from '../evidence/index.js';
import { AS_GIVEN, isDuplicateKey, type Vault } from '../store/index.js';
import type { EvidenceDocument } from './model.js';

/** Due rows of evidence: claimed with a lease, verified in the workers, judged by the gate. */
export interface Verification {
  /** Idempotent: the same evidence id is the same evidence. */
  add(evidence: EvidenceDocument): Promise<void>;
  get(id: EvidenceId): Promise<EvidenceDocument | null>;
  /** The evidence on whose copies this code is printed. */
  byProof(code: string): Promise<EvidenceDocument | null>;
  keepProof(id: EvidenceId, code: string): Promise<void>;
  many(ids: readonly EvidenceId[]): Promise<EvidenceDocument[]>;
  ofDeal(dealId: string): Promise<EvidenceDocument[]>;
  /**
   * A position came after the photo: evidence of this person that only lacked it is verified again.
   * Returns what is verified again.
   */
  addPosition(by: PersonId, position: Position): Promise<EvidenceDocument[]>;
  note(id: EvidenceId, entry: EvidenceDocument['history'][number]): Promise<void>;
  /** Something was said of a recording (consent, its words): it is verified again. The first word of a kind holds; false when there was one. */
  addWitness(
    id: EvidenceId,
    witness: Pick<VoiceWitness, 'statement' | 'typed'>,
    entry: EvidenceDocument['history'][number],
  ): Promise<boolean>;
  /** The file goes now, and the words that came with it: nobody agreed to their being kept. */
  forget(id: EvidenceId, entry: EvidenceDocument['history'][number]): Promise<void>;
  /** What a person wrote instead of what was read; told in the history. */
  correct(
    id: EvidenceId,
    by: PersonId,
    changes: Partial<Record<'model' | 'serial', string>>,
    entry: EvidenceDocument['history'][number],
  ): Promise<void>;
  /** A person refused what the machine had passed; kept once. */
  refuse(id: EvidenceId, by: PersonId, entry: EvidenceDocument['history'][number]): Promise<void>;
  /** The latest first. */
  refusedSince(since: Date, limit: number): Promise<EvidenceDocument[]>;
  sweep(): Promise<void>;
  queueLength(): Promise<number>;
  /**
   * The same evidence looked at again by the verifiers of today, with what was known when it came; nothing of it is kept. The client's sites and
   * other names are those of today. Null: its file is gone.
   */
  again(evidence: EvidenceDocument): Promise<Verdict | null>;
  /** What this process knows to be before evidence that is added now; no look at the store. */
  ahead(): number;
  start(): void;
  stop(): Promise<void>;
}

export interface VerificationDeps {
  connection: Connection;
  vault: Vault;
  verify: (
    request: EvidenceRequest,
    file: EvidenceFile | null,
    context: EvidenceContext,
    earlier: LookUpEarlier,
  ) => Promise<Verdict>;
  /** Brings the verdict to the gate; idempotent by evidence and round. */
  judge: (evidence: EvidenceDocument, verdict: Verdict) => Promise<void>;
  /** What is known of the client: name, other names, sites. */
  client: (evidence: EvidenceDocument) => EvidenceContext['client'];
  personName: (id: PersonId) => string;
  /** May a person see the deal of an evidence? */
  maySee: (by: PersonId, evidence: EvidenceDocument) => boolean;
  clock: Clock;
  zone: string;
  log: Log;
}

const LEASE_MS = 90 * SECOND;
const MAX_ATTEMPTS = 3;
/** The workers queue behind this (two cores on the smallest machine); a recording spends its time waiting for a service, and photos go past it. */
const AT_ONCE = 4;
/** 补定位 is taken this long after the photo. */
const LATE_POSITION_MS = 30 * MINUTE;

/** Said when our own checking broke, not the evidence: nothing alleged, nothing passed, a person may look. */
const BROKEN: Omit<Verdict, 'facts'> = {
  status: 'unchecked',
  findings: [{ code: 'verifier.unavailable', status: 'unchecked', measured: null, expected: null, source: 'verifier' }],
  say: '已收下，但这会儿没能核验成（不是你的问题）。可以请主管看一眼，或者过会儿再交一次。',
  verifier: { id: 'none', version: '1' },
};

/** Personal papers are refused and not kept, not even until the retention's night: the verdict and the hash are. */
const isUnwanted = ({ verdict }: EvidenceDocument): boolean =>
  verdict?.findings.some(({ code }) => code === 'file.id_document') ?? false;

export function createVerification(deps: VerificationDeps): Verification {
  const rows = deps.connection.collection('evidence');
  let stopped = true;
  /** Added here and not looked at yet; what other processes took is forgotten when nothing is due any more. */
  const waiting = new Set<string>();
  let inWork = 0;
  let running: Promise<void> | null = null;
  let again = false;

  async function reuseOf(evidence: EvidenceDocument): Promise<EvidenceContext['reuseOf']> {
    if (evidence.file === undefined) return null;
    const same = (await rows
      .find({ 'file.sha256': evidence.file.sha256, _id: { $ne: evidence._id } } as never)
      .sort({ at: 1, _id: 1 })
      .limit(20)
      .toArray()) as unknown as EvidenceDocument[];
    for (const other of same) {
      const found = earlierThan(evidence, other);
      if (found !== null) return found;
    }
    return null;
  }

  /** Null: it came later, or is the same person's second try. */
  function earlierThan(evidence: EvidenceDocument, other: EvidenceDocument): EarlierEvidence | null {
    const earlier =
      other.at < evidence.at || (other.at.getTime() === evidence.at.getTime() && other._id < evidence._id);
    const sameVisit = other.by === evidence.by && other.visitId === evidence.visitId;
    // Handing in the same picture again for the same question, after it did not pass, is a second try and no reuse.
    const secondTry = sameVisit && other.itemId === evidence.itemId && other.verdict?.status !== 'passed';
    if (!earlier || secondTry) return null;
    const serial = other.verdict?.facts['serial'];
    return {
      evidenceId: other._id,
      at: other.at,
      clientName: other.clientName,
      byName: deps.personName(other.by),
      mayName: deps.maySee(evidence.by, other),
      sameVisit,
      ...(typeof serial === 'string' ? { serial } : {}),
    };
  }

  async function verify(evidence: EvidenceDocument): Promise<Verdict> {
    const file =
      evidence.file === undefined ? null : { bytes: await deps.vault.read(evidence.file.id), name: evidence.file.name };
    const context: EvidenceContext = {
      evidenceId: evidence._id,
      by: evidence.by,
      askedAt: evidence.askedAt,
      receivedAt: evidence.at,
      now: deps.clock.now(),
      zone: deps.zone,
      client: deps.client(evidence),
      positions: evidence.positions,
      reuseOf: await reuseOf(evidence),
      ...(evidence.voice === undefined ? {} : { voice: evidence.voice }),
    };
    return deps.verify(evidence.request, file, context, async (id) => {
      const other = (await rows.findOne({ _id: id })) as unknown as EvidenceDocument | null;
      return other === null ? null : earlierThan(evidence, other);
    });
  }

  async function workOn(evidence: EvidenceDocument): Promise<void> {
    let current = evidence;
    try {
      if (current.state === 'waiting') {
        let verdict: Verdict;
        try {
          verdict = await verify(current);
        } catch (error) {
          if (current.attempts < MAX_ATTEMPTS) throw error;
          deps.log.error({ err: error, evidence: current._id }, 'verification given up: unchecked');
          verdict = { ...BROKEN, facts: {} };
        }
        await rows.updateOne(
          { _id: current._id, round: current.round },
          {
            $set: { state: 'verified', verdict },
            $push: {
              history: { at: deps.clock.now(), who: '系统', status: verdict.status, text: verdict.say },
            } as never,
          },
        );
        current = { ...current, state: 'verified', verdict };
      }
      if (isUnwanted(current)) await forgetFile(current);
      if (current.verdict !== undefined) await deps.judge(current, current.verdict);
      await rows.updateOne(
        { _id: current._id, round: current.round },
        { $set: { state: 'judged' }, $unset: { leasedUntil: '' } },
      );
    } catch (error) {
      const waitMs = SECOND * 3 ** current.attempts;
      deps.log.warn({ error: errorText(error), evidence: current._id, waitMs }, 'verification will be tried again');
      await rows.updateOne(
        { _id: current._id },
        { $set: { dueAt: new Date(deps.clock.now().getTime() + waitMs) }, $unset: { leasedUntil: '' } },
      );
      const timer = setTimeout(wake, waitMs + 20);
      timer.unref();
    }
  }

  /** Before anybody is told that it is not kept. */
  async function forgetFile({ _id, file }: EvidenceDocument): Promise<void> {
    if (file === undefined) return;
    await deps.vault.remove(file.id);
    await rows.updateOne(
      { _id },
      {
        $set: { 'file.goneAt': deps.clock.now(), 'file.goneFor': 'personal-papers' },
      },
    );
  }

  async function claim(): Promise<EvidenceDocument | null> {
    const now = deps.clock.now();
    const free = { $or: [{ leasedUntil: { $exists: false } }, { leasedUntil: { $lte: now } }] };
    const candidates = await rows
      .find({ state: { $in: ['waiting', 'verified'] }, dueAt: { $lte: now }, ...free }, { projection: { _id: 1 } })
      .sort({ dueAt: 1 })
      .limit(10)
      .toArray();
    for (const { _id } of candidates) {
      const claimed = (await rows.findOneAndUpdate(
        { _id, state: { $in: ['waiting', 'verified'] }, ...free },
        { $set: { leasedUntil: new Date(now.getTime() + LEASE_MS) }, $inc: { attempts: 1 } },
        { returnDocument: 'after' },
      )) as unknown as EvidenceDocument | null;
      if (claimed !== null) return claimed;
    }
    waiting.clear();
    return null;
  }

  function sweep(): Promise<void> {
    if (running !== null) {
      again = true;
      return running;
    }
    const work = async (): Promise<void> => {
      for (let next = stopped ? null : await claim(); next !== null; next = stopped ? null : await claim()) {
        waiting.delete(next._id);
        inWork += 1;
        await workOn(next).finally(() => (inWork -= 1));
      }
    };
    running = (async () => {
      do {
        again = false;
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      } while (again && !stopped);
    })().finally(() => {
      running = null;
    });
    return running;
  }

  function wake(): void {
    if (stopped) return;
    sweep().catch((error: unknown) => deps.log.error({ err: error }, 'verification sweep failed'));
  }

  return {
    async add(evidence) {
      try {
        await rows.insertOne(evidence as never, AS_GIVEN);
        waiting.add(evidence._id);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      wake();
    },
    async get(id) {
      return (await rows.findOne({ _id: id })) as unknown as EvidenceDocument | null;
    },
    async byProof(code) {
      return (await rows.findOne({ proof: code })) as unknown as EvidenceDocument | null;
    },
    async keepProof(id, code) {
      await rows.updateOne({ _id: id }, { $set: { proof: code } });
    },
    async many(ids) {
      return (await rows.find({ _id: { $in: [...ids] } } as never).toArray()) as unknown as EvidenceDocument[];
    },
    async ofDeal(dealId) {
      return (await rows.find({ dealId }).sort({ at: 1 }).toArray()) as unknown as EvidenceDocument[];
    },
    async addPosition(by, position) {
      const now = deps.clock.now();
      const since = new Date(now.getTime() - LATE_POSITION_MS);
      const lacking = (await rows
        .find({ by, at: { $gte: since }, state: 'judged', 'verdict.status': 'unchecked' } as never)
        .toArray()) as unknown as EvidenceDocument[];
      const again: EvidenceDocument[] = [];
      for (const evidence of lacking) {
        const onlyPlace = evidence.verdict?.findings.some(
          (finding) => finding.code === 'photo.position' && finding.status !== 'passed',
        );
        if (onlyPlace !== true) continue;
        const put = await rows.updateOne(
          { _id: evidence._id, round: evidence.round, state: 'judged' },
          {
            $set: { state: 'waiting', dueAt: now, attempts: 0 },
            $inc: { round: 1 },
            $push: { positions: position } as never,
          },
        );
        if (put.modifiedCount > 0) again.push(evidence);
      }
      if (again.length > 0) wake();
      return again;
    },
    async addWitness(id, witness, entry) {
      const fresh = Object.keys(witness).map((name) => [`voice.${name}`, { $exists: false }]);
      const said = Object.entries(witness).map(([name, value]) => [`voice.${name}`, value]);
      const put = await rows.updateOne({ _id: id, 'file.goneAt': { $exists: false }, ...Object.fromEntries(fresh) }, {
        $set: { state: 'waiting', dueAt: deps.clock.now(), attempts: 0, ...Object.fromEntries(said) },
        // Whoever is at it now looks at the round before; this one is taken up afresh.
        $unset: { leasedUntil: '' },
        $inc: { round: 1 },
        $push: { history: entry },
      } as never);
      if (put.modifiedCount > 0) wake();
      return put.modifiedCount > 0;
    },
    async forget(id, entry) {
      const evidence = (await rows.findOne({ _id: id })) as unknown as EvidenceDocument | null;
      if (evidence?.file === undefined || evidence.file.goneAt !== undefined) return;
      await deps.vault.remove(evidence.file.id);
      await rows.updateOne({ _id: id }, {
        $set: { state: 'judged', 'file.goneAt': deps.clock.now(), 'file.goneFor': 'no-consent' },
        $unset: { leasedUntil: '', 'voice.heard': '' },
        $inc: { round: 1 },
        $push: { history: entry },
      } as never);
    },
    async note(id, entry) {
      await rows.updateOne({ _id: id }, { $push: { history: entry } as never });
    },
    async correct(id, by, changes, entry) {
      const set = Object.fromEntries(
        Object.entries(changes).map(([name, value]) => [`corrected.${name}`, { value, by, at: entry.at }]),
      );
      await rows.updateOne({ _id: id }, { $set: set, $push: { history: entry } as never });
    },
    async refuse(id, by, entry) {
      await rows.updateOne(
        { _id: id, refused: { $exists: false } },
        {
          $set: { refused: { by, at: entry.at } },
          $push: { history: entry } as never,
        },
      );
    },
    async refusedSince(since, limit) {
      const found = rows.find({ 'refused.at': { $gte: since } }).sort({ 'refused.at': -1 });
      return (await found.limit(limit).toArray()) as unknown as EvidenceDocument[];
    },
    sweep,
    async queueLength() {
      return rows.countDocuments({ state: { $in: ['waiting', 'verified'] } });
    },
    async again(evidence) {
      if (evidence.file !== undefined && (await deps.vault.info(evidence.file.id)) === null) return null;
      return await verify(evidence);
    },
    ahead: () => waiting.size + inWork,
    start() {
      stopped = false;
      wake();
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
