import type { Mark } from '../cards/index.js';
import type { DealId, EvidenceId, PersonId, StageVisitId } from '../core/index.js';

/** One figure, ready to show, and addressed within its digest by `id`: `penetration`, `penetration.screening`, `red` … */
export interface Figure {
  id: string;
  label: string;
  /** `81%`, `3 人`, `—` */
  value: string;
  /** 0–100 when it is a rate and can be evaluated. */
  percent: number | null;
  /** `26/32` */
  fraction: string | null;
  /** The same figure one week earlier. */
  previous: { label: string; value: string; percent: number | null } | null;
  how: string;
}

export interface Light extends Figure {
  colour: 'red' | 'yellow' | 'green';
  on: boolean;
  /** How many people are meant. */
  count: number;
  stageName: string;
}

/** Who counts in a figure, and which of their visits: what a reader sees on opening it. */
export interface FigurePerson {
  personId: PersonId;
  value: string;
  percent: number | null;
  deals: FigureDeal[];
}

export interface FigureDeal {
  dealId: DealId;
  visitId: StageVisitId;
  clientName: string;
  stageName: string;
  mark: Mark;
  overdue?: boolean;
  /** `差：同类设备采购公告` */
  text: string;
  /** Newest first, at most four. */
  evidence: { id: EvidenceId; itemName: string; mark: Mark; at: Date; hasPicture: boolean }[];
}

export interface Figures {
  asOf: Date;
  /** Days the rates look back over. */
  window: { from: Date; to: Date };
  /** Red, yellow, green. */
  lights: Light[];
  penetration: Figure;
  /** `penetration.<stage id>`, in the order of the flow. */
  stages: (Figure & { stageId: string; stageName: string })[];
  /** Figure id of the weakest stage that can be evaluated. */
  lowest: string | null;
  /** By figure id. */
  people: { figureId: string; people: FigurePerson[] }[];
}

/** Figures as they were sent to one chat or person: kept, never recomputed. */
export interface DigestSnapshot extends Figures {
  /** `digest:<subject>:<day>` */
  _id: string;
  subjectId: string;
  /** Of the team, region or company. */
  scopeName: string;
  on: string;
}
