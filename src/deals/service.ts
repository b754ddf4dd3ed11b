import type { Connection } from 'mongoose';
import type { Cards, FilledCard } from '../cards/index.js';
import { NotFoundError, stableId, type Clock, type DealId, type Log, type StageVisitId } from '../core/index.js';
import { decide, gap, newProgress, type Command, type Decision, type Flow, type Progress } from '../flow/index.js';
import type { Org, TimeWords, WorkCalendar } from '../org/index.js';
import { createAggregate, type Outcome, type Relay } from '../store/index.js';
import { PASSIVE_HOLD_MS } from '../todos/index.js';
import { effectsOf, eventsOf, factsOf, openAsks } from './effects.js';
import { ownerAddress, sendEffect, showKey, type Cause } from './sending.js';
import type { DealCommand, Deals, Done, NewDeal } from './face.js';
import type { Flows } from './flows.js';
import { handOver } from './handover.js';
import type { DealDocument } from './model.js';
import { checklistCardId, mostUrgentFirst, presentChecklist } from './views.js';
import { freshNotes } from './voice.js';
import { checkingShownAfter, waitingAfter, type WaitingDeps } from './waiting.js';

export interface DealDeps {
  connection: Connection;
  relay: Relay;
  flows: Flows;
  org: Org;
  calendar: WorkCalendar;
  words: TimeWords;
  cards: Cards;
  /** How long evidence of this kind will take that is handed in now. */
  estimateMs: WaitingDeps['estimateMs'];
  clock: Clock;
  log: Log;
}

