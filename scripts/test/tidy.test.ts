// Every rule finds what it is there for, and nothing in a tree that keeps it.

import { test } from 'tap';
import { formatFinding } from '../src/finding.ts';
import { allRules } from '../src/rules.ts';
import { plantedTree } from './planted-tree.ts';

/** Rule and place of everything found with these files planted. */
function findings(planted: Readonly<Record<string, string>>): string[] {
  const tree = plantedTree(planted);
  return allRules
    .flatMap((rule) => rule(tree))
    .map(({ rule, path, line }) => `${rule} ${path}:${line}`);
}

const MANIFEST = 'packages/rings/package.json';
const SOURCE = 'packages/rings/src/ring.ts';
const TEST = 'packages/rings/test/ring.test.ts';

function source(...lines: string[]): string {
  return ['// Planted.', ...lines, ''].join('\n');
}

/** What is planted, in which file, and the one thing that must be found. */
const cases: readonly [string, string, string, string][] = [
  [
    'an upward import',
    SOURCE,
    source("import { x } from '@forgekv/server';"),
    `levels ${SOURCE}:2`,
  ],
  ['a sideways import', SOURCE, source("import '@forgekv/config';"), `levels ${SOURCE}:2`],
  ['an upward type', SOURCE, source("type X = import('@forgekv/cli').X;"), `levels ${SOURCE}:2`],
  ['an upward re-export', SOURCE, source("export * from '@forgekv/front';"), `levels ${SOURCE}:2`],
  ['testkit that ships', SOURCE, source("import '@forgekv/testkit';"), `levels ${SOURCE}:2`],
  ['a path into a package', SOURCE, source("import '../../base/src/a.ts';"), `levels ${SOURCE}:2`],
  ['a source on a test', SOURCE, source("import '../test/ring.ts';"), `levels ${SOURCE}:2`],
  ['an upward test', TEST, source("import '@forgekv/shard';"), `levels ${TEST}:2`],
  [
    'an upward dependency',
    MANIFEST,
    '{"dependencies":{"@forgekv/cli":"1"}}',
    `levels ${MANIFEST}:0`,
  ],
  ['an unknown package', 'packages/x/package.json', '{}', 'levels packages/x/package.json:0'],
  [
    'testkit that knows the server',
    'packages/testkit/src/x.ts',
    source("import '@forgekv/base';"),
    'levels packages/testkit/src/x.ts:2',
  ],
  [
    'a missing project reference',
    'packages/rings/tsconfig.json',
    '{"references":[{"path":"../testkit"}]}',
    `levels ${SOURCE}:3`,
  ],
  ['a thread', SOURCE, source('const w = new Worker(x);'), `one-thread-starter ${SOURCE}:2`],
  [
    'the engine',
    SOURCE,
    source("import { C } from 'classic-level';"),
    `one-engine-file ${SOURCE}:2`,
  ],
  [
    'an offset',
    SOURCE,
    source('const x = words[entry + ENTRY_HASH];'),
    `one-layout-file ${SOURCE}:2`,
  ],
  [
    'an offset beside the layout',
    'packages/keyspace/src/x.ts',
    source('const ENTRY_NEXT = 0;'),
    'one-layout-file packages/keyspace/src/x.ts:2',
  ],
  [
    'an address in the lock file',
    'package-lock.json',
    '{"packages":{"node_modules/x":{"resolved":"https://host/x.tgz"}}}',
    'lock-file package-lock.json:0',
  ],
  [
    'an optional dependency that is not locked',
    'package-lock.json',
    '{"packages":{"node_modules/x":{"optionalDependencies":{"y":"1"}}}}',
    'lock-file package-lock.json:0',
  ],
  ['a long file', SOURCE, source(...new Array(500).fill('')), `file-length ${SOURCE}:0`],
  ['a long line', SOURCE, source(`// ${'x'.repeat(98)}`), `line-length ${SOURCE}:2`],
  ['no opening comment', SOURCE, 'export const a = 1;\n', `opening-comment ${SOURCE}:1`],
  ['unfinished work', SOURCE, source(`// ${'TO'}${'DO'} later`), `unfinished ${SOURCE}:2`],
  ['a suppression', SOURCE, source(`// @${'ts-ignore'}`), `suppressed ${SOURCE}:2`],
  ['a machine path', SOURCE, source(`const x = '${'/ro'}ot/x';`), `machine-path ${SOURCE}:2`],
  ['a registry', 'README.md', `https://${'regis'}try.example.org/\n`, 'registry-host README.md:1'],
  ['a test switched off', TEST, source("t.skip('x', () => {});"), `switched-off ${TEST}:2`],
  ['a test alone', TEST, source("test('x', { only: true }, f);"), `switched-off ${TEST}:2`],
];

test('a tree that keeps the rules', async (t) => {
  t.same(findings({}), []);
});

for (const [what, path, text, expected] of cases) {
  test(`finds ${what}`, async (t) => {
    const found = findings({ [path]: text });
    // A planted manifest may lack what the sources beside it need: that is found as well.
    t.ok(found.includes(expected), `${expected} in ${found.join(', ')}`);
  });
}

test('what only looks like a violation', async (t) => {
  const text = source(
    "// import { x } from '@forgekv/server'; new Worker(); ENTRY_HASH",
    "const a = 'new Worker(x)', b = `import '@forgekv/cli' ENTRY_NEXT`;",
    'const c = /from "@forgekv/.test(a) && x / 2 / 3;',
    "const d = Buffer.from('@forgekv/cli');",
  );
  t.same(findings({ [SOURCE]: text }), []);
});

test('a long file is first a warning', async (t) => {
  const tree = plantedTree({ [SOURCE]: source(...new Array(420).fill('')) });
  const found = allRules.flatMap((rule) => rule(tree));
  t.same(found.map(formatFinding), [`${SOURCE}: warning file-length: 421 lines; look for a seam`]);
});
