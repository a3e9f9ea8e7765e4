/**
 * The compatibility cases from the command line:
 *
 *   node packages/testkit/dist/src/compatibility-main.js --server forgekv
 *
 * The server is a fresh ForgeKV (the default), a fresh Redis (`--server redis`), or one that runs
 * already (`--server 6380`; it will be emptied). Exit code 1: a case failed for another reason than
 * a command that is not there yet.
 */
import { parseArgs } from 'node:util';
import { runCompatibility } from './compatibility.ts';
import {
  formatCompatibilityFailure,
  formatCompatibilityTable,
  formatMissingCommands,
  withVerdict,
} from './compatibility-report.ts';
import { type ServerHandle, startForgeKv, startRedis } from './server-process.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'forgekv' },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    'up-to': { type: 'string', default: '7.2.0' },
  },
});

async function start(): Promise<ServerHandle | undefined> {
  if (values.server === 'redis') return startRedis();
  if (values.server !== 'forgekv') return undefined;
  return startForgeKv({ fronts: Number(values.fronts), workers: Number(values.workers) });
}

const started = await start();
try {
  const server = { port: started?.port ?? Number(values.server) };
  const outcomes = await runCompatibility({ server, upTo: values['up-to'] });
  const failed = withVerdict(outcomes, 'failed');
  console.log(formatCompatibilityTable(outcomes));
  const missing = formatMissingCommands(outcomes);
  if (missing !== '') console.log(`\nunknown commands (cases): ${missing}`);
  if (failed.length > 0) console.log(`\n${failed.length} failed:`);
  for (const one of failed) console.log(formatCompatibilityFailure(one));
  process.exitCode = failed.length > 0 ? 1 : 0;
} finally {
  await started?.stop();
}
