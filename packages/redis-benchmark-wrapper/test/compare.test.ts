// compare with a fake runner: the order, the medians, the ratios, the failures; then its tables.

import { test } from 'tap';
import { type ComparedServer, compare, type LoadRequest } from '../src/compare.ts';
import { BenchmarkError, type LoadResult, mergeLoads } from '../src/load.ts';
import { comparisonToMarkdown, markdownTable, ratiosToMarkdown } from '../src/markdown.ts';
import { relativeNoise, spreadOf } from '../src/spread.ts';
import { timedLoad } from '../src/timed-load.ts';

interface NamedLoad {
  readonly name: string;
}

const servers: ComparedServer[] = ['a', 'b', 'c'].map((name, index) => ({
  name,
  port: 7001 + index,
  pid: 100 + index,
}));

function load(opsPerSecond: number, operations = 1000): LoadResult {
  return { opsPerSecond, operations, avgMs: 1, p50Ms: 1, p95Ms: 2, p99Ms: 3, maxMs: 4 };
}

test('rounds are interleaved, their order rotates, a warm-up comes first', async (t) => {
  const order: string[] = [];
  const expected: (number | undefined)[] = [];
  const result = await compare<NamedLoad>({
    servers,
    scenarios: [{ name: 'x' }],
    baseline: 'a',
    rounds: 4,
    settle: false,
    readCpuMicros: () => undefined,
    run: async ({ server, phase, round, expectedOpsPerSecond }) => {
      order.push(`${phase === 'warm-up' ? 'w' : round}${server.name}`);
      if (server.name === 'a') expected.push(expectedOpsPerSecond);
      return load(100 + round);
    },
  });
  t.equal(order.join(' '), 'wa wb wc 1a 1b 1c 2b 2c 2a 3c 3a 3b 4a 4b 4c');
  t.same(expected, [undefined, 100, 101, 102, 103]);
  t.same(result.scenarios[0]!.servers[0]!.opsPerSecond, { median: 102.5, min: 101, max: 104 });
  t.equal(result.scenarios[0]!.servers[0]!.cpuMicrosPerOp, undefined);
});

test('ratios are taken within a round: a slow phase of the machine cancels', async (t) => {
  const machine = [1, 1, 0.2, 3, 0.5];
  const speed: Record<string, number> = { a: 1000, b: 1500, c: 500 };
  const result = await compare<NamedLoad>({
    servers,
    scenarios: [{ name: 'x' }],
    baseline: 'a',
    rounds: 4,
    settle: false,
    readCpuMicros: () => undefined,
    run: async ({ server, round }) => load(speed[server.name]! * machine[round]!),
  });
  const [a, b, c] = result.scenarios[0]!.servers;
  t.same(a!.ratio, { median: 1, min: 1, max: 1 });
  t.same(b!.ratio, { median: 1.5, min: 1.5, max: 1.5 });
  t.same(c!.ratio, { median: 0.5, min: 0.5, max: 0.5 });
});

test('processor time is charged per operation', async (t) => {
  let micros = 0;
  const result = await compare<NamedLoad>({
    servers: [servers[0]!],
    scenarios: [{ name: 'x' }],
    baseline: 'a',
    rounds: 1,
    settle: false,
    readCpuMicros: () => micros,
    run: async () => {
      micros += 2500;
      return load(100, 1000);
    },
  });
  t.equal(result.scenarios[0]!.servers[0]!.cpuMicrosPerOp?.median, 2.5);
});

