import type { ClientId, DealId, EvidenceId, PersonId, StageVisitId } from '../core/index.js';
import type { DealEvent } from '../deals/index.js';
import type { ItemKind, SubmissionStatus } from '../flow/index.js';

/**
 * What a stage visit owes: one document per visit, folded from the deal's events and from nothing else, so that it can
 * be rebuilt and must come out equal. All fields are always there (null, not absent): two rows can be compared plainly.
 */
export interface Obligation {
  _id: StageVisitId;
  dealId: DealId;
  clientId: ClientId;
  clientName: string;
  ownerId: PersonId;
  teamId: string;
  regionId: string;
  productLine: string;
  flowId: string;
  flowHash: string;
  stageId: string;
  stageName: string;
  /** As people read it: `5工作日`. */
  limit: string;
  required: { itemId: string; itemName: string }[];
  enteredAt: Date;
  dueAt: Date;
  /** `dropped`: left without being passed (deal lost, or gone back). It stays owed if it was due by then. */
  state: 'open' | 'passed' | 'dropped';
  /** When it was passed or dropped. */
  endedAt: Date | null;
  passedItems: string[];
  exemptItems: string[];
  /** Required items that were let go when the visit was passed. */
  exempted: number;
  submissions: SubmissionTrace[];
  /** Forward skips that were refused during this visit. */
  skipAttempts: number;
  /** The last counted event: something was handed in, passed or exempted, or the owner is new. A note of why nothing moved is none. */
  lastEventAt: Date;
  postponed: { at: Date; reason: string } | null;
  /** What the owner answered when asked why nothing moves. Absent until then: rows from before the first answer stay equal. */
  answers?: { at: Date; text: string }[];
  /** Order of the last event folded into this row. */
  ver: number;
  n: number;
}

export interface SubmissionTrace {
  evidenceId: EvidenceId;
  itemId: string;
  itemName: string;
  kind: ItemKind;
  at: Date;
  status: SubmissionStatus;
  /** Finding codes of the last verdict that did not pass. */
  codes: string[];
  /** The first verdict that decides: `review` and `unchecked` wait for one. */
  first: { status: 'passed' | 'failed'; at: Date } | null;
}

export interface Order {
  ver: number;
  n: number;
}
export function isAfter(a: Order, b: Order): boolean {
  return a.ver > b.ver || (a.ver === b.ver && a.n > b.n);
}
/** The last event seen in any of a deal's rows. */
export function lastFolded(rows: readonly Obligation[]): Order {
  return rows.reduce<Order>((last, row) => (isAfter(row, last) ? row : last), { ver: 0, n: -1 });
}

/** All rows of one deal from all its events, whatever order they come in. */
export function foldDeal(events: readonly DealEvent[]): Obligation[] {
  const unique = [...new Map(events.map((event) => [event._id, event])).values()];
  unique.sort((a, b) => a.ver - b.ver || a.n - b.n);
  return unique.reduce<Obligation[]>((rows, event) => applyEvent(rows, event) ?? rows, []);
}

/**
 * One event more. The rows given are not changed; those that are touched are new objects. Null: the event speaks of a
 * visit that is not there, so an earlier event must be missing.
 */
