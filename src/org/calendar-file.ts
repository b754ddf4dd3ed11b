import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { FlowDefinitionError } from '../core/index.js';
import type { CalendarOptions, DayException } from './calendar.js';

export interface CalendarProblem {
  line: number;
  col: number;
  code: string;
  message: string;
}

const KEYS = ['工作时间', '公司日历'];
const DAY_KEYS = ['日期', '上班', '说明'];
const TIME = '([01]\\d|2[0-3]):[0-5]\\d';
const SPAN = new RegExp(`^(${TIME})-(${TIME}|24:00)$`);

/**
 * Reads `bot-flows/calendar.zh.yaml`: hours of work and the company's own days, in business words. The whole file is
 * looked at and all mistakes are listed at once (`details.problems`, and a line each in the message).
 */
export function parseCalendarFile(text: string, file: string): CalendarOptions {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems: CalendarProblem[] = [];
  const say = (offset: number, code: string, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ line, col, code, message });
  };
  const at = (node: unknown) => (node as { range?: [number, number, number] | null } | null)?.range?.[0] ?? 0;

  /** Values by key; unknown keys are mistakes. */
  const entries = (map: YAMLMap, allowed: readonly string[]) => {
    const found: Record<string, unknown> = {};
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (allowed.includes(name)) found[name] = value;
      else say(at(key), 'calendar.key', `不认识「${name}」，可以写：${allowed.join('、')}`);
    }
    return found;
  };
  const list = (node: unknown, key: string): unknown[] => {
    if (node === undefined || (isScalar(node) && node.value === null)) return [];
    if (isSeq(node)) return node.items;
    say(at(node), 'calendar.list', `「${key}」要写成列表`);
    return [];
  };

  for (const error of document.errors) say(error.pos[0], 'yaml.syntax', error.message.split('\n')[0] ?? '');
  const root = document.contents;
  const options: CalendarOptions = {};
  if (root !== null && !isMap(root)) say(at(root), 'calendar.shape', `文件最外层要有：${KEYS.join('、')}`);
  if (isMap(root) && problems.length === 0) {
    const top = entries(root, KEYS);
    const hours = list(top['工作时间'], '工作时间').flatMap((node, i, all) => {
      const value = textOf(node);
      const match = SPAN.exec(value);
      if (!match) {
        say(at(node), 'calendar.hours', `「${value}」不是时段，写成 09:00-12:00`);
        return [];
      }
      const [, from, , to] = match as unknown as [string, string, string, string];
      const before = i === 0 ? '00:00' : textOf(all[i - 1]).slice(-5);
      if (to <= from || from < before) say(at(node), 'calendar.hours', `「${value}」要晚于前一段，结束要晚于开始`);
      return [{ from, to }];
    });
    if (hours.length > 0) options.hours = hours;

    const seen = new Set<string>();
    options.exceptions = list(top['公司日历'], '公司日历').flatMap((node): DayException[] => {
      if (!isMap(node)) {
        say(at(node), 'calendar.day', `每一天写成 {${DAY_KEYS.join(', ')}}`);
        return [];
      }
      const day = entries(node, DAY_KEYS);
      const on = textOf(day['日期']);
      const work = textOf(day['上班']);
      if (!isDay(on)) say(at(day['日期'] ?? node), 'calendar.date', `「${on}」不是日期，写成 2026-12-31`);
      else if (seen.has(on)) say(at(day['日期']), 'calendar.date', `${on} 写了两次`);
      seen.add(on);
      if (work !== '是' && work !== '否') say(at(day['上班'] ?? node), 'calendar.work', `「上班」写 是 或 否`);
      return [{ on, work: work === '是' }];
    });
  }
  if (problems.length > 0) {
    const text = problems.map(({ line, col, code, message }) => `${file}:${line}:${col} error ${code} ${message}`);
    throw new FlowDefinitionError('calendar.invalid', text.join('\n'), { details: { file, problems } });
  }
  return options;
}

function textOf(node: unknown): string {
  return isScalar(node) ? String(node.value ?? '') : '';
}

function isDay(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00Z`) : new Date(NaN);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
