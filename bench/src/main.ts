// Entry of `npm run bench`: compares ForgeKV with redis-server on this machine and writes the
// report. Exit code 0 when it ran, 1 when it could not, 2 for a wrong command line.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { comparisonToMarkdown, findOnPath, ratiosToMarkdown } from 'redis-benchmark-wrapper';
import { benchLargeStrings } from './large-strings-bench.ts';
import { mixByMemtier } from './load-generator.ts';
import { describeMachine } from './machine.ts';
import { benchMemory } from './memory-bench.ts';
import { microsToMarkdown, runMicros } from './micro/harness.ts';
import { micros } from './micro/index.ts';
import { type BenchOptions, parseOptions, USAGE, UsageError } from './options.ts';
import { type GroupReport, renderReport, serversTable } from './report.ts';
import { type Group, runGroup } from './run-group.ts';
import {
  allScenarios,
  collectionScenarios,
  forcedHopScenarios,
  jsonScenarios,
  largeScenarios,
  publishScenarios,
  quickScenarios,
  type Scenario,
  scriptScenarios,
  sketchScenarios,
  streamScenarios,
  transactionScenarios,
  waitScenarios,
} from './scenarios.ts';
import { forgekvSpec, redisSpecs, type ServerSpec } from './servers.ts';
import { benchStorage, type StorageOptions, storageToMarkdown } from './storage/storage-bench.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ONE_WORKER = ['--front-threads', '1', '--shard-threads', '1'];
const NO_REDIS = 'redis-server is not installed: ForgeKV is compared only with itself';

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => process.exit(code)); // exit handlers end servers and generators
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === undefined) say(USAGE);
    else if (options.micro) await benchLayers(options);
    else if (options.memory) {
      await benchTable(options, (specs, dir) => benchMemory(specs, options.keyspace, dir));
    } else if (options.largeStringBytes !== undefined) {
      const { largeStringBytes: bytes, rounds } = options;
      await benchTable(options, (specs, dir) => benchLargeStrings(specs, bytes, rounds, dir));
    } else if (options.storage !== undefined) await benchBeyondMemory(options, options.storage);
    else await benchServers(options, args);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`bench: ${(error as Error).message}\n${usage ? `\n${USAGE}` : ''}`);
    return usage ? 2 : 1;
  }
}

async function benchLayers(options: BenchOptions): Promise<void> {
  const chosen = micros.filter(({ name }) => options.only?.test(name) ?? true);
  const results = await runMicros(chosen, {
    ...(options.quick ? { batches: 5, batchMs: 10 } : {}),
    onResult: ({ name }) => process.stderr.write(`measured ${name}\n`),
  });
  const table = microsToMarkdown(results);
  say(table);
  if (options.out !== undefined) writeFileSync(resolve(options.out), `${table}\n`);
}

