// Residents with ioredis: counters of every kind in pipelines, transactions and scripts; a stream.

import type { ServerHandle } from '@forgekv/testkit';
import { type ChainableCommander, Redis } from 'ioredis';
import { must, type Resident, Tally } from './resident.ts';

const COUNTERS = 40;
const STREAM_LENGTH = 500;
const ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])";

/** Fails at once while there is no server: what was asked for is then known. */
async function connected({ port }: ServerHandle): Promise<Redis> {
  const redis = new Redis({
    port,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 30_000,
    retryStrategy: () => 50,
    // It waits as long as the server says that it will be loading, which may be much too long.
    maxLoadingRetryTime: 500,
  });
  redis.on('error', () => {});
  await redis.connect();
  return redis;
}

async function all(pipeline: ChainableCommander): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}

/** Counts the same in a string, a hash, a sorted set and by a script, all at once or none. */
export async function counters(server: ServerHandle, index: number): Promise<Resident> {
  const redis = await connected(server);
  const key = (kind: string, i: number): string => `{counters:${index}:${i}}:${kind}`;
  const tallies = Array.from({ length: COUNTERS }, () => new Tally());
  let turn = 0;
  return {
    name: `ioredis counters ${index}`,
    async work() {
      const i = turn++ % COUNTERS;
      const tally = tallies[i] as Tally;
      const results = await tally.of(() =>
        all(
          redis
            .multi()
            .incr(key('string', i))
            .hincrby(key('hash', i), 'n', 1)
            .zincrby(key('zset', i), 1, 'n')
            .eval(ADD, 1, key('script', i), 1),
        ),
      );
      must(
        results.every((n) => Number(n) === tally.acked),
        () => `counter ${i} of ${index} is ${results} when it is ${tally.acked}`,
      );
    },
    async settle() {
      for (const [i, tally] of tallies.entries()) {
        const values = await all(
          redis
            .pipeline()
            .get(key('string', i))
            .hget(key('hash', i), 'n')
            .zscore(key('zset', i), 'n')
            .get(key('script', i)),
        );
        const numbers = values.map((value) => Number(value ?? 0));
        must(new Set(numbers).size === 1, () => `half a transaction: ${numbers}`);
        tally.settle(numbers[0] ?? 0, `counter ${i} of ${index}`);
      }
    },
    close: async () => redis.disconnect(),
  };
}

/** Entries in order, none missing, the last ones kept. */
export async function stream(server: ServerHandle, index: number): Promise<Resident> {
  const redis = await connected(server);
  const key = `stream:${index}`;
  const tally = new Tally();
  const last = async (): Promise<number> => {
    const [entry] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
    return Number(entry?.[1][1] ?? 0);
  };
  return {
    name: `ioredis stream ${index}`,
    async work() {
      const pipeline = redis.pipeline();
      for (let n = tally.tried + 1; n <= tally.tried + 10; n++) {
        pipeline.xadd(key, 'MAXLEN', '=', STREAM_LENGTH, '*', 'n', n);
      }
      await tally.of(() => all(pipeline), 10);
      must((await last()) === tally.acked, () => `${key} does not end with ${tally.acked}`);
    },
    async settle() {
      tally.settle(await last(), key);
      const entries = await redis.xrange(key, '-', '+');
      const first = tally.acked - entries.length + 1;
      must(
        entries.length === Math.min(STREAM_LENGTH, tally.acked) &&
          entries.every(([, fields], i) => Number(fields[1]) === first + i),
        () => `${key} has gaps`,
      );
    },
    close: async () => redis.disconnect(),
  };
}
