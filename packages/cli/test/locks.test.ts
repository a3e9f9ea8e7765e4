// What applications build on scripts: locks with redlock, limits with rate-limiter-flexible, and
// commands of their own with ioredis.
//
// FORGEKV_LOCKS_SEED repeats a run.

import { Prng } from '@forgekv/testkit';
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import Redlock from 'redlock';
import type { Test } from 'tap';
import { until } from './support/until.ts';
import { onEveryServer } from './support/workload-servers.ts';

const seed = Number(process.env.FORGEKV_LOCKS_SEED ?? Date.now() % 2 ** 31);
const CONTENDERS = 8;
const ROUNDS = 15;
/** Nobody who is alive loses a lock. */
const LONG_MS = 60_000;

process.stderr.write(`locks: FORGEKV_LOCKS_SEED=${seed}\n`);

function open(t: Test, port: number): Redis {
  const redis = new Redis({ port });
  t.teardown(() => redis.disconnect());
  return redis;
}

/** Each reads and writes what others do, which is right only under a lock. */
async function exclusion(t: Test, port: number): Promise<void> {
  const accounts = ['a', 'b', 'c', 'd', 'e', 'f'];
  const sums = new Map(accounts.map((account) => [account, 0]));
  let inside = 0;
  const contend = async (who: number): Promise<void> => {
    const prng = new Prng(seed + who);
    const redis = open(t, port);
    const redlock = new Redlock([redis], { retryCount: -1, retryDelay: 5, retryJitter: 4 });
    for (let round = 0; round < ROUNDS; round++) {
      const counter = await redlock.acquire('lock:counter', LONG_MS);
      inside++;
      if (inside !== 1) t.fail('two are inside at once');
      const value = Number(await redis.get('counter'));
      await redis.set('counter', value + 1);
      inside--;
      await counter.unlock();
      const [from, to] = prng.shuffle(accounts) as [string, string];
      const both = await redlock.acquire([`lock:${from}`, `lock:${to}`], LONG_MS);
      const money = (await redis.mget(from, to)).map(Number) as [number, number];
      await redis.mset({ [from]: money[0] - round, [to]: money[1] + round });
      await both.unlock();
      sums.set(from, sums.get(from)! - round);
      sums.set(to, sums.get(to)! + round);
    }
  };
  await Promise.all(Array.from({ length: CONTENDERS }, (_, who) => contend(who)));
  const redis = open(t, port);
  t.equal(await redis.get('counter'), String(CONTENDERS * ROUNDS), 'no increment is lost');
  t.same((await redis.mget(accounts)).map(Number), [...sums.values()], 'nor any transfer');
  t.same(await redis.keys('lock:*'), [], 'no lock is left');
}

async function locks(t: Test, port: number): Promise<void> {
  const redis = open(t, port);
  const once = new Redlock([redis], { retryCount: 0 });
  const lock = await once.acquire(['x', 'y'], LONG_MS);
  t.same(await redis.mget('x', 'y'), [lock.value, lock.value]);
  await t.rejects(once.acquire(['y', 'z'], LONG_MS), { name: 'LockError' });
  t.equal(await redis.get('z'), null, 'neither or both');
  const longer = await lock.extend(3 * LONG_MS);
  t.ok((await redis.pttl('y')) > LONG_MS);
  await longer.unlock();
  await t.rejects(longer.unlock(), { name: 'LockError' });
  const short = await once.acquire('x', 50);
  t.ok(await until(async () => (await redis.get('x')) === null), 'a lock has its time');
  const next = await once.acquire('x', LONG_MS);
  await t.rejects(short.unlock(), { name: 'LockError' });
  t.equal(await redis.get('x'), next.value, 'who comes late does not unlock for others');
  await next.unlock();
}

/** How many of `tries` calls are let through. */
async function countAllowed(
  limiters: readonly RateLimiterRedis[],
  key: string,
  tries: number,
): Promise<number> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: tries }, (_, i) => limiters[i % limiters.length]!.consume(key)),
  );
  const errors = outcomes.filter(
    (outcome) => outcome.status === 'rejected' && !(outcome.reason instanceof RateLimiterRes),
  );
  if (errors.length > 0) throw (errors[0] as PromiseRejectedResult).reason;
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

