// Puts a scenario on a server with redis-benchmark, or memtier_benchmark for the mix where it is
// installed.
//
// redis-benchmark sends one command only, so without memtier the 1:10 mix of SET and GET is made by
// processes that run at the same time: one sends SETs, as many as there are generators send ten
// times as many GETs over ten times as many connections. Every connection waits for its replies
// before it sends again, and each has the same number of requests to send, so the proportion holds
// throughout the run and all of them end together. It is a mix for the server; what differs from
// memtier is that no single connection mixes. There are 11 or 44 connections instead of 10 or 40.

import { createHash } from 'node:crypto';
import {
  BenchmarkError,
  type Endpoint,
  findOnPath,
  type LoadRequest,
  type LoadResult,
  type LoadRunner,
  mergeLoads,
  type RedisBenchmarkScenario,
  runMemtier,
  runRedisBenchmark,
  timedLoad,
} from 'redis-benchmark-wrapper';
import { runFanOut } from './fan-out.ts';
import { jsonCommand } from './json-load.ts';
import type { BenchOptions } from './options.ts';
import { runPingPong } from './ping-pong.ts';
import { type Operation, type Scenario, type StringOperation, SUBSCRIBERS } from './scenarios.ts';
import { runStreams } from './stream-load.ts';
import { runTransactions } from './transaction-load.ts';

/** memtier's keys are `key:` and a number from here on: as long as redis-benchmark's. */
export const MEMTIER_FIRST_KEY = 100_000_000_000;

const GETS_PER_SET = 10;
const WARM_UP_SECONDS = 1;
const MIN_TIMEOUT_MS = 20_000;
type Work = RedisBenchmarkScenario['work'];

const WORK_OF: Record<Exclude<StringOperation, 'SET:GET 1:10'>, Work> = {
  SET: { test: 'set' },
  GET: { test: 'get' },
  INCR: { test: 'incr' },
  'MSET 10': { test: 'mset' },
};

const INCREMENT = "return redis.call('incr',KEYS[1])";
const SCRIPTS: Partial<Record<Operation, string>> = {
  'EVAL of 1': INCREMENT,
  'EVAL of 20': "for i=1,19 do redis.call('incr',KEYS[1]) end return redis.call('get',KEYS[1])",
  'EVALSHA INCR': INCREMENT,
};

/** True when the mix is made by memtier. */
export function mixByMemtier(): boolean {
  return findOnPath('memtier_benchmark') !== undefined;
}

/** The runner to hand to `compare`. */
export function loadRunner(pace: BenchOptions['pace']): LoadRunner<Scenario> {
  return (request) => {
    const run = (requests: number) => runOnce(request, requests, timeoutMs(pace));
    if ('requests' in pace) return run(pace.requests);
    return timedLoad(run, { ...timing(request, pace.seconds) });
  };
}

function timing({ scenario, phase, expectedOpsPerSecond }: LoadRequest<Scenario>, seconds: number) {
  const { generators, connections, pipeline } = scenario;
  return {
    seconds: phase === 'warm-up' ? Math.min(seconds, WARM_UP_SECONDS) : seconds,
    expectedOpsPerSecond,
    minRequests: Math.max(1000, generators * connections * pipeline * 4),
  };
}

function timeoutMs(pace: BenchOptions['pace']): number {
  return 'requests' in pace
    ? MIN_TIMEOUT_MS + pace.requests / 10
    : MIN_TIMEOUT_MS + pace.seconds * 5_000;
}

