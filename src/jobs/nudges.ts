import type { CardData, Cards } from '../cards/index.js';
import { joinKey, stableId, type CardId, type DealId, type PersonId } from '../core/index.js';
import type { Flow, NudgeRule, OrgRole } from '../flow/index.js';
import {
  dwellOverLimit,
  isOverdue,
  missingItems,
  silenceOf,
  type Insights,
  type Obligation,
} from '../insights/index.js';
import type { Org, Person, WorkCalendar } from '../org/index.js';
import type { Outgoing } from '../platforms/contract.js';
import { forEach } from './each.js';
import { createOnce, type Once } from './once.js';
import type { Tick } from './tick.js';

export interface NudgeDeps {
  insights: Pick<Insights, 'openDueBy' | 'openInStage' | 'followUps'>;
  org: Pick<Org, 'person' | 'isAway' | 'calendarOf' | 'supervisorOf' | 'directorOf'>;
  calendar: WorkCalendar;
  flows: () => readonly Flow[];
  cards: Pick<Cards, 'fill'>;
  /** Who said 我来跟 of this rep's deals, in which stage, when. */
  takenOn: (repId: PersonId) => Promise<readonly { by: PersonId; stageId: string; at: Date }[]>;
  enqueue: (messages: readonly Outgoing[]) => Promise<void>;
  pages: {
    deal(dealId: DealId): string;
    /** Where the trail behind a silence is seen. */
    trail(repId: PersonId): string;
  };
}

type Scan = NudgeDeps & { out: Once };

/** Follow-ups attached when the flow's rule does not say how many. */
const ATTACH_LAST = 3;

/**
 * Looks every ten minutes of working time: reminds the rep of what is due, then tells those above. Every message has a
 * key made of what it is about and of its day, so another look, another process or a restart sends nothing twice.
 */
export function createNudgeTick(given: NudgeDeps): Tick {
  const deps: Scan = { ...given, out: createOnce(given.enqueue) };
  return {
    name: 'nudge-scan',
    cron: '*/10 9-17 * * *',
    async run(now) {
      if (!deps.calendar.isWorking(now)) return;
      const rules = deps.flows().flatMap((flow) => flow.nudges.map((rule) => () => tellAbove(deps, flow, rule, now)));
      await forEach([() => remindReps(deps, now), ...rules], (part) => part());
    },
  };
}

/** The person, unless they have left or are away today. */
function present(deps: Scan, id: PersonId, now: Date): Person | undefined {
  const person = deps.org.person(id);
  const gone = person?.leftAt !== undefined && person.leftAt <= now;
  return person === undefined || gone || deps.org.isAway(id, now) ? undefined : person;
}

/**
 * At most one card a day per rep, with all deals that are due today or over. In the morning it also holds what falls due
 * later in the day; what was entered only today is left alone until it is due.
 */
async function remindReps(deps: Scan, now: Date): Promise<void> {
  const { calendar } = deps;
  const on = calendar.localDate(now);
  const today = calendar.dayOf(now);
  const due = (await deps.insights.openDueBy(new Date(today.to.getTime() - 1))).filter(
    (row) =>
      (row.dueAt <= now || row.enteredAt < today.from) &&
      // Put off with a reason: not again on the same day.
      !(row.postponed !== null && calendar.localDate(row.postponed.at) === on),
  );
  await forEach(byOwner(due), async ([repId, rows]) => {
    const key = joinKey('nudge', repId, on);
    if (deps.out.has(key) || present(deps, repId, now) === undefined) return;
    const deals = rows.map((row) => ({
      dealId: row.dealId,
      client: row.clientName,
      missing:
        missingItems(row)
          .map((item) => item.itemName)
          .join('、') || '最后一步',
      overdue: isOverdue(row, now, deps.org.calendarOf(repId)),
    }));
    const over = deals.filter((deal) => deal.overdue).length;
    const state = over === 0 ? 'today' : over < deals.length ? 'some' : 'overdue';
    const card = deps.cards.fill('nudge-rep', { state, deals });
    await deps.out.send([
      {
        key,
        to: { kind: 'person', personId: repId },
        message: { kind: 'show', cardId: stableId<CardId>('nudge', repId, on), card },
        purpose: 'nudge',
      },
    ]);
  });
}

async function tellAbove(deps: Scan, flow: Flow, rule: NudgeRule, now: Date): Promise<void> {
  switch (rule.when.kind) {
    case 'silent':
      return tellSilence(deps, flow, rule, rule.when, now);
    case 'dwell':
      return tellDwell(deps, flow, rule, rule.when, now);
  }
}

