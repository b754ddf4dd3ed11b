import { indexOptions } from './commands/admin.js';
import { commandTable, commonFields } from './commands/registry.js';
import { deleteStatement, updateStatement } from './commands/write.js';
import { stages } from './engine/stages.js';
import { accumulators } from './query/accumulators.js';
import { filterOperators } from './query/filter.js';
import { simpleOperators } from './query/operators.js';
import { projectionOperators } from './query/project.js';
import { specialOperators } from './query/special-operators.js';
import { pushModifiers } from './query/changes.js';
import { updateOperators } from './query/update.js';

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ');

/** Everything that is offered, from the registries that the code itself looks names up in. */
export interface Support {
  /** Fields of each command, besides those of every command. */
  commands: ReadonlyMap<string, readonly string[]>;
  /** Names by kind. */
  names: Readonly<Record<string, readonly string[]>>;
}

export function support(): Support {
  const commands = [...commandTable(null)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    commands: new Map(commands.map(([name, { fields }]) => [name, fields])),
    names: {
      query: [...filterOperators.field, ...filterOperators.logical],
      update: updateOperators,
      '`$push`': pushModifiers,
      'update statement': updateStatement,
      'delete statement': deleteStatement,
      projection: projectionOperators,
      stages: Object.keys(stages),
      accumulators: Object.keys(accumulators),
      expressions: [...Object.keys(simpleOperators), ...Object.keys(specialOperators)].sort(),
      'index options': indexOptions,
      'fields of every command': commonFields,
    },
  };
}

/** The README's table. */
export function supportTable(): string {
  const { commands, names } = support();
  return [
    '| command | with |',
    '|---|---|',
    ...[...commands].map(([name, fields]) => `| \`${name}\` | ${code(fields) || 'no fields'} |`),
    '',
    '| kind | names |',
    '|---|---|',
    ...Object.entries(names).map(([kind, list]) => `| ${kind} | ${code(list)} |`),
    '',
  ].join('\n');
}
