// The import direction of the house (docs/ARCHITECTURE.md): downward only, and only to faces.
const SLICES = ['deals', 'visits', 'todos', 'leads', 'payments', 'capability', 'reactions'];
// Each level may import the levels before it; rooms of one level may not import each other, except slices (by their faces).
const LEVELS = [
  ['core'],
  ['config'],
  ['store'],
  ['flow', 'cards'],
  ['org', 'evidence', 'platforms'],
  SLICES,
  ['insights'],
  ['conversation'],
  ['inbox', 'outbox'],
  ['jobs'],
  ['web'],
];

const room = (name) => `^src/${name}/`;
const rules = [];
LEVELS.forEach((level, depth) => {
  for (const name of level) {
    const peers = level === SLICES ? [] : level.filter((peer) => peer !== name);
    const above = LEVELS.slice(depth + 1).flat();
    const forbidden = [...peers, ...above, 'sandbox'].map((other) => `src/${other}/`);
    forbidden.push('src/[^/]+\\.ts$', 'scripts/', 'test/');
    rules.push({
      name: `${name}-imports-downward`,
      comment: `${name} may import only what stands below it`,
      severity: 'error',
      from: { path: room(name) },
      to: { path: `^(${forbidden.join('|')})` },
    });
  }
});

const pure = (name) => ({
  name: `${name}-imports-core-only`,
  severity: 'error',
  from: { path: room(name) },
  to: { path: '^src/', pathNot: `^src/(core|${name})/` },
});

module.exports = {
  forbidden: [
    ...rules,
    pure('flow'),
    pure('cards'),
    pure('sandbox'),
    {
      name: 'embedded-store-stands-alone',
      severity: 'error',
      from: { path: '^src/store/embedded/' },
      to: { path: '^src/', pathNot: '^src/store/embedded/' },
    },
    {
      name: 'adapters-are-handed-where-to-deliver',
      severity: 'error',
      from: { path: '^src/platforms/' },
      to: { path: '^src/(inbox|outbox|conversation|deals|insights)/' },
    },
    {
      name: 'inbox-and-outbox-know-only-the-contract',
      severity: 'error',
      from: { path: '^src/(inbox|outbox|conversation|insights|deals|todos|jobs)/' },
      to: { path: '^src/platforms/(wecom|dingtalk)/' },
    },
    {
      name: 'adapters-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/platforms/([^/]+)/' },
      to: { path: '^src/platforms/(wecom|dingtalk)/', pathNot: '^src/platforms/$1/' },
    },
    {
      name: 'faces-only',
      comment: 'Another room is asked through its index.ts (or platforms/contract.ts, a vendor face, a process entry).',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/[^/]+/.+',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          '^src/core/',
          '^src/platforms/contract\\.ts$',
          '^src/platforms/[^/]+/index\\.ts$',
        ],
      },
    },
    {
      name: 'faces-only-from-the-top',
      severity: 'error',
      from: { path: '^(src/[^/]+\\.ts|scripts/)' },
      to: {
        path: '^src/[^/]+/.+',
        pathNot: [
          '^src/[^/]+/index\\.ts$',
          '^src/core/',
          '^src/platforms/contract\\.ts$',
          '^src/platforms/[^/]+/index\\.ts$',
          '^src/store/embedded/index\\.ts$',
        ],
      },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: { path: '^src' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(build|node_modules)/|src/web/ui/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs'] },
  },
};
