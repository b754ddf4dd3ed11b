import type { YamlFields, YamlValue } from '../core/index.js';
import { readDistinct, readReference, readWords, YES_NO } from './read-parts.js';
import type { References } from './read-parts.js';
import type { FileDemands, PhotoDemands, SheetDemands, VoiceDemands } from './types.js';
import { LEVELS, METRES, readLength, readMoreThanBytes, readQuantity, readWallTime, TIMES_FOUND } from './units.js';

const WANTED = { 要有: true } as const;
const NAMEPLATE = { 型号: 'model', 序列号: 'serial' } as const;
const VOICES = { 客户录音: 'client', 本人口述: 'self' } as const;
const LIST_PREFIX = '名单.';

/** Leaves out what is not demanded, so that the normalised flow says only what was written. */
function defined<T extends object>(demands: { [K in keyof T]: T[K] | null | undefined }): T {
  return Object.fromEntries(Object.entries(demands).filter(([, value]) => value !== null && value !== undefined)) as T;
}

export function readPhotoDemands(value: YamlValue | null, references: References): PhotoDemands {
  const fields = value?.fields('要求', ['现场拍摄', '位置', '水印时间', '环境特征', '查重', '门牌', '铭牌']) ?? null;
  if (fields === null) return {};
  return defined<PhotoDemands>({
    freshWithinMs: readWallTime(fields.get('现场拍摄'), '现场拍摄', '10分钟内'),
    withinMetres: readQuantity(fields.get('位置'), '位置', METRES),
    watermarkTime: fields.get('水印时间')?.word('水印时间', WANTED),
    environment: fields.get('环境特征')?.word('环境特征', WANTED),
    reuse: fields.get('查重')?.word('查重', { 全公司: 'company' } as const),
    doorPlates: readDoorPlates(fields.get('门牌'), references),
    nameplate: readWords(fields.get('铭牌'), '铭牌', NAMEPLATE),
  });
}

/** `名单.科室`, resolved. */
function readDoorPlates(value: YamlValue | null, references: References): string[] | null {
  if (value === null) return null;
  return readReference(
    value,
    '门牌',
    Object.fromEntries(Object.entries(references.lists).map(([name, entries]) => [`${LIST_PREFIX}${name}`, entries])),
  );
}

export function readSheetDemands(fields: YamlFields): SheetDemands {
  const demands = fields.get('要求')?.fields('要求', ['分项层级']) ?? null;
  return defined<SheetDemands>({
    columns: fields.has('列') ? readDistinct(fields.get('列'), '列') : null,
    everyRowFilled: fields.get('每行填满')?.word('每行填满', YES_NO),
    minLevels: readQuantity(demands?.get('分项层级') ?? null, '分项层级', LEVELS),
  });
}

export function readFileDemands(value: YamlValue | null): FileDemands {
  const fields = value?.fields('要求', ['客户名称出现', '含文字', '大小', '有效期', '授权印章']) ?? null;
  if (fields === null) return {};
  return defined<FileDemands>({
    clientNameTimes: readQuantity(fields.get('客户名称出现'), '客户名称出现', TIMES_FOUND),
    containsText: fields.get('含文字')?.text('含文字'),
    largerThanBytes: readMoreThanBytes(fields.get('大小'), '大小'),
    notExpired: fields.get('有效期')?.word('有效期', { 未过期: true } as const),
    sealReviewed: fields.get('授权印章')?.word('授权印章', { 人工复核: true } as const),
  });
}

/** Nothing said of it: somebody else's voice, who must have agreed, with words in it. The strict reading is the safe one. */
export function readVoiceDemands(fields: YamlFields, references: References): VoiceDemands {
  const demands = fields.get('要求')?.fields('要求', ['时长', '文字']) ?? null;
  const known = Object.fromEntries(references.keywords.map((keyword) => [keyword.name, keyword]));
  const named = fields.get('关键词')?.list('关键词') ?? null;
  return defined<VoiceDemands>({
    minMs: readLength(demands?.get('时长') ?? null, '时长'),
    words: demands?.get('文字')?.word('文字', { ...WANTED, 不要: false } as const) ?? true,
    accepts: readWords(fields.get('认可'), '认可', VOICES) ?? ['client'],
    keywords:
      named === null ? [...references.keywords] : named.flatMap((at) => readReference(at, '关键词', known) ?? []),
  });
}
