import type { Mark } from '../cards/index.js';
import type { PersonId } from '../core/index.js';
import type { PlatformName } from '../platforms/contract.js';

/**
 * What the phone pages ask for and how the answer looks. Every answer is plain JSON, made for one viewer: the backend
 * decides what this person may see (own deals, the team, the region) and leaves the rest out. What is asked for by id
 * and lies outside the scope is a `NotAllowedError`, what does not exist a `NotFoundError`; the routes make 403 and 404
 * of them. Instants are ISO strings in UTC; words are Chinese and ready to show; a missing figure is null, shown as "—".
 */
export interface PageBackend {
  home(viewer: Viewer): Promise<HomeView>;
  /** The figures as they were sent, never recomputed; `now` beside a figure tells a later correction. */
  digest(viewer: Viewer, digestId: string): Promise<DigestView>;
  /** The people and deals behind one figure. `digestId` may be `LIVE`: the same figure as of now. */
  figure(viewer: Viewer, digestId: string, figureId: string): Promise<FigureView>;
  deal(viewer: Viewer, dealId: string): Promise<DealView>;
  /** Whoever opens an evidence or its picture is written into the audit log by the backend. */
  evidence(viewer: Viewer, evidenceId: string): Promise<EvidenceView>;
  /** Puts right what was read on a nameplate: `{model?, serial?}`. By its sender and those above. */
  correctNameplate(viewer: Viewer, evidenceId: string, body: unknown): Promise<{ text: string }>;
  /** `thumb`: small, in lists, not recorded. `copy`: with the server's watermark, what people see. `original`: the bytes as received; only with the right (`mayOriginal`). */
  picture(viewer: Viewer, evidenceId: string, which: 'thumb' | 'copy' | 'original'): Promise<Picture>;
}

/** `/m/figure/now/<figure>`: the figure of the home page, as of now. */
export const LIVE = 'now';

/** Who looks, as the session knows it. Role and scope are read afresh at every call: a person who left sees nothing. */
export interface Viewer {
  personId: PersonId;
  platform: PlatformName;
}

export interface Picture {
  bytes: Uint8Array;
  mime: string;
  /** For the download's name; without it the evidence id is used. */
  name?: string;
}

export interface PersonBrief {
  id: string;
  name: string;
  /** 销售代表 · 华东一组 */
  title: string;
}

// ---------------------------------------------------------------- home

export type HomeView = ManagerHome | RepHome;

export interface ManagerHome {
  kind: 'manager';
  me: PersonBrief;
  /** What the figures cover: `华东一组`, `华东区`. */
  scope: string;
  /** Evidence that waits for this person's eye: `/m/reviews`. */
  reviews: number;
  /** Messages that were given up: `/m/undelivered`. Always 0 for those who are no administrators. */
  undelivered: number;
  /** What was sent wrongly may be taken back: `/m/sent`. */
  mayRecall: boolean;
  asOf: string;
  /** 本周 11 月 20 日 – 11 月 26 日 */
  window: string;
  /** Red, yellow, green, in this order. */
  lights: Light[];
  /** `penetration` */
  penetration: Figure;
  /** `penetration.<stage id>`, in the order of the flow. */
  stages: Figure[];
  stuck: StuckRow[];
  /** Latest first, at most seven. */
  digests: { id: string; title: string; sentAt: string }[];
}

export interface RepHome {
  kind: 'rep';
  me: PersonBrief;
  asOf: string;
  /** Most urgent first. */
  deals: DealRow[];
  /** Won or lost lately. */
  closed: DealRow[];
}

/** One indicator, not one light with three colours: `on` says whether it is lit. */
export interface Light {
  colour: 'red' | 'yellow' | 'green';
  on: boolean;
  /** `红灯` … and what it means in a few words: `需求初筛超期未更新`. */
  title: string;
  /** 3 人 */
  value: string;
  /** Names to show in one line; the figure page has all of them. */
  names: string[];
  /** Figure id: `red`, `yellow`, `green`. */
  figure: string;
  /** 怎么算的 */
  how: string;
}

