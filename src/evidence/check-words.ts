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
  'sheet.hidden': '隐藏的行',
  'sheet.formulas': '公式',
  'link.address': '网址',
  'link.title': '标题',
  'link.published': '发布日期',
  'link.client': '网页客户名',
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

export function checkLabel(code: string): string {
  if (code === 'asked') return '代表请看';
  // Whatever is wrong with the file itself.
  return CHECKS[code] ?? (code.startsWith('file.') ? '文件' : code);
}

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

const SOURCES: [RegExp, string][] = [
  [/^server clock/u, '服务器时间'],
  [/^exif/iu, '照片信息'],
  [/^ocr|pieced together|, lines|tesseract|paddle/iu, '文字识别'],
  [/^pdf/iu, 'PDF 文字'],
  [/^red circles/u, '红色圆章，由人定'],
  [/^location|^no position|^client sites|^capture/iu, '位置'],
  [/^sha256|^file bytes/iu, '文件本身'],
  [/^picture hash/iu, '图像指纹'],
  [/^pixels|^picture/iu, '画面'],
  [/^header row/iu, '表头'],
  [/^by numbering/iu, '按编号分级'],
  [/^by outline/iu, '按大纲分级'],
  [/^by indent/iu, '按缩进分级'],
  [/^by columns/iu, '按列分级'],
  [/^sheet|^cells|^by /iu, '表格'],
  [/^page/iu, '网页'],
  [/^stated/iu, '提交人填写'],
  [/^amr|^silk|^wav|^music-metadata|^loudest/iu, '录音本身'],
  [/^dingtalk recognition|^wecom recognition|^asr|^speech/iu, '语音转文字'],
  [/^typed/iu, '提交人打字'],
  [/^verifier/iu, '核验程序'],
];

/** Sources are English for logs; people read these words. What has none shows as it is. */
export function sourceWords(source: string): string {
  const found = SOURCES.find(([pattern]) => pattern.test(source));
  if (found === undefined) return source;
  const confidence = /0\.\d+/u.exec(source)?.[0];
  return confidence === undefined ? found[1] : `${found[1]} ${confidence}`;
}
