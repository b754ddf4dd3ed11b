import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseCard } from '../src/cards/index.js';
import { errorText, formatProblem, hasErrors } from '../src/core/index.js';
import type { FileProblem } from '../src/core/index.js';
import { parseFlow } from '../src/flow/index.js';

const USAGE = `用法：npm run flow -- lint 文件…

  lint    检查流程文件（*.flow.yaml）和卡片文件（*.yaml），一行一个问题：文件:行:列 级别 代码 说明
          没有错误时退出码 0，有错误时 1，用法不对时 2`;

/** A card file says 卡片 on its first key; everything else is read as a flow. */
function lintFile(file: string): FileProblem[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `文件读不了：${errorText(error)}`;
    return [{ file, line: 1, col: 1, level: 'error', code: 'file.unreadable', message }];
  }
  const isCard = !basename(file).endsWith('.flow.yaml') && /^卡片\s*:/m.test(text);
  return isCard ? parseCard(text, file).problems : parseFlow(text, file).problems;
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
