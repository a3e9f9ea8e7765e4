// Imports go strictly down the levels, and what only one file may know only one file knows.

import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { formatFinding } from '../src/finding.ts';
import { structuralRules } from '../src/rules.ts';
import { readTree } from '../src/source-tree.ts';

const tree = readTree(fileURLToPath(new URL('../../../', import.meta.url)));

test('the structure of the code', async (t) => {
  t.ok(
    tree.some(({ path }) => path === 'packages/base/src/index.ts'),
    'reads the repository',
  );
  const findings = structuralRules.flatMap((rule) => rule(tree)).map(formatFinding);
  t.same(findings, []);
});