/** Once when the silence has lasted so many full working days, and once more per that many further days. */
async function tellSilence(
  deps: Scan,
  flow: Flow,
  rule: NudgeRule,
  when: { stage: string; forWorkdays: number },
  now: Date,
): Promise<void> {
  const open = await deps.insights.openInStage(flow.id, when.stage);
  await forEach(byOwner(open), async ([repId, rows]) => {
    const rep = present(deps, repId, now);
    const own = deps.org.calendarOf(repId);
    const silence = silenceOf(rows, when.stage, when.forWorkdays, now, own);
    if (rep === undefined || silence === null) return;
    const times = Math.floor(silence.days / when.forWorkdays);
    // Whoever took it on during this silence knows; they hear of the next one, after something new.
    const taken = (await deps.takenOn(repId)).filter((one) => one.stageId === when.stage && one.at >= silence.since);
    const knowing = new Set(taken.map((one) => one.by));
    await send(deps, rule, rep, knowing, joinKey('silent', when.stage, own.localDate(silence.since), times), {
      state: 'silent',
      stage: rows[0]!.stageName,
      stageId: when.stage,
      days: silence.days,
      clients: silence.rows.map((row) => row.clientName),
      trailUrl: deps.pages.trail(repId),
    });
  });
}

/** Once per visit that has lasted longer than so many times its limit. */
async function tellDwell(
  deps: Scan,
  flow: Flow,
  rule: NudgeRule,
  when: { timesLimit: number },
  now: Date,
): Promise<void> {
  const due = (await deps.insights.openDueBy(now)).filter((row) => row.flowId === flow.id);
  await forEach(due, async (row) => {
    const rep = deps.org.person(row.ownerId);
    const own = deps.org.calendarOf(row.ownerId);
    if (rep === undefined || dwellOverLimit(row, now, own) <= when.timesLimit) return;
    await send(deps, rule, rep, new Set(), joinKey('dwell', row._id, when.timesLimit), {
      state: 'dwell',
      stage: row.stageName,
      stageId: row.stageId,
      days: Math.floor(own.workdaysBetween(row.enteredAt, now)),
      times: when.timesLimit,
      clients: [row.clientName],
      trailUrl: deps.pages.deal(row.dealId),
    });
  });
}

type AboutRep = Omit<CardData['nudge-supervisor'], 'rep' | 'repId' | 'last'>;

/** To everyone the rule names, each person once, but for those who know. */
async function send(
  deps: Scan,
  rule: NudgeRule,
  rep: Person,
  knowing: ReadonlySet<PersonId>,
  about: string,
  data: AboutRep,
): Promise<void> {
  const roles = [...rule.notify, ...rule.copy];
  const people = new Set(roles.flatMap((role) => whoIs(deps, role, rep.id)?.id ?? []));
  // Above the director there is nobody.
  const top = roles.includes('director') ? whoIs(deps, 'director', rep.id)?.id : undefined;
  const keys = [...people]
    .filter((id) => !knowing.has(id))
    .map((personId) => ({ personId, key: joinKey('nudge', rep.id, about, personId) }));
  if (keys.every(({ key }) => deps.out.has(key))) return;
  const last = (await deps.insights.followUps(rep.id, rule.attachLast ?? ATTACH_LAST)).map((followUp) => ({
    on: followUp.on.slice(5),
    client: followUp.clientName,
    what: followUp.what,
    url: deps.pages.deal(followUp.dealId),
  }));
  const card = deps.cards.fill('nudge-supervisor', { ...data, rep: rep.name, repId: rep.id, last });
  await deps.out.send(
    keys.map(({ personId, key }) => ({
      key,
      to: { kind: 'person', personId },
      message: { kind: 'show', cardId: stableId<CardId>('nudge', rep.id, about, personId), card },
      purpose: 'nudge',
      ...(personId === top ? { insist: true } : {}),
    })),
  );
}

function whoIs(deps: Scan, role: OrgRole, repId: PersonId): Person | undefined {
  switch (role) {
    case 'owner':
      return deps.org.person(repId);
    case 'supervisor':
      return deps.org.supervisorOf(repId);
    case 'director':
      return deps.org.directorOf(repId);
  }
}

function byOwner(rows: readonly Obligation[]): Map<PersonId, Obligation[]> {
  const owners = new Map<PersonId, Obligation[]>();
  for (const row of rows) owners.set(row.ownerId, [...(owners.get(row.ownerId) ?? []), row]);
  return owners;
}