export function applyEvent(rows: readonly Obligation[], event: DealEvent): Obligation[] | null {
  const order = { ver: event.ver, n: event.n };
  const at = event.at;
  const open = rows.find((row) => row.state === 'open');
  /** Replaces one row. `counted`: it is an update of the deal by people. */
  const change = (
    visitId: StageVisitId | undefined,
    counted: boolean,
    to: (row: Obligation) => Partial<Obligation>,
  ): Obligation[] | null => {
    const target = rows.find((row) => row._id === visitId);
    if (target === undefined) return null;
    const changed = { ...target, ...to(target), ...order, ...(counted ? { lastEventAt: at } : {}) };
    return rows.map((row) => (row === target ? changed : row));
  };
  const drop = (row: Obligation): Obligation => ({ ...row, ...order, state: 'dropped', endedAt: at });

  switch (event.type) {
    case 'deal.opened':
    case 'deal.noted':
      return [...rows];
    case 'stage.entered':
      return [...rows.map((row) => (row.state === 'open' ? drop(row) : row)), entered(event)];
    case 'evidence.submitted': {
      const { visitId, itemId, itemName, itemKind: kind, evidenceId } = event.data;
      const fresh = { evidenceId, itemId, itemName, kind, at, status: 'checking' as const, codes: [], first: null };
      return change(visitId, true, (row) => ({ submissions: [...row.submissions, fresh] }));
    }
    case 'evidence.judged': {
      const { visitId, evidenceId, status, codes } = event.data;
      const decided = status === 'passed' || status === 'failed' ? { status, at } : null;
      return change(visitId, false, (row) => ({
        submissions: row.submissions.map((one) =>
          one.evidenceId === evidenceId ? { ...one, status, codes: [...codes], first: one.first ?? decided } : one,
        ),
      }));
    }
    case 'item.passed': {
      const { visitId, itemId } = event.data;
      return change(visitId, true, (row) => ({ passedItems: [...new Set([...row.passedItems, itemId])] }));
    }
    case 'item.reopened': {
      const { visitId, itemId } = event.data;
      return change(visitId, false, (row) => ({ passedItems: row.passedItems.filter((id) => id !== itemId) }));
    }
    case 'item.exempted': {
      const { visitId, itemId } = event.data;
      return change(visitId, true, (row) => ({ exemptItems: [...new Set([...row.exemptItems, itemId])] }));
    }
    case 'exemption.expired': {
      const { visitId, itemId } = event.data;
      return change(visitId, false, (row) => ({ exemptItems: row.exemptItems.filter((id) => id !== itemId) }));
    }
    case 'stage.passed': {
      const { visitId, exempted } = event.data;
      return change(visitId, true, () => ({ state: 'passed', endedAt: at, exempted }));
    }
    case 'skip.attempted':
      return change(open?._id ?? rows.at(-1)?._id, false, (row) => ({ skipAttempts: row.skipAttempts + 1 }));
    case 'deal.postponed': {
      const { visitId, reason } = event.data;
      return change(visitId, false, () => ({ postponed: { at, reason } }));
    }
    case 'deal.answered':
      return change(open?._id ?? rows.at(-1)?._id, false, (row) => ({
        answers: [...(row.answers ?? []), { at, text: event.data.text }],
      }));
    case 'deal.won':
    case 'deal.lost':
      return rows.map((row) => (row.state === 'open' ? drop(row) : row));
    case 'owner.changed': {
      // What is still owed goes to the new owner, who gets a new clock; what was passed stays with whoever did it.
      const { to, teamId, regionId } = event.data;
      return change(open?._id ?? rows.at(-1)?._id, true, (row) =>
        row.state === 'open' ? { ownerId: to, teamId, regionId } : {},
      );
    }
  }
}

function entered(event: Extract<DealEvent, { type: 'stage.entered' }>): Obligation {
  const { data, at } = event;
  return {
    _id: data.visitId,
    dealId: data.dealId,
    clientId: data.clientId,
    clientName: data.clientName,
    ownerId: data.ownerId,
    teamId: data.teamId,
    regionId: data.regionId,
    productLine: data.productLine,
    flowId: data.flowId,
    flowHash: data.flowHash,
    stageId: data.stageId,
    stageName: data.stageName,
    limit: data.limit,
    required: data.required.map(({ itemId, itemName }) => ({ itemId, itemName })),
    enteredAt: at,
    dueAt: data.dueAt,
    state: 'open',
    endedAt: null,
    passedItems: [],
    exemptItems: [],
    exempted: 0,
    submissions: [],
    skipAttempts: 0,
    lastEventAt: at,
    postponed: null,
    ver: event.ver,
    n: event.n,
  };
}

/** Required items neither passed nor let go. */
export function missingItems(row: Obligation): { itemId: string; itemName: string }[] {
  return row.required.filter(({ itemId }) => !row.passedItems.includes(itemId) && !row.exemptItems.includes(itemId));
}
