import type { Mark } from './types.js';

/**
 * What each card is made from: plain data that the caller has at hand. The words are in `cards/<name>.yaml`.
 * Names of people, clients, stages and items are what people read; ids only go into action keys and must be
 * `[0-9A-Za-z_.@-]`. Texts such as `5 工作日` come from `formatLimit` of the flow room, local days and times are
 * written out by the caller (`11 月 22 日`, `18:00`), because only the caller knows the zone.
 */
export interface CardData {
  // ── the rep's deal ──
  /** The card that changes in place while a stage is worked on. */
  checklist: OfDeal & {
    /** `waiting`: an answer to `waitingFor` is expected now. `passed`: the stage is done, the next one is entered. */
    state: 'open' | 'waiting' | 'passed' | 'won' | 'lost';
    /** Working day in the stage, from 1. */
    day: number;
    /** `5 工作日` */
    standard: string;
    /** All items of the stage in the flow's order, optional ones too. Empty once won or lost. */
    items: ChecklistItem[];
    /** Name of the item whose question is open. */
    waitingFor?: string;
    /** With `passed`: the stage entered and its standard time. */
    nextStage?: string;
    nextStandard?: string;
  };
  /** A stage is done (a message of its own, for chats where the checklist has scrolled away). */
  'stage-done': OfDeal & { state: 'next' | 'won'; nextStage?: string; nextStandard?: string };
  /** Wants to go on, but something is missing. `target`: the next stage; `beyond`: the one wanted, when stages lie between. */
  gap: OfDeal & { target: string; beyond?: { stage: string; between: number }; missing: MissingItem[]; /** Exemptions exist in this flow. */ canExempt: boolean };
  /** The reps's own list. `due`: `今天到期`, `还有 2 工作日`, `超 1 工作日`. */
  'my-deals': { /** Somebody else owns none as a rule. */ isRep: boolean; deals: { dealId: string; client: string; stage: string; due: string; overdue: boolean }[] };
  /** `reason`: asks for one sentence. `done`: noted. One deal or several. */
  postponed: { state: 'reason' | 'done'; clients: string[]; /** `明天（11 月 23 日）` */ until: string };

  // ── questions, one item at a time ──
  'ask-photo': OfQuestion & {
    have: number;
    need: number;
    /** `10 分钟`: how long after this question the photo still counts as taken now. */
    freshFor?: string;
    /** Address of the capture page under its ticket. */
    captureUrl?: string;
  };
  /** `formats`: `PDF`. */
  'ask-file': OfQuestion & { formats: string[] };
  /** `columns`: columns that must be there; empty when free. `devices`: known already from nameplates, `BC-5390 1 台`. */
  'ask-sheet': OfQuestion & { formats: string[]; columns: string[]; devices?: string[] };
  'ask-text': OfQuestion & { minLength: number };
  /** Three questions, one after the other. `within`: `近 3 个月`. */
  'ask-link': OfQuestion & {
    state: 'link' | 'title' | 'date';
    have: number;
    need: number;
    url?: string;
    title?: string;
    within?: string;
  };
  /** One element after the other; `element` is asked now, `done` holds those answered. */
  'ask-follow-up': OfQuestion & { element: string; index: number; total: number; done: { name: string; text: string }[] };
  /** Option text is its id. */
  'ask-choice': OfQuestion & { options: string[] };
  /** Tag text is its id. A library without groups has one group named ''. `minGroups` 1 = no demand. */
  'ask-tags': OfQuestion & { groups: { name: string; tags: string[] }[]; chosen: string[]; min: number; minGroups: number };
  /** `how`: what is to be written, once a way was chosen. */
  /** After the way was chosen: `how` says what to write; of a check-in, the page for it and the page with the visit's code. */
  'ask-touch': OfQuestion & {
    accepts: ('call' | 'message' | 'check-in')[];
    how?: string;
    captureUrl?: string;
    codeUrl?: string;
  };
  /** `othersVoice`: somebody else's voice is taken, so that consent will be asked. */
  'ask-voice': OfQuestion & { othersVoice: boolean };
  'ask-confirm': OfQuestion;
  /** `captureUrl`: address of the page that scans, under its ticket; `codeUrl`: the page with the code that the client shows. */
  'ask-scan': OfQuestion & { captureUrl?: string; codeUrl?: string };
  /** Categories in words, `、` between them; `known` are those on file for this client. */
  'ask-purchase-history': OfQuestion & { known: string[] };