export interface Figure {
  /** Address of the figure within its digest: `penetration`, `penetration.screening`, `red` … `[a-z0-9.-]`. */
  id: string;
  label: string;
  /** Ready to show, with unit: `81%`, `3 人`, `—`. */
  value: string;
  /** 0–100 when it is a rate and can be evaluated. */
  percent: number | null;
  /** 26/32 */
  fraction?: string;
  /** The same figure one period earlier. */
  previous?: { label: string; value: string; percent: number | null };
  /** Only when the final figure differs by now from what was sent. */
  now?: string;
  how: string;
}

export interface StuckRow {
  person: PersonBrief;
  dealId: string;
  clientName: string;
  stageName: string;
  /** 超期 3 工作日 · 2 个工作日没更新 */
  why: string;
  overdue: boolean;
}

export interface DealRow {
  id: string;
  clientName: string;
  productLine: string;
  stageName: string;
  /** Position of the stage in the flow, 1-based. */
  stageNo: number;
  stageCount: number;
  /** 第 2 天 / 标准 5 工作日 */
  pace: string;
  overdue: boolean;
  status: 'open' | 'won' | 'lost';
  /** Required items of the present stage. */
  done: number;
  required: number;
  /** The one next thing. */
  next: { mark: Mark; text: string } | null;
}

// ---------------------------------------------------------------- digest and figure

export interface DigestView {
  id: string;
  /** 华东一组 · 11 月 22 日 */
  title: string;
  scope: string;
  asOf: string;
  sentAt: string;
  lights: Light[];
  penetration: Figure;
  stages: Figure[];
  /** Figure id of the weakest stage, if one can be evaluated. */
  lowest: string | null;
}

export interface FigureView {
  digestId: string;
  digestTitle: string;
  asOf: string;
  figure: Figure;
  /** Whoever counts in the figure, the ones to act on first. */
  people: FigurePerson[];
}

export interface FigurePerson {
  person: PersonBrief;
  /** 62% · 5/8; 2 个工作日没更新 */
  value: string;
  percent: number | null;
  deals: FigureDeal[];
}

export interface FigureDeal {
  dealId: string;
  clientName: string;
  stageName: string;
  mark: Mark;
  overdue: boolean;
  /** 差：同类设备采购公告 */
  text: string;
  /** Latest evidence behind it, newest first, at most four. */
  evidence: EvidenceBrief[];
}

export interface EvidenceBrief {
  id: string;
  itemName: string;
  mark: Mark;
  at: string;
  hasPicture: boolean;
}

// ---------------------------------------------------------------- deal

export interface DealView {
  id: string;
  clientName: string;
  productLine: string;
  flowName: string;
  status: 'open' | 'won' | 'lost';
  owner: PersonBrief;
  openedAt: string;
  /** Forward skips that were refused. */
  skipAttempts: number;
  stages: StageTrace[];
  /** 设备清单 of the client, from nameplates that passed; only from photos that this viewer may see. */
  devices: DeviceRow[];
  /** 备注: heard in recordings and confirmed by the rep, or answered when asked. */
  notes: NoteRow[];
}

export interface NoteRow {
  at: string;
  byName: string;
  /** 付款方式变更 */
  keyword: string;
  quote: string;
  /** The recording it was heard in; null: written, as the answer to a colleague. */
  evidenceId: string | null;
}

export interface DeviceRow {
  model: string | null;
  serial: string | null;
  /** 两次读数一致, 一组主管看过, 一组主管改过，机器读成 SN-1O2 */
  sure: string;
  /** The latest photo of it. */
  evidenceId: string;
  at: string;
  byName: string;
  photos: number;
}

/** One stage of the flow with every stay in it; a stage not reached yet has none. */
export interface StageTrace {
  id: string;
  no: number;
  name: string;
  state: 'done' | 'now' | 'todo';
  /** 标准 5 工作日 */
  limit: string;
  /** What will be asked for, while the stage is still ahead. */
  asks: string[];
  visits: VisitTrace[];
}

export interface VisitTrace {
  id: string;
  enteredAt: string;
  dueAt: string;
  leftAt: string | null;
  /** `第 2 天 / 标准 5 工作日`, `用了 3.0 工作日 / 标准 5 工作日` */
  pace: string;
  overdue: boolean;
  items: ItemTrace[];
}

