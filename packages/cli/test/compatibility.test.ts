// Every case of resp-compatibility on ForgeKV. There is no list of cases that may fail: a case
// passes, or needs a command that the server itself says it does not have.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  compatibilityMarkdown,
  formatCompatibilityFailure,
  formatCompatibilityTable,
  formatMissingCommands,
  runCompatibility,
  withVerdict,
} from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

const README = fileURLToPath(new URL('../../../../README.md', import.meta.url));

const RUNS = [
  { fronts: 1, workers: 1, args: [] },
  { fronts: 2, workers: 4, args: [] },
  { fronts: 2, workers: 4, args: ['--hot-value-max-bytes', '64', '--debug-force-hop', 'yes'] },
];

for (const { fronts, workers, args } of RUNS) {
  test(`cases, ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    const outcomes = await runCompatibility({ server: { port: server.port } });
    t.comment(`passed of all\n${formatCompatibilityTable(outcomes)}`);
    t.comment(`not there yet: ${formatMissingCommands(outcomes)}`);
    for (const one of withVerdict(outcomes, 'failed')) t.fail(formatCompatibilityFailure(one));
    t.ok(withVerdict(outcomes, 'passed').length > 0, 'cases pass');
    const table = compatibilityMarkdown(outcomes);
    t.ok(readFileSync(README, 'utf8').includes(table), `the README has this table\n${table}`);

    const client = await connect(t, server);
    for (const { line = '' } of withVerdict(outcomes, 'missing')) {
      const [name = ''] = line.split(' ');
      const info = await client.must('COMMAND', 'INFO', name);
      const isListed = info.kind !== 'array' || info.items[0]?.kind !== 'null';
      if (isListed) t.fail(`${name} is in the command table and unknown all the same`);
    }
  });
}