async function limits(t: Test, port: number): Promise<void> {
  const prng = new Prng(seed);
  const nodeRedis = createClient({ socket: { port } });
  await nodeRedis.connect();
  t.teardown(() => nodeRedis.destroy());
  const settings = { points: 20, duration: 600 };
  const limiters = [
    ...[0, 1, 2, 3].map(() => new RateLimiterRedis({ ...settings, storeClient: open(t, port) })),
    new RateLimiterRedis({ ...settings, storeClient: nodeRedis, useRedisPackage: true }),
  ];
  const tries = Array.from({ length: 30 }, () => prng.between(1, 60));
  const allowed = await Promise.all(
    tries.map((count, i) => countAllowed(limiters, `user:${i}`, count)),
  );
  t.same(
    allowed,
    tries.map((count) => Math.min(count, 20)),
    'as many as there are points, never more',
  );
  const [limiter] = limiters as [RateLimiterRedis];
  t.match(await limiter.consume('other', 5), { consumedPoints: 5, isFirstInDuration: true });
  t.match(await limiter.penalty('other', 3), { consumedPoints: 8 });
  t.match(await limiter.reward('other', 1), { consumedPoints: 7, remainingPoints: 13 });
  const seen = await limiters[4]!.get('other');
  t.equal(seen?.consumedPoints, 7);
  t.ok(seen!.msBeforeNext > 0 && seen!.msBeforeNext <= 600_000);
  t.equal(await limiter.delete('other'), true);
  t.equal(await limiter.get('other'), null);
  await limiter.block('other', 600);
  t.equal(await countAllowed(limiters, 'other', 10), 0);
  const soon = { points: 2, duration: 1, keyPrefix: 'soon', storeClient: open(t, port) };
  const brief = new RateLimiterRedis(soon);
  t.equal(await countAllowed([brief], 'user', 3), 2);
  const again = () => countAllowed([brief], 'user', 1).then((count) => count === 1);
  t.ok(await until(again), 'time gives new points');
}

const SPEND = `
  local left = tonumber(redis.call('GET', KEYS[1]) or ARGV[2])
  if left < tonumber(ARGV[1]) then return redis.error_reply('ERR not enough') end
  redis.call('SET', KEYS[1], left - ARGV[1])
  redis.call('RPUSH', KEYS[2], ARGV[1])
  return left - ARGV[1]`;
const SUM = `
  local sum = 0
  for _, key in ipairs(KEYS) do sum = sum + (redis.call('GET', key) or 0) end
  return tostring(sum)`;

interface Commands {
  spend(purse: string, list: string, amount: number, first: number): Promise<number>;
  spendBuffer(purse: string, list: string, amount: number, first: number): Promise<number>;
  sum(count: number, ...keys: string[]): Promise<string>;
  sumBuffer(count: number, ...keys: string[]): Promise<Buffer>;
}

function define(redis: Redis): Redis & Commands {
  redis.defineCommand('spend', { numberOfKeys: 2, lua: SPEND });
  redis.defineCommand('sum', { lua: SUM, readOnly: true });
  return redis as Redis & Commands;
}

async function commands(t: Test, port: number): Promise<void> {
  const clients = Array.from({ length: 6 }, () => define(open(t, port)));
  const [one] = clients as [Redis & Commands];
  const outcomes: PromiseSettledResult<number>[] = [];
  for (let round = 0; round < 20; round++) {
    const running = Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => {
        return clients[i % 6]!.spend(`purse:${i % 3}`, `spent:${i % 3}`, 2, 300);
      }),
    );
    // Scripts vanish meanwhile: ioredis sends them again, once.
    t.equal(await clients[round % 6]!.script('FLUSH'), 'OK');
    outcomes.push(...(await running));
  }
  const good = outcomes.filter(({ status }) => status === 'fulfilled');
  t.equal(good.length, 450, 'as often as there is enough');
  const bad = outcomes.filter((outcome) => outcome.status === 'rejected');
  t.notOk(
    bad.some(({ reason }) => !/not enough/.test(String(reason))),
    'and no other error',
  );
  t.same(await one.mget('purse:0', 'purse:1', 'purse:2'), ['0', '0', '0']);
  t.equal(await one.llen('spent:1'), 150);
  await one.mset({ m: 1, n: 2, o: 3 });
  t.equal(await one.sum(3, 'm', 'n', 'o'), '6');
  t.same(await one.sumBuffer(2, 'n', 'o'), Buffer.from('5'));
  await t.rejects(one.spend('purse:0', 'spent:0', 1, 1), { message: /^ERR not enough/ });
  await one.script('FLUSH');
  const other = define(open(t, port));
  const piped = other.pipeline() as unknown as Record<'spend', (...args: unknown[]) => void> & {
    exec(): Promise<[Error | null, unknown][]>;
  };
  for (let i = 0; i < 3; i++) piped.spend('piped', 'list', 3, 10);
  piped.spend('piped', 'list', 3, 10);
  t.same(
    (await piped.exec()).map(([error, left]) => error?.message ?? left),
    [7, 4, 1, 'ERR not enough'],
  );
  t.same(await other.lrange('list', 0, -1), ['3', '3', '3']);
}

onEveryServer('locks, limits and commands', async (t, port) => {
  for (const [name, play] of Object.entries({ exclusion, locks, limits, commands })) {
    await t.test(name, (t) => play(t, port));
  }
});
