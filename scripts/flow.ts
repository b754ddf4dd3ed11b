import { readFileSync } from 'node:fs';
import { parseCard } from '../src/cards/index.js';
import { errorText, FlowDefinitionError, formatProblem, hasErrors } from '../src/core/index.js';
import type { FileProblem } from '../src/core/index.js';
import { parseFlow } from '../src/flow/index.js';
import { parseCalendarFile } from '../src/org/index.js';
import type { CalendarProblem } from '../src/org/index.js';

const USAGE = `用法：npm run flow -- lint 文件…

  lint    检查流程、卡片和日历文件，一行一个问题：文件:行:列 级别 代码 说明
          没有错误时退出码 0，有错误时 1，用法不对时 2`;

function lintFile(file: string): FileProblem[] {
  const problem = (code: string, message: string): FileProblem[] => [
    { file, line: 1, col: 1, level: 'error', code, message },
  ];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return problem('file.unreadable', `文件读不了：${errorText(error)}`);
  }
  // The name decides for flows; a card file says which card it is.
  if (file.endsWith('.flow.yaml')) return parseFlow(text, file).problems;
  if (/^卡片\s*:/m.test(text)) return parseCard(text, file).problems;
  if (/^(工作时间|公司日历)\s*:/m.test(text)) return lintCalendar(text, file);
  return problem(
    'file.unknown_kind',
    '不认识这种文件。流程文件名要以 .flow.yaml 结尾，卡片文件要有「卡片: 名称」，日历文件要有「工作时间」。',
  );
}

function lintCalendar(text: string, file: string): FileProblem[] {
  try {
    parseCalendarFile(text, file);
    return [];
  } catch (error) {
    if (!(error instanceof FlowDefinitionError)) throw error;
    const problems = (error.details['problems'] ?? []) as CalendarProblem[];
    return problems.map((problem) => ({ file, level: 'error', ...problem }));
  }
}

function main(args: readonly string[]): number {
  const [command, ...files] = args;
  if (command !== 'lint' || files.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const problems = files.flatMap(lintFile);
  for (const problem of problems) console.log(formatProblem(problem));
  return hasErrors(problems) ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
