import type { Connection } from 'mongoose';
import type { ConversationDeps } from './conversation/index.js';
import { asId, type Clock, type EvidenceId, type Log, type PersonId } from './core/index.js';
import { createVerification, mentionsOf, type Deals, type Verification } from './deals/index.js';
import type { Evidence } from './evidence/index.js';
import type { Org } from './org/index.js';
import type { Vault } from './store/index.js';

/** Between the queue of evidence, the workers that look at it, and the gate that hears the verdict. */
export function wireVerification(deps: {
  connection: Connection;
  vault: Vault;
  evidence: Evidence;
  deals: Pick<Deals, 'judge'>;
  org: Org;
  clock: Clock;
  zone: string;
  log: Log;
}): Verification {
  const { evidence, deals, org, ...rest } = deps;
  return createVerification({
    ...rest,
    verify: (request, file, context, earlier) => evidence.verify(request, file, context, earlier),
    judge: async (found, verdict) => {
      await deals.judge({
        key: `verdict:${found._id}:${found.round}`,
        dealId: found.dealId,
        evidenceId: found._id,
        by: null,
        platform: found.platform,
        status: verdict.status,
        say: verdict.say,
        codes: verdict.findings.filter((finding) => finding.status !== 'passed').map((finding) => finding.code),
        mentions: mentionsOf({ verdict }),
      });
    },
    client: (found) => {
      const client = org.client(found.clientId);
      return { name: found.clientName, aliases: client?.aliases ?? [], sites: client?.sites ?? [] };
    },
    personName: (id) => org.person(id)?.name ?? '',
    maySee: (by, found) => org.canSee(by, found),
  });
}

/** Does a file that nobody asked for hold what a rule of the flow looks for? Nothing is kept of the looking. */
export const fileFits = async (
  { evidence, clock, zone }: { evidence: Evidence; clock: Clock; zone: string },
  ...[file, bytes, when]: Parameters<ConversationDeps['fileFits']>
): Promise<boolean> => {
  const demands = {
    ...(when.fileContains === undefined ? {} : { containsText: when.fileContains }),
    ...(when.largerThanBytes === undefined ? {} : { largerThanBytes: when.largerThanBytes }),
  };
  const now = clock.now();
  const verdict = await evidence.verify(
    { kind: 'file', formats: ['PDF'], demands },
    { bytes, name: file.name },
    {
      evidenceId: asId<EvidenceId>(file.id),
      by: asId<PersonId>('-'),
      askedAt: null,
      receivedAt: now,
      now,
      zone,
      client: { name: '', aliases: [], sites: [] },
      positions: [],
      reuseOf: null,
    },
  );
  return verdict.status === 'passed';
};
