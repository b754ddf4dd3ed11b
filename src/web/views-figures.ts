import { NotFoundError } from '../core/index.js';
import type { DigestSnapshot, Figure, FigurePerson, Figures, Obligation } from '../insights/index.js';
import type { Person } from '../org/index.js';
import type {
  DigestView,
  Figure as FigureOfPage,
  FigurePerson as FigurePersonOfPage,
  FigureView,
  Light,
  ManagerHome,
} from './backend.js';
import { personBrief, type ViewDeps } from './views-deal.js';

const LIGHT_NAMES = { red: '红灯', yellow: '黄灯', green: '绿灯' } as const;

function figureOf(figure: Figure): FigureOfPage {
  return {
    id: figure.id,
    label: figure.label,
    value: figure.value,
    percent: figure.percent,
    ...(figure.fraction === null ? {} : { fraction: figure.fraction }),
    ...(figure.previous === null ? {} : { previous: figure.previous }),
    how: figure.how,
  };
}

function lightsOf(deps: ViewDeps, figures: Figures): Light[] {
  return figures.lights.map((light) => ({
    colour: light.colour,
    on: light.on,
    title: `${LIGHT_NAMES[light.colour]} ${light.label}`,
    value: light.value,
    names: peopleOf(figures, light.id)
      .slice(0, 6)
      .map((one) => deps.org.person(one.personId)?.name ?? ''),
    figure: light.id,
    how: light.how,
  }));
}

function peopleOf(figures: Figures, figureId: string): readonly FigurePerson[] {
  return figures.people.find((entry) => entry.figureId === figureId)?.people ?? [];
}

const day = (deps: ViewDeps, at: Date): string => {
  const [, month, date] = deps.calendar.localDate(at).split('-').map(Number);
  return `${month} 月 ${date} 日`;
};

export function managerHome(
  deps: ViewDeps,
  about: {
    me: Person;
    scope: string;
    figures: Figures;
    open: readonly Obligation[];
    digests: readonly DigestSnapshot[];
    reviews: number;
    undelivered: number;
    mayRecall: boolean;
  },
): ManagerHome {
  const { figures } = about;
  const now = deps.now();
  return {
    kind: 'manager',
    me: personBrief(deps.org, about.me.id),
    scope: about.scope,
    reviews: about.reviews,
    undelivered: about.undelivered,
    mayRecall: about.mayRecall,
    asOf: figures.asOf.toISOString(),
    window: `${day(deps, figures.window.from)} – ${day(deps, new Date(figures.window.to.getTime() - 1))}`,
    lights: lightsOf(deps, figures),
    penetration: figureOf(figures.penetration),
    stages: figures.stages.map(figureOf),
    stuck: about.open
      .map((row) => {
        const quiet = Math.floor(deps.calendar.workdaysBetween(row.lastEventAt, now));
        const over = Math.ceil(deps.calendar.workdaysBetween(row.dueAt, now));
        const why = [over > 0 ? `超期 ${over} 工作日` : '', quiet >= 2 ? `${quiet} 个工作日没更新` : ''].filter(
          (part) => part !== '',
        );
        return {
          person: personBrief(deps.org, row.ownerId),
          dealId: row.dealId,
          clientName: row.clientName,
          stageName: row.stageName,
          why: why.join(' · '),
          overdue: over > 0,
        };
      })
      .filter((row) => row.why !== ''),
    digests: about.digests.map((digest) => ({
      id: digest._id,
      title: `${digest.scopeName} · ${day(deps, digest.asOf)}`,
      sentAt: digest.asOf.toISOString(),
    })),
  };
}

export function digestView(deps: ViewDeps, digest: DigestSnapshot): DigestView {
  return {
    id: digest._id,
    title: `${digest.scopeName} · ${day(deps, digest.asOf)}`,
    scope: digest.scopeName,
    asOf: digest.asOf.toISOString(),
    sentAt: digest.asOf.toISOString(),
    lights: lightsOf(deps, digest),
    penetration: figureOf(digest.penetration),
    stages: digest.stages.map(figureOf),
    lowest: digest.lowest,
  };
}

export function figureView(
  deps: ViewDeps,
  figures: Figures,
  about: { id: string; title: string; figureId: string },
): FigureView {
  const all: Figure[] = [...figures.lights, figures.penetration, ...figures.stages];
  const figure = all.find((one) => one.id === about.figureId);
  if (figure === undefined) {
    throw new NotFoundError('figure.unknown', `no figure ${about.figureId}`, { say: '没有这个数字，可能链接不完整。' });
  }
  return {
    digestId: about.id,
    digestTitle: `${about.title} · ${day(deps, figures.asOf)}`,
    asOf: figures.asOf.toISOString(),
    figure: figureOf(figure),
    people: peopleOf(figures, figure.id).map((one): FigurePersonOfPage => ({
      person: personBrief(deps.org, one.personId),
      value: one.value,
      percent: one.percent,
      deals: one.deals.map((deal) => ({
        dealId: deal.dealId,
        clientName: deal.clientName,
        stageName: deal.stageName,
        mark: deal.mark,
        overdue: deal.overdue === true,
        text: deal.text,
        evidence: deal.evidence.map((evidence) => ({ ...evidence, at: evidence.at.toISOString() })),
      })),
    })),
  };
}
