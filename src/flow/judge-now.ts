import { unreachable } from '../core/index.js';
import type { AskAgainCode } from './commands.js';
import type { CheckInPlace, SubmissionValue } from './progress.js';
import type { Flow, Item } from './types.js';

/**
 * What the gate itself can say about an answer. `again`: cannot be taken as it is, ask once more. `verify`: taken, a
 * verifier must look. `judged`: taken and decided.
 */
export type FirstLook =
  | { kind: 'again'; code: AskAgainCode; say: string }
  | { kind: 'verify' }
  | { kind: 'judged'; status: 'passed' | 'failed'; say: string; codes: string[] };

const PASSED: Extract<FirstLook, { kind: 'judged' }> = { kind: 'judged', status: 'passed', say: '', codes: [] };
const again = (code: AskAgainCode, say: string): FirstLook => ({ kind: 'again', code, say });
const failed = (code: string, say: string): FirstLook => ({ kind: 'judged', status: 'failed', say, codes: [code] });

const WITNESS_WORDS = { call: '有效通话', message: '双向消息', 'check-in': '现场签到' } as const;
const wrongKind = (): FirstLook => again('value.kind', '这一项要的不是这种材料。');

export function lookAt(flow: Flow, item: Item, value: SubmissionValue, expectedScan: string | undefined): FirstLook {
  switch (item.kind) {
    case 'confirm':
      return value.kind === 'confirm' ? PASSED : wrongKind();
    case 'text':
      return value.kind === 'text' ? lookAtText(value.text, item.minLength) : wrongKind();
    case 'touch':
      if (value.kind !== 'touch') return wrongKind();
      if (!item.accepts.includes(value.witness)) {
        const accepted = item.accepts.map((witness) => WITNESS_WORDS[witness]).join('、');
        return again('value.witness', `这一项只认：${accepted}。`);
      }
      // A tick is no touch: without a word about it nobody can tell that it happened.
      if (saysNothing(value.note)) return again('value.too_short', `写一句和谁、谈了什么，比如：${TOUCH_EXAMPLE}`);
      if (value.witness === 'check-in' && !isThere(value.place, expectedScan))
        return again('value.place', '现场签到还差到场的凭据：扫这个客户的拜访二维码；在企业微信里发一个定位也行。');
      return PASSED;
    case 'choice':
      if (value.kind !== 'choice') return wrongKind();
      return item.options.includes(value.option)
        ? PASSED
        : again('value.unknown_option', `没有「${value.option}」这个选项，请从卡片上选一个。`);
    case 'tags':
      return value.kind === 'tags' ? lookAtTags(flow, item, value.tags) : wrongKind();
    case 'purchase-history': {
      if (value.kind !== 'purchase-history') return wrongKind();
      const written = value.categories.filter((category) => category.trim() !== '');
      return written.length > 0 ? PASSED : again('value.empty', '至少写一个品类。');
    }
    case 'follow-up': {
      if (value.kind !== 'follow-up') return wrongKind();
      const missing = item.elements.filter(
        (element) => !Object.hasOwn(value.elements, element) || value.elements[element]?.trim() === '',
      );
      return missing.length === 0 ? PASSED : again('value.empty', `还差：${missing.join('、')}。`);
    }
    case 'scan':
      if (value.kind !== 'scan') return wrongKind();
      return expectedScan !== undefined && value.code === expectedScan
        ? PASSED
        : failed('scan.code', '不是这次拜访的二维码。扫客户这次给你看的那个。');
    case 'approval':
      if (value.kind !== 'approval') return wrongKind();
      return value.approved
        ? { ...PASSED, say: value.note }
        : failed('approval.objected', `${item.department}有意见：${value.note.trim() || '没写原因'}`);
    case 'link':
      if (value.kind !== 'link') return wrongKind();
      if (!/^https?:\/\/\S+$/i.test(value.url)) return again('value.empty', '要一个 http 或 https 开头的网页地址。');
      return value.title.trim() === '' ? again('value.empty', '再写一下标题。') : { kind: 'verify' };
    case 'photo':
    case 'file':
    case 'sheet':
    case 'voice':
      return value.kind === item.kind ? { kind: 'verify' } : wrongKind();
    default:
      return unreachable(item);
  }
}

/** Characters that can be read; `和科主任通电话` has seven. */
const MIN_TOUCH_CHARS = 6;
/** Different characters that are left without fillers and figures. */
const MIN_TOUCH_SENSE = 3;
const FILLERS = /[嗯啊哦噢喔呃额哈呵嘿唔]|好的?|是的?|对的?|行|可以|收到|知道了?|没问题|谢谢|ok|yes|test|测试/giu;
const TOUCH_EXAMPLE = '和设备科主任通了 10 分钟电话，约周四上门。';

function saysNothing(note: string): boolean {
  const seen = note.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '');
  if ([...seen].length < MIN_TOUCH_CHARS) return true;
  return new Set(seen.replace(FILLERS, '').replace(/\p{N}/gu, '')).size < MIN_TOUCH_SENSE;
}

function isThere(place: CheckInPlace | undefined, expectedScan: string | undefined): boolean {
  return place?.kind === 'position' || (place?.kind === 'code' && place.code === expectedScan);
}

function lookAtText(text: string, minLength: number): FirstLook {
  const length = [...text.trim()].length;
  if (length === 0) return again('value.empty', '写一句就行。');
  return length >= minLength ? PASSED : again('value.too_short', `至少 ${minLength} 个字，现在 ${length} 个。`);
}

function lookAtTags(flow: Flow, item: Item & { kind: 'tags' }, tags: readonly string[]): FirstLook {
  const library = Object.hasOwn(flow.tagLibraries, item.library) ? flow.tagLibraries[item.library] : undefined;
  const groupOf = new Map(library?.groups.flatMap((group) => group.tags.map((tag) => [tag, group.name] as const)));
  const distinct = [...new Set(tags)];
  const unknown = distinct.filter((tag) => !groupOf.has(tag));
  if (unknown.length > 0) return again('value.unknown_option', `没有这个标签：${unknown.join('、')}。请从卡片上选。`);
  if (distinct.length < item.min) {
    return again('value.too_few', `至少选 ${item.min} 个，现在 ${distinct.length} 个。`);
  }
  const groups = new Set(distinct.map((tag) => groupOf.get(tag)));
  return groups.size < item.minGroups
    ? again('value.too_few_groups', `要来自 ${item.minGroups} 个不同的组，现在都在 ${groups.size} 个组里。`)
    : PASSED;
}
