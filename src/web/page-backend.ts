import { NotAllowedError, NotFoundError, type Clock, type EvidenceId } from '../core/index.js';
import {
  mostUrgentFirst,
  type DealDocument,
  type Deals,
  type EvidenceDocument,
  type Verification,
} from '../deals/index.js';
import type { Insights } from '../insights/index.js';
import type { Org, Person, Scope, WorkCalendar } from '../org/index.js';
import type { Outbox } from '../outbox/index.js';
import type { Todos } from '../todos/index.js';
import type { Vault } from '../store/index.js';
import type { EvidenceView, PageBackend, Picture, Viewer } from './backend.js';
import { correctNameplate, deviceRows, type DeviceDeps } from './devices.js';
import { lookRows } from './look-rows.js';
import type { Looks } from './looks.js';
import type { Proofs } from './proofs.js';
import { mayRefuse, type ReviewDeskDeps } from './reviews.js';
import { seesUndelivered } from './undelivered.js';
import { dealRow, dealView } from './views-deal.js';
import { evidenceView, goneWords, submissionView } from './views-evidence.js';
import { digestView, figureView, managerHome } from './views-figures.js';

export interface PageBackendDeps extends Pick<DeviceDeps, 'equipment' | 'equipmentList'> {
  org: Org;
  calendar: WorkCalendar;
  deals: Deals;
  todos: Pick<Todos, 'openFor'>;
  outbox: Pick<Outbox, 'counts'>;
  verification: Verification;
  insights: Insights;
  vault: Vault;
  /** Re-encoded copy with the server's own bar below the picture. */
  printWatermark: (bytes: Uint8Array, lines: readonly string[]) => Promise<Buffer>;
  /** Who looked at which evidence is recorded. */
  looks: Looks;
  proofs: Pick<Proofs, 'print'>;
  clock: Clock;
}

/** Figures of the home page: `LIVE` in addresses. */
const LIVE = 'now';
const STUCK_SHOWN = 12;
const DIGESTS_SHOWN = 7;