async function benchBeyondMemory(
  options: BenchOptions,
  records: Pick<StorageOptions, 'records' | 'valueBytes'>,
): Promise<void> {
  const directory = mkdtempSync(join(resolve(options.dataDirectory ?? tmpdir()), 'forgekv-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const program = resolve(options.forgekv ?? join(ROOT, 'scripts', 'forgekv'));
  const megabytes = options.quick ? '16' : '64';
  const args = ['--memtable-size-mb', megabytes, '--http-port', '0', ...options.forgekvArgs];
  const requests = options.quick ? 40_000 : 400_000;
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const spec = forgekvSpec(program, 'forgekv', args);
  const figures = await benchStorage(spec, { ...records, requests }, directory, progress);
  const heading = `\`--memtable-size-mb ${megabytes}\`, ${records.records} values of`;
  const text = `${heading} ${records.valueBytes} bytes:\n\n${storageToMarkdown(figures)}`;
  say(text);
  if (options.out !== undefined) writeFileSync(resolve(options.out), `${text}\n`);
}

/** Runs a benchmark of all servers that has its own table. */
async function benchTable(
  options: BenchOptions,
  bench: (specs: readonly ServerSpec[], directory: string) => Promise<string>,
): Promise<void> {
  const directory = mkdtempSync(join(resolve(options.dataDirectory ?? tmpdir()), 'forgekv-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const program = resolve(options.forgekv ?? join(ROOT, 'scripts', 'forgekv'));
  const specs = [...redisSpecs(false, false), forgekvSpec(program, 'forgekv', options.forgekvArgs)];
  const table = await bench(specs, directory);
  say(table);
  if (options.out !== undefined) writeFileSync(resolve(options.out), `${table}\n`);
}

async function benchServers(options: BenchOptions, args: readonly string[]): Promise<void> {
  if (findOnPath('redis-benchmark') === undefined) {
    throw new Error('redis-benchmark is not on the PATH; on Debian it comes with redis-tools');
  }
  const startedAtMs = performance.now();
  const takenAt = new Date();
  const { groups, notes } = plan(options);
  for (const note of notes) say(note);
  const directory = mkdtempSync(join(resolve(options.dataDirectory ?? tmpdir()), 'forgekv-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const machine = describeMachine(ROOT, directory);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const reports: GroupReport[] = [];
  for (const [index, group] of groups.entries()) {
    const report = await runGroup(group, options, join(directory, `${index}`), progress);
    reports.push(report);
    say(`\n${group.title}\n`);
    say(comparisonToMarkdown(report.comparison));
    say(`\n${ratiosToMarkdown(report.comparison)}\n\n${serversTable(report.facts)}\n`);
  }
  const tookSeconds = (performance.now() - startedAtMs) / 1000;
  const file = reportFile(options);
  if (file !== undefined) {
    const commandLine = ['npm run bench --', ...args].join(' ');
    const method = describeMethod(options);
    const input = { machine, groups: reports, notes, method, commandLine, takenAt, tookSeconds };
    writeFileSync(file, renderReport(input));
  }
  say(`${tookSeconds.toFixed(0)} s${file === undefined ? ', no file written' : `, ${file}`}`);
}

function plan(options: BenchOptions): { groups: Group[]; notes: string[] } {
  const redis = redisSpecs(options.withAof, options.withControl);
  const program = resolve(options.forgekv ?? join(ROOT, 'scripts', 'forgekv'));
  const forgekv = (name: string, args: readonly string[]): ServerSpec =>
    forgekvSpec(program, name, [...options.forgekvArgs, ...args]);
  const plain = options.withForgekv ? [forgekv('forgekv', [])] : [];
  const variants = options.variants.map(({ name, args }) => forgekv(name, args));
  const hop = options.withForgekv ? [forgekv('forgekv-hop', ['--debug-force-hop', 'yes'])] : [];
  const chosen = (scenarios: readonly Scenario[]): Scenario[] =>
    scenarios.filter(({ name }) => options.only?.test(name) ?? true);
  const { keyspace } = options;
  const main = options.quick ? quickScenarios(keyspace) : allScenarios(keyspace);
  const groups: Group[] = [
    { title: 'Comparison', specs: [...redis, ...plain, ...variants], scenarios: chosen(main) },
    {
      title: 'Collections',
      specs: [...redis, ...plain, ...variants],
      scenarios: options.quick ? [] : chosen(collectionScenarios(keyspace)),
    },
    {
      title: 'One large sorted set',
      specs: [...redis, ...(options.withForgekv ? [forgekv('forgekv', ONE_WORKER)] : [])],
      scenarios: options.quick ? [] : chosen(largeScenarios(keyspace)),
    },
    {
      title: 'Publish and subscribe',
      specs: [...redis, ...plain, ...variants],
      scenarios: options.quick
        ? []
        : chosen([...publishScenarios(keyspace), ...waitScenarios(keyspace)]),
    },
    {
      title: 'Transactions',
      specs: [...redis, ...plain, ...variants],
      scenarios: options.quick ? [] : chosen(transactionScenarios(keyspace)),
    },
    {
      title: 'Scripts',
      specs: [...redis, ...plain, ...variants],
      scenarios: options.quick ? [] : chosen(scriptScenarios(keyspace)),
    },
    {
      title: 'Streams',
      specs: [...redis, ...plain, ...variants],
      scenarios: options.quick ? [] : chosen(streamScenarios(keyspace)),
    },
    {
      title: 'Sketches',
      specs: [...plain, ...variants],
      scenarios: options.quick ? [] : chosen(sketchScenarios(keyspace)),
    },
    {
      title: 'JSON, beside nobody',
      specs: [...plain, ...variants],
      scenarios: options.quick ? [] : chosen(jsonScenarios(keyspace)),
    },
    {
      title: 'Forced hop',
      specs: hop.length === 0 ? [] : [...redis.slice(0, 1), ...plain, ...hop],
      scenarios: options.quick ? [] : chosen(forcedHopScenarios(keyspace)),
    },
  ].filter(({ specs, scenarios }) => specs.length > 0 && scenarios.length > 0);
  if (groups.length === 0) throw new UsageError('nothing to compare');
  return { groups, notes: redis.length === 0 ? [NO_REDIS] : [] };
}

function reportFile({ out, quick, only }: BenchOptions): string | undefined {
  if (out !== undefined) return resolve(out);
  return quick || only !== undefined ? undefined : join(ROOT, 'BENCHMARK_RESULTS.md');
}

function describeMethod({ rounds, pace, keyspace }: BenchOptions): string[] {
  const length = 'seconds' in pace ? `${pace.seconds} s` : `${pace.requests} commands`;
  const mix = mixByMemtier()
    ? 'The 1:10 mix is made by memtier_benchmark.'
    : 'The 1:10 mix is made by redis-benchmark processes that run at once, one with SETs and the ' +
      'others with ten times as many GETs on ten times as many connections (1+10, 4+40).';
  return [
    'Everything runs on this machine and shares its cores: servers, generators, kernel.',
    `A warm-up, then ${rounds} rounds of ${length} per load and server, interleaved, the order ` +
      'rotating each round. All keys exist beforehand.',
    'A load `p16 2x20`: pipeline 16, two generator processes of 20 connections each; ' +
      `values of 64 bytes, ${keyspace} random keys. MSET sets 10 keys and counts as one operation.`,
    mix,
    'ops/s is the median over the rounds; a ratio is taken within a round against the first ' +
      'server, and the median of these is given with half the range.',
    'CPU µs/op is user and system time of all the threads of a server (/proc) during the load; ' +
      '`after` is what it went on using when the load was over, up to 3 s, before the next load.',
    '`PUBLISH to 100`: 100 subscribers and a publisher, connections of one process; the next ' +
      'batch is sent when all of them have the one before, and its latency is that of delivery.',
    '`MULTI of 4`: MULTI, two writes, two reads, EXEC, by connections of one process; a ' +
      'transaction counts as one operation. Large values have 20,000 bytes.',
    '`BLPOP ping-pong`: one connection waits and another pushes, by turns; the latency is from ' +
      'the push until the one that waited has the value.',
    '`XADD`: to one stream, with MAXLEN ~ 10000. `XREADGROUP+XACK`: entries are added to a ' +
      'stream per connection, read in a group and acknowledged, in one write; each counts once.',
    '`BF.ADD`, `BF.EXISTS`: small filters, one per key, and one filter of a million items; ' +
      'SETBIT and GETBIT beside them, as Redis has no filters.',
    'Latencies are medians over the rounds of what redis-benchmark reports, the worst of its ' +
      'processes; with a pipeline they are those of a whole batch. The maximum is over all rounds.',
    '`redis` runs without persistence, `redis-aof` with `appendfsync everysec`. ForgeKV always ' +
      'logs what changes, here with a sync every second. All servers run at the same niceness.',
  ];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
