import { unreachable } from '../core/index.js';
import type { FileDemands, Item, PhotoDemands, SheetDemands, VoiceDemands } from './types.js';
import { formatBytes, formatLength, formatWallTime } from './units.js';

const WITNESS_WORDS = { call: '有效通话', message: '双向消息', 'check-in': '现场签到' } as const;
const NAMEPLATE_WORDS = { model: '型号', serial: '序列号' } as const;

/** What an item demands, in the words of cards: `2 张，现场拍摄，离客户 500 米内，拍到门牌`. Empty when nothing is demanded. */
export function describeItem(item: Item): string {
  return demandsOf(item)
    .filter((text) => text !== '')
    .join('，');
}

function demandsOf(item: Item): string[] {
  switch (item.kind) {
    case 'photo':
      return [`${item.count} 张`, ...photoDemands(item.demands)];
    case 'file':
      return [item.formats.join('、'), ...fileDemands(item.demands)];
    case 'sheet':
      return [item.formats.join('、'), ...sheetDemands(item.demands)];
    case 'voice':
      return voiceDemands(item.demands);
    case 'link': {
      const within = item.publishedWithinMonths;
      return [within === undefined ? '' : `近 ${within} 个月内发布`, `${item.count} 份`];
    }
    case 'tags':
      return [`至少 ${item.min} 个`, item.minGroups > 1 ? `来自 ${item.minGroups} 个不同的组` : ''];
    case 'touch':
      return [item.accepts.map((witness) => WITNESS_WORDS[witness]).join('、')];
    case 'text':
      return [item.minLength > 1 ? `至少 ${item.minLength} 个字` : ''];
    case 'follow-up':
      return [item.elements.join('、')];
    case 'approval':
      return [`${item.department}通过`];
    case 'scan':
      return ['扫这次拜访的二维码'];
    case 'confirm':
    case 'choice':
    case 'purchase-history':
      return [];
    default:
      return unreachable(item);
  }
}

function photoDemands(demands: PhotoDemands): string[] {
  return [
    demands.freshWithinMs === undefined ? '' : `${formatWallTime(demands.freshWithinMs)}内现场拍`,
    demands.withinMetres === undefined ? '' : `离客户 ${demands.withinMetres} 米内`,
    demands.watermarkTime === true ? '有水印时间' : '',
    demands.environment === true ? '看得出环境' : '',
    demands.doorPlates === undefined ? '' : '拍到门牌',
    demands.nameplate === undefined ? '' : `看得清${demands.nameplate.map((fact) => NAMEPLATE_WORDS[fact]).join('和')}`,
  ];
}

function fileDemands(demands: FileDemands): string[] {
  return [
    demands.clientNameTimes === undefined ? '' : `客户名称出现至少 ${demands.clientNameTimes} 处`,
    demands.containsText === undefined ? '' : `含「${demands.containsText}」`,
    demands.largerThanBytes === undefined ? '' : `大于 ${formatBytes(demands.largerThanBytes)}`,
    demands.notExpired === true ? '没过有效期' : '',
    demands.sealReviewed === true ? '有授权印章（主管看）' : '',
  ];
}

function voiceDemands({ minMs, words, accepts }: VoiceDemands): string[] {
  return [
    minMs === undefined ? '' : `至少 ${formatLength(minMs)}`,
    accepts.includes('self') ? '' : '对方同意录音',
    words ? '听得出内容' : '',
  ];
}

function sheetDemands(demands: SheetDemands): string[] {
  return [
    demands.columns === undefined ? '' : `有${demands.columns.join('、')}`,
    demands.everyRowFilled === true ? '每行填满' : '',
    demands.minLevels === undefined ? '' : `至少 ${demands.minLevels} 级分项`,
  ];
}
