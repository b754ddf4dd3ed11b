/** Comparing names in documents: width, brackets, spaces, company forms, and what PDF writers do to characters. Pure. */

/**
 * Radicals that PDF writers put in place of whole characters and that NFKC leaves alone (CJK Radicals Supplement), and the one Kangxi radical
 * that NFKC turns into its traditional form. Source: Unicode, EquivalentUnifiedIdeograph.txt.
 */
const RADICALS: Record<string, string> = {
  ...{
    '⺝': '月',
    '⺟': '母',
    '⺠': '民',
    '⻁': '虎',
    '⻄': '西',
    '⻅': '见',
    '⻆': '角',
    '⻉': '贝',
    '⻋': '车',
    '⻓': '长',
  },
  ...{
    '⻔': '门',
    '⻘': '青',
    '⻚': '页',
    '⻛': '风',
    '⻜': '飞',
    '⻝': '食',
    '⻢': '马',
    '⻣': '骨',
    '⻤': '鬼',
    '⻥': '鱼',
  },
  ...{ '⻦': '鸟', '⻧': '卤', '⻨': '麦', '⻩': '黄', '⻬': '齐', '⻮': '齿', '⻰': '龙', '⻳': '龟', 戶: '户' },
};

export function foldRadicals(text: string): string {
  return text.normalize('NFKC').replace(/[\u2e80-\u2eff戶]/gu, (char) => RADICALS[char] ?? char);
}

/** For finding words: no white space at all (lines break inside names), no brackets, quotes or dots, lower case. */
export function foldName(text: string): string {
  return foldRadicals(text)
    .toLowerCase()
    .replace(/有限[责責]任公司/gu, '有限公司')
    .replace(/股份公司/gu, '股份有限公司')
    .replace(/[\s()\[\]{}<>《》「」『』【】〔〕“”"'‘’·•.,，。、_-]/gu, '');
}

/** How often a name, or one of its aliases, stands in a text; overlapping names count once, the longest first. */
export function countNames(text: string, names: readonly string[]): number {
  const folded = [...new Set(names.map(foldName))]
    .filter((name) => name.length >= 2)
    .sort((a, b) => b.length - a.length);
  if (folded.length === 0) return 0;
  const pattern = new RegExp(folded.map((name) => name.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&')).join('|'), 'gu');
  return foldName(text).match(pattern)?.length ?? 0;
}

export function containsWords(text: string, words: string): boolean {
  const wanted = foldName(words);
  return wanted !== '' && foldName(text).includes(wanted);
}
