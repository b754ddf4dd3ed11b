import type { CardData, Cards } from '../cards/index.js';
import { joinKey, stableId, type CardId } from '../core/index.js';
import { digestId, type DigestSnapshot, type DigestSubject, type Insights } from '../insights/index.js';
import type { Group, Org, Person, WorkCalendar } from '../org/index.js';
import type { Outgoing, PlatformName } from '../platforms/contract.js';
import { forEach } from './each.js';
import { createOnce } from './once.js';
import type { Tick } from './tick.js';

export interface DigestDeps {
  insights: Pick<Insights, 'snapshotDigest'>;
  org: Pick<Org, 'groups' | 'people' | 'isAway' | 'scopeOf' | 'team' | 'region'>;
  calendar: WorkCalendar;
  cards: Pick<Cards, 'fill'>;
  enqueue: (messages: readonly Outgoing[]) => Promise<void>;
  /** Platforms that are configured: chats elsewhere get nothing. */
  platforms: readonly PlatformName[];
  /** A group chat into which the figures can be sent as a picture too. */
  takesPictures: (chat: { platform: PlatformName; chatId: string }) => boolean;
  pages: {
    digest(digestId: string, platform?: PlatformName): string;
    figure(digestId: string, figureId: string, platform?: PlatformName): string;
    /** The same drawn, for one person's card. */
    picture?(digestId: string): string;
  };
}

/**
 * At nine on working days into every team's chats, and 1:1 to those who lead. The figures are frozen at the first run of
 * the day; the later runs of the same hour send only what the first one could not.
 */
export function createDigestTick(deps: DigestDeps): Tick {
  const out = createOnce(deps.enqueue);
  /** One digest of one subject to these addresses; looks nothing up when all of them have it. */
  const send = async (subject: DigestSubject, now: Date, to: { key: string; to: Outgoing['to'] }[]) => {
    if (to.every(({ key }) => out.has(key))) return;
    const digest = await deps.insights.snapshotDigest(subject, now);
    await out.send(to.flatMap((one) => [message(deps, digest, one.key, one.to), ...picture(deps, digest, one)]));
  };
  return {
    name: 'daily-digest',
    cron: '*/10 9 * * *',
    async run(now) {
      const on = deps.calendar.localDate(now);
      if (!deps.calendar.isWorkday(on)) return;
      const groups = deps.org.groups().map((group) => () => {
        const chats = group.chats.filter(
          ({ platform, lostAt }) => deps.platforms.includes(platform) && lostAt === undefined,
        );
        return send(
          ofGroup(group),
          now,
          chats.map(({ platform, chatId }) => ({
            key: joinKey(digestId(group.id, on), platform),
            to: { kind: 'group', platform, chatId },
          })),
        );
      });
      const people = deps.org.people().map((person) => async () => {
        const subject = ofPerson(deps, person);
        if (subject === null || deps.org.isAway(person.id, now)) return;
        await send(subject, now, [{ key: digestId(person.id, on), to: { kind: 'person', personId: person.id } }]);
      });
      await forEach([...groups, ...people], (part) => part());
    },
  };
}

function ofGroup(group: Group): DigestSubject {
  const scope =
    group.teamId === undefined
      ? { regionIds: [group.regionId], teamIds: [] }
      : { regionIds: [], teamIds: [group.teamId] };
  return { id: group.id, scopeName: group.name, scope: { all: false, personIds: [], ...scope } };
}

/** What a person leads (or stands in for); null when it is nothing. */
function ofPerson(deps: DigestDeps, person: Person): DigestSubject | null {
  const scope = deps.org.scopeOf(person.id);
  const names = [
    ...scope.regionIds.map((id) => deps.org.region(id)?.name ?? id),
    ...scope.teamIds.map((id) => deps.org.team(id)?.name ?? id),
  ];
  return names.length === 0 ? null : { id: person.id, scopeName: names.join('、'), scope: { ...scope, personIds: [] } };
}

function message(deps: DigestDeps, digest: DigestSnapshot, key: string, to: Outgoing['to']): Outgoing {
  const data = digestData(deps, digest, to.kind === 'group' ? to.platform : undefined);
  const pictureUrl = to.kind === 'person' ? deps.pages.picture?.(digest._id) : undefined;
  const card = deps.cards.fill('digest', { ...data, ...(pictureUrl === undefined ? {} : { pictureUrl }) });
  return { key, to, message: { kind: 'show', cardId: stableId<CardId>('digest', key), card }, purpose: 'digest' };
}

/** The figures drawn, below their card; its links are the card's. */
function picture(
  deps: DigestDeps,
  digest: DigestSnapshot,
  { key, to }: { key: string; to: Outgoing['to'] },
): Outgoing[] {
  if (to.kind !== 'group' || !deps.takesPictures(to)) return [];
  const message = { kind: 'picture' as const, name: `${digest.scopeName} ${digest.on}.png`, of: digest._id };
  return [{ key: joinKey(key, 'picture'), to, message, purpose: 'digest' }];
}

function digestData(deps: DigestDeps, digest: DigestSnapshot, platform?: PlatformName): CardData['digest'] {
  const figureUrl = (figureId: string) => deps.pages.figure(digest._id, figureId, platform);
  const light = (colour: 'red' | 'yellow' | 'green') => {
    const { on, stageName, count } = digest.lights.find((one) => one.colour === colour)!;
    return { on, stage: stageName, people: count, url: figureUrl(colour) };
  };
  const lowest = digest.stages.find((stage) => stage.id === digest.lowest);
  const [, month, day] = digest.on.split('-').map(Number);
  return {
    team: digest.scopeName,
    on: `${month} 月 ${day} 日`,
    asOf: deps.calendar.localTime(digest.asOf),
    red: light('red'),
    yellow: light('yellow'),
    green: light('green'),
    rate: digest.penetration.percent,
    rateLastWeek: digest.penetration.previous?.percent ?? null,
    rateUrl: figureUrl('penetration'),
    lowest:
      lowest === undefined || lowest.percent === null
        ? null
        : { stage: lowest.stageName, rate: lowest.percent, url: figureUrl(lowest.id) },
    redUrl: figureUrl('red'),
    allUrl: deps.pages.digest(digest._id, platform),
  };
}
