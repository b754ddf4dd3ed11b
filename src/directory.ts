import type { Cards } from './cards/index.js';
import { errorCode, SECOND, stableId, type CardId, type Clock, type Log } from './core/index.js';
import { currentVisitOf, stageOf, type Deals } from './deals/index.js';
import {
  planDirectory,
  PLATFORM_NAMES,
  samePersonCard,
  type DirectoryNote,
  type Org,
  type Person,
} from './org/index.js';
import type { Todos } from './todos/index.js';
import type { Message, Outgoing, PlatformAdapter, PlatformName } from './platforms/contract.js';

/** The platforms' address books, followed into the org. */
export interface DirectorySync {
  /** Everything, from every platform that lets its directory be read. */
  all(): Promise<void>;
  /** Somebody (or something, null) changed on this platform; read a moment later, changes of one moment together. */
  changed(platform: PlatformName, userIds: readonly string[] | null): void;
  /**
   * Whoever has left keeps no deal: it goes to their supervisor, else up the chain, else to sales operations; what a
   * department was asked goes to a colleague there. Two entries that became one: to the one that is left.
   */
  handOver(): Promise<void>;
  /** The same a moment later. */
  settleSoon(): void;
  stop(): Promise<void>;
}

export interface DirectorySyncDeps {
  org: Org;
  adapters: ReadonlyMap<PlatformName, PlatformAdapter>;
  deals: Deals;
  todos: Pick<Todos, 'reassign'>;
  cards: Pick<Cards, 'fill'>;
  /** After people moved. */
  keepGroups: () => Promise<void>;
  enqueue: (messages: readonly Outgoing[]) => Promise<void>;
  /** Tells whether two mobile numbers are the same, without saying what they are. */
  phoneKey: (mobile: string) => string;
  /** The day in the company's zone: of each matter administrators hear once a day. */
  today: () => string;
  clock: Clock;
  log: Log;
  waitMs?: number;
}

/** One change of the console comes as several events. */
const TOGETHER_MS = 2 * SECOND;
/** More people than this at once are read with the whole directory. */
const MAX_SINGLE = 20;
const DEALS_AT_ONCE = 1_000;