/** Load → the gate decides → one write with what follows. Every entrance to a deal goes through here. */
export function createDeals(deps: DealDeps): Deals {
  const deals = createAggregate<DealDocument>(deps.connection, 'deals', {
    relay: (name, id, fresh) => deps.relay.flush(name, id, fresh),
    log: deps.log,
  });
  deps.relay.watch('deals');
  const raw = deps.connection.collection('deals');
  const view = { ...deps, now: () => deps.clock.now() };
  const flowOf = (deal: DealDocument): Flow => deps.flows.version(deal.flowHash);

  function gate(
    deal: Progress,
    id: DealId,
    flow: Flow,
    command: Command,
    key: string,
    now = deps.clock.now(),
  ): Decision {
    return decide(flow, deal, command, {
      now,
      due: (limit, from) => deps.calendar.addWork(from, limit),
      newIds: { visit: stableId<StageVisitId>('v', id, key) },
    });
  }

  /** A fresh deal in its first stage, not written yet. */
  function begin(fresh: NewDeal, now: Date): { flow: Flow; doc: DealDocument; decision: Decision } {
    const owner = deps.org.person(fresh.ownerId);
    const client = deps.org.client(fresh.clientId);
    if (owner === undefined) throw new NotFoundError('person.unknown', `no person ${fresh.ownerId}`);
    if (client === undefined) throw new NotFoundError('client.unknown', `no client ${fresh.clientId}`);
    const flow = deps.flows.current(fresh.flowId);
    const decision = gate(newProgress(), fresh.id, flow, { kind: 'open' }, fresh.key, now);
    const team = deps.org.team(owner.teamId ?? '');
    const doc: DealDocument = {
      _id: fresh.id,
      ver: 1,
      applied: [],
      pendingEvents: [],
      pendingEffects: [],
      ...decision.progress,
      clientId: client.id,
      clientName: client.name,
      ownerId: owner.id,
      teamId: owner.teamId ?? '',
      regionId: team?.regionId ?? owner.regionId ?? '',
      productLine: fresh.productLine,
      flowId: flow.id,
      flowHash: flow.hash,
      openedAt: now,
      updatedAt: now,
      ...(fresh.demo === true ? { demo: true } : {}),
    };
    return { flow, doc, decision };
  }

  async function run(
    command: Omit<DealCommand, 'by'> & { by: DealCommand['by'] | null },
    flowCommand: Command,
    extra: Pick<Cause, 'file' | 'positions' | 'voice' | 'mentions' | 'inWords'> = {},
  ): Promise<Done> {
    const now = deps.clock.now();
    const judge = (before: DealDocument): Outcome<DealDocument, Decision> => {
      const flow = flowOf(before);
      const decision = gate(progressOf(before), before._id, flow, flowCommand, command.key);
      const byOwner = command.by === null || command.by === before.ownerId;
      const card = cardFor(before, command, byOwner && command.by !== null);
      const waiting = waitingAfter(deps, before, decision, command.quiet === true || extra.inWords === true);
      const checkingShown = checkingShownAfter(before, decision, extra.inWords === true);
      const after: DealDocument = {
        ...before,
        ...decision.progress,
        ...card,
        waiting,
        checkingShown,
        updatedAt: now,
      };
      const cause: Cause = {
        key: command.key,
        fromPress: command.fromPress === true,
        quiet: command.quiet === true,
        byOwner,
        answersOwner: command.by === before.ownerId,
        ...extra,
      };
      const effects = effectsOf(view, flow, before, after, decision, cause);
      return {
        set: {
          ...decision.progress,
          ...card,
          ...(waiting.length + (before.waiting?.length ?? 0) > 0 ? { waiting } : {}),
          ...(checkingShown.length + (before.checkingShown?.length ?? 0) > 0 ? { checkingShown } : {}),
          ...(decision.events.length > 0 ? { updatedAt: now } : {}),
        },
        events: eventsOf(after, flow, decision.events),
        effects,
        // Refused or asked again without a trace: the same command gets the same answer when it comes again.
        unchanged: decision.events.length + effects.length === 0,
        result: decision,
      };
    };
    const applied = await deals.command(command.dealId, { key: command.key, now }, judge, command.known);
    return finish(applied, command);
  }

  function finish(
    applied: { doc: DealDocument; result?: Decision } | null,
    command: { key: string; dealId: DealId },
  ): Done {
    if (applied === null) throw new NotFoundError('deal.unknown', `no deal ${command.dealId}`);
    const { doc, result } = applied;
    // The visit that was worked on shows what came of it; where nothing was entered that is the present one.
    const visit = result?.outcome === 'advanced' || result?.outcome === 'completed' ? leftVisit(doc) : undefined;
    const flow = flowOf(doc);
    return {
      deal: doc,
      flow,
      ...(result === undefined ? {} : { decision: result }),
      card: {
        card: presentChecklist(view, flow, doc, visit === undefined ? {} : { visitId: visit }),
        messageKey: showKey(command.key),
      },
    };
  }

  return {
    async get(id) {
      return deals.load(id);
    },
    async openOf(owner) {
      const open = await raw.find({ ownerId: owner, status: 'open' }).sort({ updatedAt: -1 }).limit(100).toArray();
      return (open as unknown as DealDocument[]).sort(mostUrgentFirst);
    },
    async find(filter, limit = 100) {
      return (await raw.find(filter).sort({ updatedAt: -1 }).limit(limit).toArray()) as unknown as DealDocument[];
    },
    async ofEvidence(id) {
      const event = await deps.connection.collection('events').findOne({ 'data.evidenceId': id });
      return event === null ? null : deals.load(String(event['aggregateId']));
    },
    flowOf,
    card: (deal, options = {}): FilledCard => presentChecklist(view, flowOf(deal), deal, options),
    missing: (deal) => gap(flowOf(deal), deal).map((entry) => entry.item),

    async open(fresh) {
      const now = deps.clock.now();
      const { flow, doc, decision } = begin(fresh, now);
      const cause: Cause = {
        key: fresh.key,
        fromPress: false,
        quiet: fresh.quiet === true,
        byOwner: false,
        answersOwner: false,
      };
      const opened: Decision = { ...decision, outcome: 'waiting', why: 'open' };
      const { doc: made } = await deals.create(
        doc,
        { key: fresh.key, now },
        { events: eventsOf(doc, flow, decision.events), effects: effectsOf(view, flow, doc, doc, opened, cause) },
      );
      return made;
    },

    async importDeal(fresh, steps) {
      const { flow, doc, decision } = begin(fresh, fresh.openedAt);
      let progress = decision.progress;
      const decided = [...decision.effects];
      const events = eventsOf(doc, flow, decision.events).map((event) => ({ ...event, at: fresh.openedAt }));
      for (const [n, { at, command }] of steps.entries()) {
        const next = gate(progress, fresh.id, flow, command, `${fresh.key}:${n}`, at);
        progress = next.progress;
        decided.push(...next.effects);
        events.push(...eventsOf(doc, flow, next.events).map((event) => ({ ...event, at })));
      }
      const updatedAt = steps.at(-1)?.at ?? fresh.openedAt;
      const { doc: made } = await deals.create(
        { ...doc, ...progress, updatedAt },
        { key: fresh.key, now: deps.clock.now() },
        { events, effects: openAsks(view, flow, { ...doc, ...progress, updatedAt }, decided, fresh.key) },
      );
      return made;
    },

    submit: (command) =>
      run(
        command,
        {
          kind: 'submit',
          itemId: command.itemId,
          submission: {
            id: command.evidenceId,
            by: command.by,
            value: command.value,
            ...(command.askedAt === null ? {} : { askedAt: command.askedAt }),
          },
          ...(command.expectedCode === undefined ? {} : { expectedScan: command.expectedCode }),
        },
        {
          ...(command.file === undefined ? {} : { file: command.file }),
          ...(command.positions === undefined ? {} : { positions: command.positions }),
          ...(command.voice === undefined ? {} : { voice: command.voice }),
          ...(command.inWords === true ? { inWords: true } : {}),
        },
      ),
    judge: (command) =>
      run(
        command,
        {
          kind: 'judge',
          submissionId: command.evidenceId,
          status: command.status,
          say: command.say,
          codes: command.codes,
          ...(command.by === null ? {} : { by: command.by }),
        },
        command.mentions === undefined ? {} : { mentions: command.mentions },
      ),
    withdraw: (command) => run(command, { kind: 'withdraw', submissionId: command.evidenceId, by: command.by }),
    requestReview: (command) =>
      run(command, { kind: 'request-review', submissionId: command.evidenceId, by: command.by }),
    advance: (command) =>
      run(command, {
        kind: 'advance',
        by: command.by,
        ...(command.target === undefined ? {} : { toStageId: command.target }),
        ...(command.cause === undefined ? {} : { cause: command.cause }),
      }),
    requestApproval: (command) => run(command, { kind: 'request-approval', itemId: command.itemId, by: command.by }),
    exempt: (command) =>
      run(command, {
        kind: 'exempt',
        itemId: command.itemId,
        by: command.by,
        reason: command.reason,
        expiresAt: command.expiresAt,
      }),
    postpone: (command) => run(command, { kind: 'postpone', by: command.by, reason: command.reason }),
    expireExemptions: (command) => run({ ...command, by: null }, { kind: 'expire-exemptions' }),

    async note(command) {
      const now = deps.clock.now();
      const applied = await deals.command<undefined>(command.dealId, { key: command.key, now }, (before) => {
        const { evidenceId, by, mentions } = command;
        const fresh = freshNotes(before, { evidenceId, by, at: now, mentions });
        const data = { ...factsOf(before), evidenceId, keywords: fresh.map(({ keyword }) => keyword) };
        return {
          set: { notes: [...(before.notes ?? []), ...fresh] },
          events: fresh.length === 0 ? [] : [{ type: 'deal.noted', data }],
          unchanged: fresh.length === 0,
          result: undefined,
        };
      });
      return finish(applied === null ? null : { doc: applied.doc }, command);
    },

    async remark(command) {
      const now = deps.clock.now();
      const applied = await deals.command<undefined>(command.dealId, { key: command.key, now }, (before) => {
        const { by, askedBy, text } = command;
        const note = { id: command.key, at: now, by, keyword: `答${askedBy}`, quote: text };
        return {
          set: { notes: [...(before.notes ?? []), note] },
          events: [{ type: 'deal.answered', data: { ...factsOf(before), askedBy, text } }],
          result: undefined,
        };
      });
      return finish(applied === null ? null : { doc: applied.doc }, command);
    },

    async handOver(command) {
      const now = deps.clock.now();
      const applied = await deals.command<undefined>(command.dealId, { key: command.key, now }, (before) =>
        handOver(deps.org, before, command, now),
      );
      return finish(applied === null ? null : { doc: applied.doc }, command);
    },

    async show(command) {
      const now = deps.clock.now();
      const applied = await deals.command<undefined>(command.dealId, { key: command.key, now }, (before) => {
        const visit = before.visits.at(-1);
        const { onCard } = command;
        const card = {
          gen: (before.card?.gen ?? 0) + 1,
          platform: command.platform,
          ...(onCard === undefined || visit === undefined ? {} : { at: { visitId: visit.id, cardId: onCard } }),
        };
        const after: DealDocument = { ...before, card };
        return {
          set: { card },
          effects:
            visit === undefined
              ? []
              : [
                  sendEffect({
                    key: showKey(command.key),
                    to: ownerAddress(view, after),
                    message: {
                      kind: 'show',
                      cardId: checklistCardId(after, visit.id),
                      card: presentChecklist(view, flowOf(after), after, { visitId: visit.id }),
                    },
                    purpose: 'reply',
                    ...(command.fromPress === true ? { notBefore: new Date(now.getTime() + PASSIVE_HOLD_MS) } : {}),
                  }),
                ],
          result: undefined,
        };
      });
      return finish(applied === null ? null : { doc: applied.doc }, command);
    },
  };
}

/** The owner talks on another platform than where the card is: from now on the card is there. */
function cardFor(
  deal: DealDocument,
  command: { platform: DealCommand['platform'] },
  byOwner: boolean,
): Pick<DealDocument, 'card'> {
  if (!byOwner || deal.card?.platform === command.platform) return {};
  return { card: { gen: (deal.card?.gen ?? 0) + (deal.card === undefined ? 0 : 1), platform: command.platform } };
}

function progressOf(deal: DealDocument): Progress {
  return { status: deal.status, stageId: deal.stageId, visits: deal.visits, skipAttempts: deal.skipAttempts };
}

/** The visit that was left last. */
function leftVisit(deal: DealDocument): string | undefined {
  return deal.visits.findLast((visit) => visit.leftAt !== undefined)?.id;
}
