/**
 * A flow as loaded from `bot-flows/*.yaml`, checked and normalised. Names that users write (阶段, 验证项 …) are translated
 * here once; nothing past the loader sees a YAML key. Stages and items are addressed by their 编号, never by position.
 */

/** `1工作日` → {amount: 1, unit: 'workday'}; work limits are counted on the org's calendar, the others by the wall clock. */
export interface Limit {
  amount: number;
  unit: 'workday' | 'workhour' | 'day' | 'hour' | 'minute';
}

export interface TagLibrary {
  name: string;
  /** A library without groups has one group named ''. */
  groups: { name: string; tags: string[] }[];
}

interface ItemBase {
  id: string;
  name: string;
  required: boolean;
  /** Extra words for the person who is asked. */
  hint?: string;
  /** Own limit within the stage. */
  limit?: Limit;
}

export type Item =
  | (ItemBase & { kind: 'confirm' })
  | (ItemBase & { kind: 'text'; minLength: number })
  /** 触达: the first verified touch; `accepts` holds witnesses: call | message | check-in. */
  | (ItemBase & { kind: 'touch'; accepts: ('call' | 'message' | 'check-in')[] })
  | (ItemBase & { kind: 'choice'; options: string[] })
  /** 标签: `min` distinct tags, from `minGroups` distinct groups (1 = no demand). */
  | (ItemBase & { kind: 'tags'; library: string; min: number; minGroups: number })
  | (ItemBase & { kind: 'photo'; count: number; demands: PhotoDemands })
  | (ItemBase & { kind: 'purchase-history' })
  /** 跟进: every element must be filled in. */
  | (ItemBase & { kind: 'follow-up'; elements: string[] })
  | (ItemBase & { kind: 'sheet'; formats: ('XLSX' | 'CSV')[]; demands: SheetDemands })
  | (ItemBase & { kind: 'file'; formats: 'PDF'[]; demands: FileDemands })
  /** 录音: a voice message of the chat or an uploaded recording. */
  | (ItemBase & { kind: 'voice'; demands: VoiceDemands })
  | (ItemBase & { kind: 'link'; count: number; publishedWithinMonths?: number })
  /** 审批: a person of the department answers a to-do card. */
  | (ItemBase & { kind: 'approval'; department: string; notify: string[] })
  /** 扫码: the visit's own QR code. */
  | (ItemBase & { kind: 'scan'; content: 'visit' });

export type ItemKind = Item['kind'];

export interface PhotoDemands {
  /** 现场拍摄: received within this long after it was asked for. */
  freshWithinMs?: number;
  /** 位置: metres from the client's site. */
  withinMetres?: number;
  /** 水印时间: 要有 */
  watermarkTime?: boolean;
  /** 环境特征: 要有 */
  environment?: boolean;
  /** 查重: 全公司 */
  reuse?: 'company';
  /** 门牌: names that may stand on the plate (a list of the flow, resolved). */
  doorPlates?: string[];
  /** 铭牌: which facts must be readable. */
  nameplate?: ('model' | 'serial')[];
}

export interface SheetDemands {
  columns?: string[];
  everyRowFilled?: boolean;
  /** 分项层级: at least this many levels. */
  minLevels?: number;
}

export interface FileDemands {
  /** 客户名称出现: 至少N处 */
  clientNameTimes?: number;
  /** 含文字 */
  containsText?: string;
  /** 大小: 超过N: strictly more bytes than this. */
  largerThanBytes?: number;
  /** 有效期: 未过期 */
  notExpired?: boolean;
  /** 授权印章: 人工复核 → always a person's verdict. */
  sealReviewed?: boolean;
}

/** 关键词: something worth noting in a deal, and the ways it is said; `…` stands for a few characters between. */
export interface Keyword {
  name: string;
  phrases: string[];
}

export interface VoiceDemands {
  /** 时长: 至少N分钟 */
  minMs?: number;
  /** 文字: without 不要, words must have been recognised in it. */
  words: boolean;
  /** 认可: whose voice it may be. `client`: somebody else's too, who must have agreed; `self`: the rep's own report. */
  accepts: ('client' | 'self')[];
  /** 关键词: the ones of the flow that are looked for, resolved. */
  keywords: Keyword[];
}

export interface TodoSpec {
  department: string;
  text: string;
  limit: Limit;
}

export interface Stage {
  id: string;
  name: string;
  aliases: string[];
  limit: Limit;
  items: Item[];
  onEnter: TodoSpec[];
  /** 每次拜访计一次 */
  perVisit: boolean;
}

export interface AutoAdvanceRule {
  when: { fileContains?: string; largerThanBytes?: number };
  toStage: string;
}

export interface NudgeRule {
  when: { kind: 'silent'; stage: string; forWorkdays: number } | { kind: 'dwell'; timesLimit: number };
  /** 直属主管 → 'supervisor', 区域总监 → 'director' */
  notify: OrgRole[];
  copy: OrgRole[];
  /** 附上: 最近N次跟进 */
  attachLast?: number;
}
export type OrgRole = 'owner' | 'supervisor' | 'director';

export interface AlertRule {
  when:
    | { kind: 'penetration-below'; percent: number; weeks: number }
    | { kind: 'pass-rate-below'; stage: string; percent: number };
  trigger: 'coaching' | 'review';
}

export interface ExemptionPolicy {
  who: OrgRole[];
  perPersonPerMonth: number;
  reasonRequired: boolean;
  validMs: number;
}

export interface Flow {
  id: string;
  name: string;
  description: string;
  productLines: string[];
  /** First 16 hex of the sha256 of the normalised content: the version that a deal pins. */
  hash: string;
  tagLibraries: Record<string, TagLibrary>;
  lists: Record<string, string[]>;
  /** Absent in flows without. */
  keywords?: Keyword[];
  stages: Stage[];
  autoAdvance: AutoAdvanceRule[];
  nudges: NudgeRule[];
  alerts: AlertRule[];
  exemptions?: ExemptionPolicy;
}
