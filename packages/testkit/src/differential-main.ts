/**
 * The differential test from the command line:
 *
 *   node packages/testkit/dist/src/differential-main.js --commands 100000 --resp 3 --seed 7
 *
 * Left is a fresh real Redis. Right is ForgeKV (`--right forgekv`, the default), a second Redis
 * (`--right redis`), or a server that runs already (`--right 6380`; it will be emptied).
 */
import { parseArgs } from 'node:util';
import { runDifferential } from './differential.ts';
import { formatCounts, formatResult } from './differential-report.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import { DEFAULT_FAMILIES } from './random-commands/command-generator.ts';
import { WRONG_TYPE_FAMILY } from './random-commands/wrong-type-commands.ts';
import { type ServerHandle, startForgeKv, startRedis } from './server-process.ts';

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    resp: { type: 'string', default: '2' },
    pipeline: { type: 'string', default: '50' },
    connections: { type: 'string', default: '3' },
    mismatches: { type: 'string', default: '5' },
    right: { type: 'string', default: 'forgekv' },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    /** More arguments for ForgeKV: `--args='--memtable-size-mb 8'`. */
    args: { type: 'string', default: '' },
    /** Labels to leave out, separated by commas: `INCRBYFLOAT,LCS`. */
    skip: { type: 'string', default: '' },
    'wrong-types': { type: 'boolean', default: false },
    counts: { type: 'boolean', default: false },
    /** Compares keyspace notifications, too; then there is one connection. */
    events: { type: 'boolean', default: false },
  },
});

/** Of the log of a server that is gone. */
const LOG_CHARS = 3000;

async function startRight(): Promise<ServerHandle | undefined> {
  if (values.right === 'redis') return startRedis();
  if (values.right !== 'forgekv') return undefined;
  return startForgeKv({
    fronts: Number(values.fronts),
    workers: Number(values.workers),
    args: values.args.split(' ').filter((arg) => arg !== ''),
  });
}

const skipped = new Set(values.skip.split(','));
const servers: ServerHandle[] = [];
try {
  const left = await startRedis();
  servers.push(left);
  const started = await startRight();
  if (started !== undefined) servers.push(started);
  const result = await runDifferential({
    left: { port: left.port },
    right: { port: started?.port ?? Number(values.right) },
    seed: Number(values.seed),
    commands: Number(values.commands),
    resp: values.resp === '3' ? 3 : 2,
    pipeline: Number(values.pipeline),
    connections: values.events ? 1 : Number(values.connections),
    events: values.events,
    maxMismatches: Number(values.mismatches),
    known: values.right === 'redis' ? [] : KNOWN_DIFFERENCES,
    families: values['wrong-types'] ? [...DEFAULT_FAMILIES, WRONG_TYPE_FAMILY] : DEFAULT_FAMILIES,
    skip: ({ label }) => skipped.has(label),
  });
  if (values.counts) console.log(formatCounts(result.counts));
  console.log(formatResult(result));
  if (result.aborted !== undefined) console.log(started?.log().slice(-LOG_CHARS));
  process.exitCode = result.ok ? 0 : 1;
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
