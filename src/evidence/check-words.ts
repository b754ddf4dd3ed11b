import { measureWords } from './measure-words.js';
import type { Finding } from './types.js';

/** What each check is called to people, in at most five characters (a label of a WeCom card). A code without words here shows as it is: a new check is seen, not hidden. */
const CHECKS: Record<string, string> = {
  'photo.fresh': '现场拍摄',
  'photo.reuse': '查重',
  'photo.watermark_time': '水印时间',
  'photo.exif_time': '照片时间',
  'photo.door_plate': '科室门牌',
  'photo.nameplate_model': '铭牌型号',
  'photo.nameplate_serial': '铭牌序列号',
  'photo.position': '拍摄位置',
  'photo.content': '画面内容',
  'photo.light': '亮度',
  'photo.sharp': '清晰度',
  'photo.screen': '翻拍屏幕',
  'photo.paper': '是否一页纸',
  'pdf.readable': '能否打开',
  'pdf.text': '含文字',
  'pdf.client_name': '客户名称',
  'pdf.size': '文件大小',
  'pdf.valid_until': '有效期',
  'pdf.seal': '授权印章',
  'sheet.content': '表格内容',
  'sheet.rows': '行数',
  'sheet.columns': '列名',
  'sheet.filled': '每行填满',
  'sheet.levels': '分项层级',
  'link.address': '网址',
  'link.title': '标题',
  'link.published': '发布日期',
  'link.page': '网页',
  'link.page_title': '网页标题',
  'link.page_date': '网页日期',
  'voice.reuse': '查重',
  'voice.length': '时长',
  'voice.sound': '声音',
  'voice.consent': '对方同意',
  'voice.words': '转写',
  'verifier.unavailable': '核验',
  demo: '演示',
};

export const checkLabel = (code: string): string => (code === 'asked' ? '代表请看' : (CHECKS[code] ?? code));

/** What a check measured and wanted, ready to show; null: nothing. What bits of a hash mean is told in words. */
export function checkMeasures(finding: Finding): { measured: string | null; expected: string | null } {
  if (finding.code === 'voice.consent')
    return {
      measured: { agreed: '同意录音', own: '自己口述' }[String(finding.measured)] ?? '还没确认',
      expected: finding.expected === 'agreed' ? '同意录音' : '同意录音，或自己口述',
    };
  if (finding.code !== 'photo.reuse' && finding.code !== 'voice.reuse')
    return {
      measured: measureWords(finding.measured, finding.unit),
      expected: measureWords(finding.expected, finding.unit),
    };
  const { measured, status } = finding;
  return {
    measured:
      measured === null ? '没有相似的' : status === 'failed' ? '用过的图' : status === 'review' ? '很像' : '不是同一张',
    expected: '没用过',
  };
}