  // ── answers to what was sent ──
  /** `slow`: will take more than 5 s; the card then says what became of it, unless a verdict takes its place. */
  received: OfItem & { state: 'fast' | 'slow' | 'passed' | 'review' | 'replaced' };
  /** `say`: the verdict's own words. `submissionId` when a person may be asked to look. */
  'verdict-failed': OfItem & { kind: CardItemKind; say: string; submissionId?: string };
  'verdict-unchecked': OfItem & { kind: CardItemKind; say: string; submissionId?: string };
  /** A recording counts once the rep says that the other side agreed, or that it is his own report. `say`: the verdict's words. */
  'voice-consent': OfItem & {
    state: 'ask' | 'agreed' | 'own' | 'dropped';
    submissionId: string;
    say?: string;
    /** The item takes the rep's own report too. */
    ownAllowed?: boolean;
    /** `今天 10:20` */
    at?: string;
  };
  /** Found in the words of a recording, for the rep to confirm; `noted`: what is in the deal's notes now. */
  'voice-words': OfItem & { state: 'offer' | 'noted'; submissionId: string; mentions: HeardMention[] };
  /** What was sent does not fit what is asked for. */
  'wrong-kind': OfItem & { wanted: CardItemKind; got: GotKind };
  /** `20 MB` */
  'too-large': { state: 'large' | 'empty' | 'unreadable'; limit: string; item?: string };

  // ── other people's verdicts ──
  /** To the supervisor. `facts`: what the machine read, `label` ≤ 5 characters. */
  review: OfItem & {
    submissionId: string;
    stage: string;
    by: string;
    at: string;
    why?: string;
    facts: { label: string; value: string }[];
    pictureUrl?: string;
  };
  /** In the place of the review card, once 不通过 was pressed. `reasons`: `text` ≤ 10 characters. */
  'review-why': OfItem & { submissionId: string; todoId: string; rep: string; reasons: readonly { id: string; text: string }[] };
  /** Replaces the review card. `by`: who answered. */
  'review-done': { state: 'passed' | 'failed'; client: string; item: string; rep: string; by: string; at: string; say?: string };
  /** `approval`: passed or objected; `task`: done. `from`: the rep. `limit`: `8 工作小时`. `due`: `今天 17:30`. */
  todo: {
    state: 'approval' | 'task';
    todoId: string;
    department: string;
    from: string;
    client: string;
    text: string;
    limit: string;
    due: string;
    url?: string;
  };
  'todo-done': {
    state: 'passed' | 'objected' | 'finished';
    client: string;
    text: string;
    by: string;
    at: string;
    note?: string;
  };
  /** The rep writes one sentence why. `left`: exemptions left this month. */
  'exempt-reason': OfItem & { left: number };
  /** To the person who may exempt. */
  'exempt-ask': OfItem & {
    stage: string;
    rep: string;
    repId: string;
    /** The ask itself: a later one for the same item has a card of its own. */
    todoId?: string;
    reason: string;
    left: number;
    validFor: string;
  };
  /** To the rep and in place of the ask card. `until`: `11 月 29 日`. */
  exempted: OfItem & { state: 'granted' | 'refused' | 'none-left'; by: string; reason?: string; until?: string };

  // ── nudges and figures ──
  /** `state`: whether all of the deals fall due today, some or all of them are over. */
  'nudge-rep': {
    state: 'today' | 'some' | 'overdue';
    deals: { dealId: string; client: string; missing: string; overdue: boolean }[];
  };
  /** `silent`: nothing new for `days` working days; `dwell`: in the stage longer than `times` the standard. */
  'nudge-supervisor': {
    state: 'silent' | 'dwell';
    rep: string;
    repId: string;
    stage: string;
    stageId: string;
    days: number;
    times?: number;
    /** Clients of the deals meant. */
    clients: string[];
    /** Newest first; `what`: `照片 1 标签 3`. */
    last: { on: string; client: string; what: string; url?: string }[];
    trailUrl?: string;
  };
  /** In the place of the nudge, once somebody took it on. `at`: `10:20`. */
  'nudge-taken': { rep: string; stage: string; clients: string[]; at: string };
  /** The answer to a question in a group; one deal, or several. `at`: `10:05`. `asked`: whoever pressed 问一句. */
  'group-deals': {
    state: 'one' | 'several';
    at: string;
    deals: {
      dealId: string;
      client: string;
      rep: string;
      stage: string;
      overdue: boolean;
      missing: string[];
      url: string;
    }[];
    asked?: { by: string; at: string };
  };
  /** Percentages 0–100; null when nothing was owed: shown as —. */
  digest: {
    team: string;
    on: string;
    asOf: string;
    red: DigestLight;
    yellow: DigestLight;
    green: DigestLight;
    rate: number | null;
    rateLastWeek: number | null;
    rateUrl?: string;
    /** The figures drawn, 1.8 times as wide as high; only to one person, since it opens without a login. */
    pictureUrl?: string;
    lowest: { stage: string; rate: number; url?: string } | null;
    redUrl?: string;
    allUrl?: string;
  };