export interface ItemTrace {
  id: string;
  name: string;
  required: boolean;
  mark: Mark;
  have: number;
  need: number;
  /** Newest last. */
  submissions: SubmissionTrace[];
  exemption: { byName: string; reason: string; at: string; expiresAt: string } | null;
}

export interface SubmissionTrace {
  evidenceId: string;
  at: string;
  byName: string;
  mark: Mark;
  /** Taken back or replaced: shown struck through. */
  withdrawn: boolean;
  /** What was handed in, in short: the tags, the text, the file's name, the link's title. */
  text: string;
  /** What the person was told about the verdict. */
  say: string | null;
  hasPicture: boolean;
}

// ---------------------------------------------------------------- evidence

export interface EvidenceView {
  id: string;
  deal: { id: string; clientName: string; stageName: string };
  itemName: string;
  mark: Mark;
  say: string | null;
  by: PersonBrief;
  /** Received by the server. */
  at: string;
  askedAt: string | null;
  /** What was handed in, in words (tags, text, link title). */
  text: string;
  /** Absolute address of a link that was handed in. */
  url: string | null;
  file: { name: string; mime: string; bytes: number; sha256: string } | null;
  /** A picture can be shown (`picture(…, 'copy')`). */
  hasPicture: boolean;
  /** A recording is there; who may have the original may listen. */
  hasSound: boolean;
  mayOriginal: boolean;
  /** The machine passed it, and this viewer may still refuse it, with one of these reasons or in words. */
  refuse: { reasons: string[] } | null;
  /** The same picture, or one very like it, came earlier. Named, and linked, only to those who may see that deal. */
  reuse: { text: string; evidenceId: string | null } | null;
  /** What the nameplate says, put right if somebody did; null where no nameplate was asked for. */
  nameplate: { model: string; serial: string; mayCorrect: boolean } | null;
  findings: FindingRow[];
  /** Further facts in words: 拍摄时间, 位置, 页数. */
  facts: { label: string; value: string }[];
  verifier: { id: string; version: string; label: string } | null;
  /** Who looked before this look, the latest first; only for the sender and those above. */
  looks: { who: string; text: string; at: string }[];
  /** Verdicts and reviews in order. */
  history: { at: string; who: string; mark: Mark; text: string }[];
}

export interface FindingRow {
  /** Code of the finding: `photo.fresh`. */
  code: string;
  /** 拍摄新鲜度 */
  label: string;
  mark: Mark;
  /** Ready to show with unit; null: nothing was measured. */
  measured: string | null;
  expected: string | null;
  /** Where it comes from, in Chinese: 服务器时间, 照片信息, 文字识别 0.83. */
  source: string;
}

// ---------------------------------------------------------------- reviews

/** What waits for this person's eye, and how people decided lately. */
export interface ReviewQueueView {
  /** Due first. */
  rows: ReviewRow[];
  /** More than are shown. */
  more: number;
  counts: (Omit<VerifierCount, 'checks'> & { label: string; checks: (ReviewCount & { label: string })[] })[];
  /** The counts' window, days. */
  days: number;
  /** Said with one press when something goes back. */
  reasons: string[];
}

export interface ReviewRow {
  todoId: string;
  byName: string;
  /** 11-24 14:32 */
  handedIn: string;
  due: string;
  overdue: boolean;
  evidence: EvidenceView;
}

/** How people decided where one check of the machine did not pass: thresholds are set from these. */
export interface ReviewCount {
  /** Code of the finding that sent the evidence to a person, `asked` when the rep asked for it without one. */
  code: string;
  decided: number;
  passed: number;
  returned: number;
  /** The machine had said no, a person said yes. */
  overruled: number;
  /** Cases in which the machine had said no. */
  refused: number;
}

/** All decisions about one verifier's verdicts: photo, pdf, sheet, link, and what could not be verified (`none`). */
export interface VerifierCount extends Omit<ReviewCount, 'code'> {
  verifier: string;
  /** The machine had passed it, a person refused it. */
  missed: number;
  checks: ReviewCount[];
}