function runOnce(
  { server, scenario }: LoadRequest<Scenario>,
  requests: number,
  limitMs: number,
): Promise<LoadResult> {
  const { operation, generators, connections, pipeline, valueBytes, keyspace } = scenario;
  const endpoint: Endpoint = server;
  const clients = generators * connections;
  const shape = { endpoint, processes: generators, clients, pipeline, valueBytes, keyspace };
  if (operation === 'PUBLISH to 100') {
    if (!('port' in endpoint)) throw new BenchmarkError('BAD_SCENARIO', 'fan-out needs a port');
    const { port } = endpoint;
    const load = { port, pipeline, valueBytes, subscribers: SUBSCRIBERS, messages: requests };
    return runFanOut(load, limitMs);
  }
  if (operation === 'MULTI of 4' || operation === 'MULTI of 4 large') {
    if (!('port' in endpoint)) throw new BenchmarkError('BAD_SCENARIO', 'MULTI needs a port');
    const isLarge = operation === 'MULTI of 4 large';
    const load = { port: endpoint.port, connections, pipeline, valueBytes, isLarge };
    return runTransactions({ ...load, transactions: requests }, limitMs);
  }
  if (operation === 'XREADGROUP+XACK') {
    if (!('port' in endpoint)) throw new BenchmarkError('BAD_SCENARIO', 'streams need a port');
    const load = { port: endpoint.port, connections, pipeline, valueBytes };
    return runStreams({ ...load, entries: requests }, limitMs);
  }
  if (operation === 'BLPOP ping-pong') {
    if (!('port' in endpoint)) throw new BenchmarkError('BAD_SCENARIO', 'ping-pong needs a port');
    return runPingPong({ port: endpoint.port, valueBytes, rounds: requests }, limitMs);
  }
  const script = SCRIPTS[operation];
  if (script !== undefined) {
    const work = { command: ['EVAL', script, '1', 'script:__rand_int__'] };
    if (operation !== 'EVALSHA INCR')
      return runRedisBenchmark({ ...shape, work, requests }, limitMs);
    const once = { endpoint, clients: 1, pipeline: 1, valueBytes, keyspace, requests: 1000 };
    const sha = createHash('sha1').update(script).digest('hex');
    const bySha = { command: ['EVALSHA', sha, '1', 'script:__rand_int__'] };
    return runRedisBenchmark({ ...once, work }, limitMs).then(() =>
      runRedisBenchmark({ ...shape, work: bySha, requests }, limitMs),
    );
  }
  if (operation === 'LPUSH+LPOP') {
    // One process each, so that lists stay short.
    const half = {
      ...shape,
      processes: 1,
      clients: clients / 2,
      requests: Math.ceil(requests / 2),
    };
    const value = 'x'.repeat(valueBytes);
    return runAtOnce(
      [
        { ...half, work: { command: ['LPUSH', 'list:__rand_int__', value] } },
        { ...half, work: { command: ['LPOP', 'list:__rand_int__'] } },
      ],
      limitMs,
    );
  }
  if (operation !== 'SET:GET 1:10') {
    const work =
      collectionWork(operation, valueBytes) ?? WORK_OF[operation as keyof typeof WORK_OF];
    return runRedisBenchmark({ ...shape, work, requests }, limitMs);
  }
  if (!mixByMemtier()) return runMix(scenario, endpoint, requests, limitMs);
  return runMemtier(
    {
      work: { sets: 1, gets: GETS_PER_SET },
      endpoint,
      threads: generators,
      clients: generators * connections,
      pipeline,
      valueBytes,
      keyspace,
      keyMinimum: MEMTIER_FIRST_KEY,
      amount: { requests },
    },
    limitMs,
  );
}

function runMix(
  scenario: Scenario,
  endpoint: Endpoint,
  requests: number,
  limitMs: number,
): Promise<LoadResult> {
  const { generators, connections, pipeline, valueBytes, keyspace } = scenario;
  const getClients = generators * connections;
  const sets = Math.ceil(requests / (1 + GETS_PER_SET));
  const common = { endpoint, pipeline, valueBytes, keyspace };
  const parts: RedisBenchmarkScenario[] = [
    { ...common, work: { test: 'set' }, clients: getClients / GETS_PER_SET, requests: sets },
    {
      ...common,
      work: { test: 'get' },
      clients: getClients,
      processes: generators,
      requests: sets * GETS_PER_SET,
    },
  ];
  return runAtOnce(parts, limitMs);
}

/** What a load on collections sends; null for the others. `__rand_int__` is drawn each time. */
function collectionWork(operation: Operation, valueBytes: number): Work | null {
  const value = 'x'.repeat(valueBytes);
  const json = jsonCommand(operation);
  if (json !== null) return { command: json };
  switch (operation) {
    case 'HSET':
      return { command: ['HSET', 'hash:__rand_int__', 'field:3', value] };
    case 'XADD':
      return { command: ['XADD', 'bench:stream', 'MAXLEN', '~', '10000', '*', 'field', value] };
    case 'SETBIT':
      return { command: ['SETBIT', 'key:__rand_int__', '7', '1'] };
    case 'GETBIT':
      return { command: ['GETBIT', 'key:__rand_int__', '7'] };
    case 'BF.ADD':
      return { command: ['BF.ADD', 'filter:__rand_int__', 'item:__rand_int__'] };
    case 'BF.EXISTS':
      return { command: ['BF.EXISTS', 'filter:__rand_int__', 'first'] };
    case 'BF.ADD to one':
      return {
        command: [...'BF.INSERT one:filter CAPACITY 1000000 ITEMS __rand_int__'.split(' ')],
      };
    case 'BF.EXISTS in one':
      return { command: ['BF.EXISTS', 'one:filter', '__rand_int__'] };
    case 'HGET':
      return { command: ['HGET', 'hash:__rand_int__', 'field:5'] };
    case 'SADD':
      return { command: ['SADD', 'set:__rand_int__', 'member:__rand_int__'] };
    case 'ZADD':
      return { command: ['ZADD', 'zset:__rand_int__', '__rand_int__', 'member:__rand_int__'] };
    case 'ZRANGEBYSCORE':
      return { command: ['ZRANGEBYSCORE', 'scores:__rand_int__', '2', '5'] };
    case 'ZADD to one':
      return { command: ['ZADD', 'one:scores', '__rand_int__', '__rand_int__'] };
    case 'ZRANK of one':
      return { command: ['ZRANK', 'one:scores', '__rand_int__'] };
    case 'ZRANGE of one':
      return { command: [...'ZRANGE one:scores __rand_int__ +inf BYSCORE LIMIT 0 10'.split(' ')] };
    default:
      return null;
  }
}

async function runAtOnce(
  parts: readonly RedisBenchmarkScenario[],
  limitMs: number,
): Promise<LoadResult> {
  const settled = await Promise.allSettled(parts.map((part) => runRedisBenchmark(part, limitMs)));
  return mergeLoads(
    settled.map((part) => {
      if (part.status === 'rejected') throw part.reason;
      return part.value;
    }),
  );
}