  // ── the bot itself ──
  /** `part`: hands in, leads reps, answers what is asked of a department, looks at all of it. */
  help: { state: 'hello' | 'help'; name: string; part: 'rep' | 'leads' | 'answers' | 'looks' };
  /** `doing`: `贴公告链接`; absent when nothing is open. */
  'not-understood': { state: 'somewhere' | 'nowhere'; client?: string; doing?: string };
  /**
   * Known for what it is, and nothing to hand in. `somewhere`: this deal is worked on, `doing` is its next item. `words`: a
   * sentence is waited for. `no-deal`: a photo or a file, nobody knows for what. `no-content`: the platform told no more.
   */
  'not-taken': {
    state: 'somewhere' | 'words' | 'no-deal' | 'no-content' | 'nowhere';
    got: GotKind;
    client?: string;
    doing?: string;
  };
  /** A press on a card that has moved on. `now`: what holds now, in words. */
  stale: { dealId?: string; client?: string; now?: string };
  'not-yours': { owner?: string };
  'unknown-person': { platform: string; userId: string };
  'unknown-person-admin': { platform: string; userId: string; at: string; said?: string };
  'left-person': { admin?: string };
  /** Somebody left; whoever is above takes over what they had. */
  'handed-over': { state: 'left' | 'joined'; from: string; deals: { client: string; stage: string }[] };
  /** Somebody new of a name that is known from the other platform. */
  'same-person': {
    state: 'asked' | 'joined' | 'apart';
    keepId: string;
    otherId: string;
    platform: string;
    userId: string;
    name: string;
    title: string;
    /** Title of the one who is known, and where they are known. */
    known: { title: string; platform?: string };
  };
  /** Something of ours is slow or broken; what was sent is kept. */
  busy: { kept: boolean };
}

export type CardName = keyof CardData;

/** Same words as the flow room's item kinds. */
export type CardItemKind =
  | 'confirm'
  | 'text'
  | 'touch'
  | 'choice'
  | 'tags'
  | 'photo'
  | 'purchase-history'
  | 'follow-up'
  | 'sheet'
  | 'file'
  | 'link'
  | 'voice'
  | 'approval'
  | 'scan';

export type GotKind =
  | 'text'
  | 'image'
  | 'file'
  | 'voice'
  | 'link'
  | 'location'
  | 'scan'
  | 'video'
  | 'mini-program'
  | 'contact'
  | 'sticker'
  | 'chat-record'
  | 'card'
  | 'no-content'
  | 'quoted'
  | 'unknown';

export interface HeardMention {
  id: string;
  /** 付款方式变更 */
  name: string;
  /** The words around it. */
  quote: string;
}

export interface ChecklistItem {
  id: string;
  name: string;
  kind: CardItemKind;
  mark: Mark;
  /** Pieces that passed, of those wanted. */
  have: number;
  need: number;
  required: boolean;
  /** What the last verdict said, when it did not pass. */
  say?: string;
}

export interface MissingItem {
  id: string;
  name: string;
  kind: CardItemKind;
  /** `近 3 个月内发布，1 份`: from `describeItem` of the flow room. */
  detail?: string;
}

interface OfDeal {
  dealId: string;
  client: string;
  stage: string;
}
interface OfItem {
  dealId: string;
  itemId: string;
  client: string;
  item: string;
}
interface OfQuestion extends OfItem {
  /** 提示 of the flow file. */
  hint?: string;
  /** What is demanded, in words: from `describeItem` of the flow room. */
  demands?: string;
  /** The flow has exemptions and this person has some left: offers to ask for one. */
  canExempt?: boolean;
}

/** `on`: the light is lit; the people are counted either way. */
interface DigestLight {
  on: boolean;
  stage: string;
  people: number;
  url?: string;
}
