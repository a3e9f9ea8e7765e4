// The second half of `npm run lint`: the rules of the house that Biome does not know.
// Exit code 0 when nothing but warnings was found.

import { fileURLToPath } from 'node:url';
import { formatFinding } from './finding.ts';
import { allRules } from './rules.ts';
import { readTree } from './source-tree.ts';

const tree = readTree(fileURLToPath(new URL('../../../', import.meta.url)));
const findings = allRules.flatMap((rule) => rule(tree));
const errors = findings.filter(({ isWarning }) => isWarning !== true).length;
for (const finding of findings) process.stdout.write(`${formatFinding(finding)}\n`);
process.stdout.write(
  `tidy: ${tree.length} files, ${errors} errors, ${findings.length - errors} warnings\n`,
);
process.exitCode = errors === 0 ? 0 : 1;