export function createDirectorySync(deps: DirectorySyncDeps): DirectorySync {
  const { org, log, clock } = deps;
  /** Waiting to be read, by platform; null: all of it. */
  const pending = new Map<PlatformName, Set<string> | null>();
  let chain: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;

  async function read(platform: PlatformName, userIds: readonly string[] | null): Promise<void> {
    const readDirectory = deps.adapters.get(platform)?.readDirectory;
    if (readDirectory === undefined) return;
    const { members, ...rest } = await readDirectory(userIds ?? undefined);
    const snapshot = {
      ...rest,
      // The number itself is kept nowhere.
      members: members.map(({ mobile, ...member }) => ({
        ...member,
        ...(mobile === undefined ? {} : { phoneKey: deps.phoneKey(mobile) }),
      })),
    };
    const plan = planDirectory(org.data(), snapshot, clock.now());
    await org.save(plan);
    const { regions, teams, people, left, notes } = plan;
    if (people.length + teams.length + regions.length > 0) {
      log.info(
        { platform, people: people.length, teams: teams.length, regions: regions.length, left: left.length },
        'directory followed',
      );
    }
    if (notes.length > 0) await deps.enqueue(noteMessages(deps, platform, notes));
  }

  /** One after the other: each plan starts from what the last one left. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = chain.then(work);
    chain = mine.catch((error: unknown) => {
      log.warn({ code: errorCode(error), err: error }, 'directory could not be followed');
    });
    return mine;
  }

  async function handOver(): Promise<void> {
    const now = clock.now();
    for (const person of org.data().people) {
      if (person.leftAt === undefined || person.leftAt > now) continue;
      const colleague = colleagueOf(org, person);
      const todos = colleague === undefined ? 0 : await deps.todos.reassign(person.id, colleague.id);
      if (todos > 0) log.info({ from: person.id, to: colleague?.id, todos }, 'to-dos handed over');
      const open = await deps.deals.find({ ownerId: person.id, status: 'open' }, DEALS_AT_ONCE);
      const heir = open.length === 0 ? undefined : heirOf(org, person);
      if (heir === undefined) {
        if (open.length > 0) log.error({ person: person.id, deals: open.length }, 'nobody to hand the deals to');
        continue;
      }
      const cardId = stableId<CardId>('ho', person.id, heir.id, person.leftAt.toISOString());
      const card = deps.cards.fill('handed-over', {
        state: person.joinedTo === undefined ? 'left' : 'joined',
        from: person.name,
        deals: open.map((deal) => ({
          client: deal.clientName,
          stage: stageOf(deps.deals.flowOf(deal), currentVisitOf(deal)?.stageId ?? '')?.name ?? '',
        })),
      });
      for (const deal of open) {
        const key = `handover:${deal._id}:${person.id}:${heir.id}:${deal.ver}`;
        await deps.deals.handOver({ key, dealId: deal._id, to: heir.id, cardId, card });
      }
      log.info({ from: person.id, to: heir.id, deals: open.length }, 'deals handed over');
    }
  }

  async function settle(): Promise<void> {
    await handOver();
    await deps.keepGroups();
  }

  const readPending = async (): Promise<void> => {
    const todo = [...pending];
    pending.clear();
    for (const [platform, ids] of todo) {
      await read(platform, ids === null || ids.size > MAX_SINGLE ? null : [...ids]);
    }
    await settle();
  };

  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      inTurn(readPending).catch(() => undefined); // logged in turn; the nightly reading catches up
    }, deps.waitMs ?? TOGETHER_MS);
  };

  return {
    handOver,
    settleSoon: soon,
    all: () =>
      inTurn(async () => {
        for (const platform of deps.adapters.keys()) {
          try {
            await read(platform, null);
          } catch (error) {
            // One platform that is away does not keep the other from being followed.
            log.warn({ platform, code: errorCode(error), err: error }, 'directory could not be read');
          }
        }
        await settle();
      }),
    changed(platform, userIds) {
      const known = pending.get(platform);
      pending.set(platform, known === null || userIds === null ? null : new Set([...(known ?? []), ...userIds]));
      soon();
    },
    async stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await chain;
    },
  };
}

function heirOf(org: Org, person: Person): Person | undefined {
  if (person.joinedTo !== undefined) return org.person(person.joinedTo);
  const [operations] = org.withRole('operations', 'admin');
  return org.supervisorOf(person.id) ?? org.directorOf(person.id) ?? operations;
}

/** Who answers instead: somebody of the same department, else whoever takes the deals. */
function colleagueOf(org: Org, person: Person): Person | undefined {
  if (person.joinedTo !== undefined || SALES.has(person.role)) return heirOf(org, person);
  return org.byDepartment(person.role)[0] ?? heirOf(org, person);
}
const SALES: ReadonlySet<Person['role']> = new Set(['rep', 'supervisor', 'director']);

function noteMessages(deps: DirectorySyncDeps, platform: PlatformName, notes: readonly DirectoryNote[]): Outgoing[] {
  return notes.flatMap((note) => {
    const about = 'userId' in note ? note.userId : 'all';
    return deps.org.withRole('admin', 'operations').flatMap((person) => {
      const key = `directory:${platform}:${note.code}:${about}:${deps.today()}:${person.id}`;
      const message = noteMessage(deps, platform, note, key);
      const to = { kind: 'person' as const, personId: person.id, prefer: platform };
      return message === null ? [] : [{ key, to, message, purpose: 'admin' as const }];
    });
  });
}

function noteMessage(
  { org, cards }: DirectorySyncDeps,
  platform: PlatformName,
  note: DirectoryNote,
  key: string,
): Message | null {
  const where = PLATFORM_NAMES[platform];
  const text = (words: string): Message => ({ kind: 'text', text: words });
  switch (note.code) {
    case 'too-many-gone':
      return text(
        `${where}通讯录里一下少了 ${note.userIds.length} 个人，多半是应用的可见范围改小了，所以先没按离职处理。核对可见范围；真是离职，在人员里逐个设为离职。`,
      );
    case 'same-name': {
      const keep = org.person(note.personId);
      const other = org.personByIdentity(platform, note.userId);
      // Joined by their number in the meantime.
      if (keep === undefined || other === undefined || keep.id === other.id) return null;
      const card = cards.fill('same-person', samePersonCard(keep, other, 'asked'));
      return { kind: 'show', cardId: stableId<CardId>('same', key), card };
    }
    case 'role-by-hand':
      return text(`${where}里「${note.name}」在运营部门，能看全部数据的角色要你来给。现在只能看自己的。`);
  }
}