test('a failing server is reported and the others go on', async (t) => {
  const seen: string[] = [];
  const result = await compare<NamedLoad>({
    servers,
    scenarios: [{ name: 'x' }, { name: 'y' }],
    baseline: 'a',
    rounds: 2,
    settle: false,
    readCpuMicros: () => undefined,
    onProgress: ({ done, total, scenario, server, outcome }) => {
      seen.push(`${done}/${total} ${scenario} ${server} ${outcome instanceof BenchmarkError}`);
    },
    run: async ({ server, scenario, round }: LoadRequest<NamedLoad>) => {
      if (scenario.name === 'x' && server.name === 'b') {
        throw new BenchmarkError('SERVER_ERROR', 'ERR unknown command');
      }
      if (scenario.name === 'y' && server.name === 'a' && round === 1) {
        throw new BenchmarkError('TIMEOUT', 'killed');
      }
      return load(100);
    },
  });
  const [x, y] = result.scenarios;
  t.match(x!.servers[1], {
    opsPerSecond: undefined,
    ratio: undefined,
    failures: ['SERVER_ERROR: ERR unknown command'],
  });
  t.equal(x!.servers[2]!.ratio?.median, 1);
  t.same(y!.servers[0]!.failures, ['TIMEOUT: killed']);
  t.equal(y!.servers[1]!.ratio?.median, 1, 'the round the baseline did finish still counts');
  t.equal(seen.length, 16, 'a broken server is not tried again in that scenario');
  t.equal(seen[1], '2/18 x b true');
  t.equal(seen.at(-1), '18/18 y a false');

  const report = comparisonToMarkdown(result);
  t.match(report, /^\| x +\| b +\| +failed \| +– \|/m);
  t.match(report, /^\* x, b: failed, SERVER_ERROR: ERR unknown command$/m);
  t.match(ratiosToMarkdown(result), /^\| x +\| +failed \| +1\.00 ± 0 % \|$/m);
});

test('options that make no sense, and errors that are nobody’s measurement', async (t) => {
  const good = { servers, scenarios: [{ name: 'x' }], baseline: 'a', rounds: 1, settle: false };
  const run = async (): Promise<LoadResult> => load(1);
  const bad = { code: 'BAD_SCENARIO' };
  await t.rejects(compare({ ...good, run, settle: false, baseline: 'nobody' }), bad);
  await t.rejects(compare({ ...good, run, settle: false, rounds: 0 }), bad);
  await t.rejects(compare({ ...good, run, settle: false, servers: [] }), bad);
  const twins = [servers[0]!, servers[0]!];
  await t.rejects(compare({ ...good, run, settle: false, servers: twins }), bad);
  const bug = async (): Promise<LoadResult> => {
    throw new TypeError('a bug');
  };
  await t.rejects(compare({ ...good, run: bug, settle: false }), new TypeError('a bug'));
});

test('spread, noise, merged loads', async (t) => {
  t.equal(spreadOf([]), undefined);
  t.same(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
  t.same(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  t.equal(relativeNoise({ median: 100, min: 95, max: 105 }), 0.05);
  const merged = mergeLoads([{ ...load(100, 100), p99Ms: 9 }, load(50, 100)]);
  t.match(merged, { opsPerSecond: 100, operations: 200, p99Ms: 9 });
  t.throws(() => mergeLoads([]), { code: 'BAD_SCENARIO' });
});

test('a timed load finds its number of requests', async (t) => {
  const asked: number[] = [];
  const run = async (requests: number): Promise<LoadResult> => {
    asked.push(requests);
    if (requests === 1000) throw new BenchmarkError('TOO_SHORT', 'inf');
    return load(50_000, requests);
  };
  await timedLoad(run, { seconds: 0.5 });
  t.same(asked, [1000, 8000, 25_000], 'the pilot grows until it takes a tenth of a second');
  await timedLoad(run, { seconds: 2, expectedOpsPerSecond: 1000 });
  t.equal(asked.at(-1), 2000);
  await timedLoad(run, { seconds: 0.001, expectedOpsPerSecond: 10, minRequests: 640 });
  t.equal(asked.at(-1), 640);
  await t.rejects(timedLoad(run, { seconds: 0 }), { code: 'BAD_SCENARIO' });
  const tooShort = { seconds: 0.001, expectedOpsPerSecond: 1 };
  await t.rejects(timedLoad(run, tooShort), { code: 'TOO_SHORT' }, 'only the pilot forgives it');
});

test('tables are padded, aligned and safe', async (t) => {
  t.equal(
    markdownTable(['name', 'n:'], [['a|b', '1'], ['two\nlines', '22222'], ['short']]),
    [
      '| name      |     n |',
      '| --------- | ----: |',
      '| a\\|b      |     1 |',
      '| two lines | 22222 |',
      '| short     |       |',
    ].join('\n'),
  );
});
