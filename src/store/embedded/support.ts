import { indexOptions } from './commands/admin.js';
import { commandTable, commonFields } from './commands/registry.js';
import { stages } from './engine/stages.js';
import { accumulators } from './query/accumulators.js';
import { filterOperators } from './query/filter.js';
import { simpleOperators } from './query/operators.js';
import { specialOperators } from './query/special-operators.js';
import { pushModifiers } from './query/changes.js';
import { updateOperators } from './query/update.js';

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ');

/** The README's table of what is offered, made from the registries that the code itself looks names up in. */
export function supportTable(): string {
  const commands = [...commandTable(null)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { fields }]) => `| \`${name}\` | ${code(fields) || 'no fields'} |`);
  const sections: [string, string[]][] = [
    ['query', [...filterOperators.field, ...filterOperators.logical]],
    ['update', [...updateOperators]],
    ['`$push`', [...pushModifiers]],
    ['stages', Object.keys(stages)],
    ['accumulators', Object.keys(accumulators)],
    ['expressions', [...Object.keys(simpleOperators), ...Object.keys(specialOperators)].sort()],
    ['index options', [...indexOptions]],
    ['fields of every command', [...commonFields]],
  ];
  return [
    '| command | with |',
    '|---|---|',
    ...commands,
    '',
    '| kind | names |',
    '|---|---|',
    ...sections.map(([kind, names]) => `| ${kind} | ${code(names)} |`),
    '',
  ].join('\n');
}