/** What the phone pages show, each answer made for one viewer and for nobody else. */
export function createPageBackend(deps: PageBackendDeps): PageBackend & Pick<ReviewDeskDeps, 'evidenceOf'> {
  const { org, calendar, deals, insights } = deps;

  const person = (viewer: Viewer): Person => {
    const found = org.person(viewer.personId);
    if (found === undefined || (found.leftAt !== undefined && found.leftAt <= deps.clock.now())) {
      throw new NotAllowedError('person.left', `${viewer.personId} is not active`, {
        say: '你已经不在这个组织里了，看不到这里的内容。',
      });
    }
    return found;
  };

  async function visibleDeal(viewer: Viewer, id: string): Promise<DealDocument> {
    person(viewer);
    const deal = await deals.get(id as DealDocument['_id']);
    if (deal === null)
      throw new NotFoundError('deal.unknown', `no deal ${id}`, { say: '没有这个商机，可能链接不完整。' });
    if (!org.canSee(viewer.personId, deal)) {
      throw new NotAllowedError('deal.out_of_scope', `${viewer.personId} may not see ${id}`, {
        say: '这个商机不在你能看的范围里。',
      });
    }
    return deal;
  }

  async function visibleEvidence(
    viewer: Viewer,
    id: string,
  ): Promise<{ evidence: EvidenceDocument; deal: DealDocument }> {
    const evidence = await deps.verification.get(id as EvidenceId);
    if (evidence === null) throw new NotFoundError('evidence.unknown', `no evidence ${id}`, { say: '没有这份材料。' });
    return { evidence, deal: await visibleDeal(viewer, evidence.dealId) };
  }

  const scopeOf = (viewer: Viewer): Scope => org.scopeOf(viewer.personId);
  const leads = (scope: Scope): boolean => scope.all || scope.regionIds.length > 0 || scope.teamIds.length > 0;
  const scopeName = (scope: Scope): string =>
    scope.all
      ? '全公司'
      : [
          ...scope.regionIds.map((one) => org.region(one)?.name ?? one),
          ...scope.teamIds.map((one) => org.team(one)?.name ?? one),
        ].join('、');
  /** What a digest covers may be read by those who see all of it. */
  const mayRead = (viewer: Viewer, subjectId: string): boolean => {
    if (subjectId === viewer.personId) return true;
    const scope = scopeOf(viewer);
    const group = org.group(subjectId);
    if (scope.all) return true;
    if (group === undefined) return false;
    if (scope.regionIds.includes(group.regionId)) return true;
    return group.teamId !== undefined && scope.teamIds.includes(group.teamId);
  };

  async function readDigest(viewer: Viewer, id: string) {
    person(viewer);
    const digest = await insights.digest(id);
    if (digest === null)
      throw new NotFoundError('digest.unknown', `no digest ${id}`, { say: '没有这份日报，可能链接不完整。' });
    if (!mayRead(viewer, digest.subjectId)) {
      throw new NotAllowedError('digest.out_of_scope', `${viewer.personId} may not read ${id}`, {
        say: '这份日报不在你能看的范围里。',
      });
    }
    return digest;
  }

  /** Whom an earlier picture belongs to, said to those who may know. */
  async function reuseOf(viewer: Viewer, { verdict }: EvidenceDocument): Promise<EvidenceView['reuse']> {
    const id = verdict?.facts['reuseOf'];
    const other = typeof id === 'string' ? await deps.verification.get(id as EvidenceId) : null;
    if (other === null) return null;
    if (!org.canSee(viewer.personId, other))
      return { text: '以前在别的商机用过，不在你能看的范围里。', evidenceId: null };
    const by = org.person(other.by)?.name ?? '';
    const day = calendar.localDate(other.at);
    return { text: `${day} ${by} 在「${other.clientName}」交过，用于${other.itemName}。`, evidenceId: other._id };
  }

  const views = { org, calendar, deals, now: () => deps.clock.now() };

  return {
    async evidenceOf(viewer, evidence) {
      const deal = await deals.get(evidence.dealId);
      if (deal === null || !org.canSee(viewer.personId, deal)) return null;
      return evidenceView(views, deal, evidence, true, await reuseOf(viewer, evidence));
    },

    async home(viewer) {
      const me = person(viewer);
      const now = deps.clock.now();
      const scope = scopeOf(viewer);
      if (leads(scope)) {
        const [figures, open, digests, reviews, messages] = await Promise.all([
          insights.figures({ ...scope, personIds: [] }, now),
          insights.openIn({ ...scope, personIds: [] }),
          insights.digestsOf(viewer.personId, DIGESTS_SHOWN),
          deps.todos.openFor(viewer.personId, 'review'),
          seesUndelivered(me) ? deps.outbox.counts() : null,
        ]);
        return managerHome(views, {
          me,
          scope: scopeName(scope),
          figures,
          open: open.slice(0, STUCK_SHOWN),
          digests,
          reviews: reviews.length,
          undelivered: messages?.dead ?? 0,
          mayRecall: seesUndelivered(me),
        });
      }
      const mine = await deals.find({ ownerId: viewer.personId }, 60);
      const rows = mine.sort(mostUrgentFirst).map((deal) => dealRow(views, deal));
      return {
        kind: 'rep',
        me: { id: me.id, name: me.name, title: me.title },
        asOf: now.toISOString(),
        deals: rows.filter((row) => row.status === 'open'),
        closed: rows.filter((row) => row.status !== 'open').slice(0, 10),
      };
    },

    async digest(viewer, id) {
      const digest = await readDigest(viewer, id);
      return digestView(views, digest);
    },

    async figure(viewer, digestId, figureId) {
      if (digestId !== LIVE) {
        const digest = await readDigest(viewer, digestId);
        return figureView(views, digest, { id: digestId, title: digest.scopeName, figureId });
      }
      person(viewer);
      const scope = scopeOf(viewer);
      const figures = await insights.figures(leads(scope) ? { ...scope, personIds: [] } : scope, deps.clock.now());
      return figureView(views, figures, { id: LIVE, title: scopeName(scope), figureId });
    },

    async deal(viewer, id) {
      const deal = await visibleDeal(viewer, id);
      const [evidence, devices] = await Promise.all([
        deps.verification.ofDeal(deal._id),
        deviceRows(deps, viewer, deal),
      ]);
      return dealView(views, deal, evidence, devices);
    },

    async evidence(viewer, id) {
      if ((await deps.verification.get(id as EvidenceId)) === null) {
        // Tags, words, choices: judged by the gate itself, so there is no verification to show.
        const holder = await deals.ofEvidence(id as EvidenceId);
        if (holder !== null) return submissionView(views, await visibleDeal(viewer, holder._id), id);
      }
      const { evidence, deal } = await visibleEvidence(viewer, id);
      const isTheirs = leads(scopeOf(viewer)) || evidence.by === viewer.personId;
      const looked = isTheirs ? await deps.looks.of(id) : [];
      await deps.looks.record({ who: viewer.personId, what: id, which: 'page', at: deps.clock.now() });
      const view = evidenceView(
        views,
        deal,
        evidence,
        isTheirs,
        await reuseOf(viewer, evidence),
        mayRefuse(org, viewer, evidence),
      );
      return { ...view, looks: lookRows(org, looked) };
    },

    async correctNameplate(viewer, id, body) {
      const { evidence } = await visibleEvidence(viewer, id);
      await correctNameplate(deps, viewer, evidence, leads(scopeOf(viewer)) || evidence.by === viewer.personId, body);
      return { text: '记下了，设备清单跟着变。机器读到的也留着。' };
    },

    async picture(viewer, id, which): Promise<Picture> {
      const { evidence } = await visibleEvidence(viewer, id);
      const { file } = evidence;
      if (file === undefined)
        throw new NotFoundError('evidence.no_file', `${id} has no file`, { say: '这份材料没有文件。' });
      if (file.goneAt !== undefined) {
        throw new NotFoundError('evidence.file_removed', `the file of ${id} was removed`, {
          say: `${goneWords(file)}；核验结果和指纹还留着。`,
        });
      }
      // A voice has no copy with marks on it: whoever hears it hears the original.
      const original = which === 'original' || file.mime.startsWith('audio/');
      if (original && !leads(scopeOf(viewer)) && evidence.by !== viewer.personId) {
        throw new NotAllowedError('evidence.original', `${viewer.personId} may not see the original`, {
          say: '原图只有提交人和他的上级能看。',
        });
      }
      // A thumbnail in a list is no look at the picture.
      if (which !== 'thumb')
        await deps.looks.record({
          who: viewer.personId,
          what: id,
          // Only pictures have a marked copy.
          which: original || !file.mime.startsWith('image/') ? 'original' : 'copy',
          at: deps.clock.now(),
        });
      const bytes = await deps.vault.read(file.id);
      if (which === 'original' || !file.mime.startsWith('image/')) return { bytes, mime: file.mime, name: file.name };
      const copy = await deps.printWatermark(bytes, which === 'thumb' ? [] : await deps.proofs.print(evidence));
      return { bytes: copy, mime: 'image/jpeg', name: `${evidence._id}.jpg` };
    },
  };
}
