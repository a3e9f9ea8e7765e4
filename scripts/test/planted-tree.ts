// A small repository that breaks no rule, and a way to plant something that does.

import type { SourceFile } from '../src/source-tree.ts';

const base = {
  'packages/base/package.json': '{"name":"@forgekv/base"}',
  'packages/base/tsconfig.json': '{}',
  'packages/base/src/index.ts': "export { a } from './a.ts';\n",
  'packages/base/src/a.ts': '// A.\n\nexport const a = 1;\n',
  'packages/rings/package.json': JSON.stringify({
    name: '@forgekv/rings',
    dependencies: { '@forgekv/base': '0.1.0' },
    devDependencies: { '@forgekv/testkit': '0.1.0' },
  }),
  'packages/rings/tsconfig.json': JSON.stringify({
    references: [{ path: '../base' }, { path: '../testkit' }],
  }),
  'packages/rings/src/ring.ts': "// A ring.\n\nimport { a } from '@forgekv/base';\n",
  'packages/rings/test/ring.test.ts':
    "// Tests the ring.\n\nimport { b } from '@forgekv/testkit';\nimport '../src/ring.ts';\n",
  'packages/config/package.json': '{"name":"@forgekv/config"}',
  'packages/config/tsconfig.json': '{}',
  'packages/testkit/package.json': '{"name":"@forgekv/testkit"}',
  'packages/testkit/tsconfig.json': '{}',
  'packages/testkit/src/index.ts': 'export const b = 1;\n',
  'package-lock.json': '{"packages":{}}',
};

/** Returns the tree with these files added or replaced. */
export function plantedTree(planted: Readonly<Record<string, string>> = {}): SourceFile[] {
  return Object.entries({ ...base, ...planted }).map(([path, text]) => ({ path, text }));
}
