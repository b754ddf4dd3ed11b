import { didYouMean } from '../core/index.js';
import type { YamlFields, YamlValue } from '../core/index.js';
import { readWords, YES_NO } from './read-parts.js';
import type { AlertRule, AutoAdvanceRule, ExemptionPolicy, NudgeRule, OrgRole, Stage } from './types.js';
import {
  LAST_FOLLOW_UPS,
  PERCENT,
  readMoreThanBytes,
  readQuantity,
  readWallTime,
  TIMES,
  TIMES_LIMIT,
  WEEKS,
  WORKDAYS,
} from './units.js';

const ROLES: Readonly<Record<string, OrgRole>> = { 销售本人: 'owner', 直属主管: 'supervisor', 区域总监: 'director' };
const TRIGGERS = { 辅导: 'coaching', 过程复盘: 'review' } as const;

const rulesOf = (value: YamlValue | null, what: string): YamlValue[] => value?.list(what) ?? [];

export function readAutoAdvance(value: YamlValue | null, stages: readonly Stage[]): AutoAdvanceRule[] {
  return rulesOf(value, '自动推进').flatMap((rule): AutoAdvanceRule[] => {
    const fields = rule.fields('自动推进', ['当', '推进到']);
    const file = fields
      ?.need('当')
      ?.fields('当', ['上传文件'])
      ?.need('上传文件')
      ?.fields('上传文件', ['含文字', '大小']);
    const toStage = readStage(fields?.need('推进到') ?? null, '推进到', stages);
    if (!file || toStage === null) return [];
    const fileContains = file.get('含文字')?.text('含文字') ?? undefined;
    const largerThanBytes = readMoreThanBytes(file.get('大小'), '大小') ?? undefined;
    if (!file.has('含文字') && !file.has('大小')) {
      file.at.error('flow.no_condition', '「上传文件」没写条件，至少写「含文字」或「大小」中的一个。');
      return [];
    }
    return [{ when: { fileContains, largerThanBytes }, toStage }];
  });
}

export function readNudges(value: YamlValue | null, stages: readonly Stage[]): NudgeRule[] {
  return rulesOf(value, '催办').flatMap((rule): NudgeRule[] => {
    const fields = rule.fields('催办', ['当', '通知', '抄送', '附上']);
    const when = fields?.need('当')?.fields('当', ['阶段', '连续无更新', '停留超过']) ?? null;
    const notify = readWords(fields?.need('通知') ?? null, '通知', ROLES);
    const copy = readWords(fields?.get('抄送') ?? null, '抄送', ROLES) ?? [];
    const attachLast = readQuantity(fields?.get('附上') ?? null, '附上', LAST_FOLLOW_UPS) ?? undefined;
    const condition = when && readNudgeCondition(when, stages);
    return condition && notify ? [{ when: condition, notify, copy, attachLast }] : [];
  });
}

function readNudgeCondition(when: YamlFields, stages: readonly Stage[]): NudgeRule['when'] | null {
  if (when.has('停留超过')) {
    for (const other of ['阶段', '连续无更新']) {
      when.get(other)?.error('flow.condition', `「停留超过」和「${other}」不能写在一起，请分成两条。`);
    }
    const timesLimit = readQuantity(when.get('停留超过'), '停留超过', TIMES_LIMIT);
    return timesLimit === null ? null : { kind: 'dwell', timesLimit };
  }
  const forWorkdays = readQuantity(when.need('连续无更新'), '连续无更新', WORKDAYS);
  const stage = readStage(when.need('阶段'), '阶段', stages);
  return stage === null || forWorkdays === null ? null : { kind: 'silent', stage, forWorkdays };
}

export function readAlerts(value: YamlValue | null, stages: readonly Stage[]): AlertRule[] {
  return rulesOf(value, '预警').flatMap((rule): AlertRule[] => {
    const fields = rule.fields('预警', ['当', '触发']);
    const when = fields?.need('当')?.fields('当', ['阶段', '穿透率低于', '连续', '月通过率低于']) ?? null;
    const trigger = fields?.need('触发')?.word('触发', TRIGGERS) ?? null;
    const condition = when && readAlertCondition(when, stages);
    return condition && trigger ? [{ when: condition, trigger }] : [];
  });
}

function readAlertCondition(when: YamlFields, stages: readonly Stage[]): AlertRule['when'] | null {
  if (when.has('穿透率低于')) {
    for (const other of ['阶段', '月通过率低于']) {
      when.get(other)?.error('flow.condition', `「穿透率低于」和「${other}」不能写在一起，请分成两条。`);
    }
    const percent = readQuantity(when.get('穿透率低于'), '穿透率低于', PERCENT);
    const weeks = readQuantity(when.need('连续'), '连续', WEEKS);
    return percent === null || weeks === null ? null : { kind: 'penetration-below', percent, weeks };
  }
  when.get('连续')?.error('flow.condition', '「连续」只和「穿透率低于」一起用。');
  const percent = readQuantity(when.need('月通过率低于'), '月通过率低于', PERCENT);
  const stage = readStage(when.need('阶段'), '阶段', stages);
  return percent === null || stage === null ? null : { kind: 'pass-rate-below', stage, percent };
}

export function readExemptions(value: YamlValue | null): ExemptionPolicy | undefined {
  const fields = value?.fields('豁免', ['谁可以', '每人每月', '必填理由', '有效']) ?? null;
  if (fields === null) return undefined;
  const who = readWords(fields.need('谁可以'), '谁可以', ROLES);
  const perPersonPerMonth = readQuantity(fields.need('每人每月'), '每人每月', TIMES);
  const reasonRequired = fields.get('必填理由')?.word('必填理由', YES_NO) ?? true;
  const validMs = readWallTime(fields.need('有效'), '有效', '7天');
  if (who?.includes('owner') === true) {
    fields.get('谁可以')?.error('flow.self_exemption', '销售本人不能豁免自己，请写：直属主管、区域总监。');
  }
  if (who === null || perPersonPerMonth === null || validMs === null) return undefined;
  return { who, perPersonPerMonth, reasonRequired, validMs };
}

/** By 编号, 名称 or 别名. */
function readStage(value: YamlValue | null, what: string, stages: readonly Stage[]): string | null {
  const text = value?.text(what) ?? null;
  if (value === null || text === null) return null;
  const found = stages.find((stage) => stage.id === text || stage.name === text || stage.aliases.includes(text));
  if (found !== undefined) return found.id;
  const ids = stages.map((stage) => stage.id);
  value.error(
    'flow.unknown_stage',
    `「${what}」没有「${text}」这个阶段${didYouMean(text, ids)}，可以写：${ids.join('、')}。`,
  );
  return null;
}
