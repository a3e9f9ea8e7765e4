// Large collections from outside, beside a real Redis: commands within one key and over several
// workers, values that go cold as soon as they can be, kill -9 and starts in between. Nothing that
// was answered is lost, no collection comes back as a mix of two moments.
//
// FORGEKV_COLLECTIONS_SEED repeats a run, FORGEKV_COLLECTIONS_ROUNDS makes each of them longer.

import {
  type CommandArg,
  describeReply,
  Prng,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { connect, serve } from './support/servers.ts';

const firstSeed = Number(process.env.FORGEKV_COLLECTIONS_SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.FORGEKV_COLLECTIONS_ROUNDS ?? 2);
const BATCHES_PER_ROUND = 30;
const COMMANDS_PER_BATCH = 25;
const KEYS_PER_TYPE = 5;
const MEMBERS = 3000;
/** Elements that one command brings at most. */
const MOST_ADDED = 120;
const LONG_ELEMENT = 5000;

/** A reply is compared up to here. */
const MOST_TEXT = 1 << 20;

/** Nearly every collection is large. */
const FEW_PACKED = [
  ...['--hash-max-listpack-entries', '8', '--set-max-listpack-entries', '8'],
  ...['--zset-max-listpack-entries', '8', '--list-max-listpack-size', '8'],
  ...['--set-max-intset-entries', '8'],
];
/** What is more than a few elements is done in slices. */
const SLICED = ['--debug-slice-elements', '8'];
const KEEP_COLD = ['--debug-keep-cold', 'yes'];
const RUNS = [
  { fronts: 2, workers: 4, args: [...FEW_PACKED, ...KEEP_COLD, ...SLICED] },
  { fronts: 2, workers: 4, args: FEW_PACKED },
  { fronts: 1, workers: 2, args: [...FEW_PACKED, '--large-values-max-bytes', '100kb'] },
];

file.setTimeout(240_000);
process.stderr.write(`collections: FORGEKV_COLLECTIONS_SEED=${firstSeed}\n`);

const READS: Record<string, (key: string) => readonly CommandArg[]> = {
  h: (key) => ['HGETALL', key],
  l: (key) => ['LRANGE', key, '0', '-1'],
  s: (key) => ['SMEMBERS', key],
  z: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
};

function allKeys(): string[] {
  return Object.keys(READS).flatMap((type) =>
    Array.from({ length: KEYS_PER_TYPE }, (_, i) => `${type}:${i}`),
  );
}

function element(prng: Prng): string {
  return prng.below(300) === 0 ? 'e'.repeat(prng.below(LONG_ELEMENT)) : `e${prng.below(MEMBERS)}`;
}

function several(prng: Prng, make: () => readonly string[]): string[] {
  const count = 1 + prng.below(prng.below(4) === 0 ? MOST_ADDED : 4);
  return Array.from({ length: count }, make).flat();
}

function randomCommand(prng: Prng): readonly CommandArg[] {
  const type = prng.pick(['h', 'l', 's', 'z']);
  const key = (): string => `${type}:${prng.below(KEYS_PER_TYPE)}`;
  const one = (): string => element(prng);
  const some = (make: () => readonly string[]): string[] => several(prng, make);
  const draw = prng.below(100);
  if (draw < 2) return ['DEL', key()];
  if (draw < 5) return ['RENAME', key(), key()];
  if (draw < 8) return ['COPY', key(), key(), 'REPLACE'];
  if (draw < 10) return ['PEXPIRE', key(), '100000000'];
  const isRemoval = draw < 30;
  const isOther = draw < 50;
  switch (type) {
    case 'h':
      if (isRemoval) return ['HDEL', key(), ...some(() => [one()])];
      if (isOther) return prng.below(2) ? ['HGET', key(), one()] : ['HLEN', key()];
      return ['HSET', key(), ...some(() => [one(), `${prng.below(1e6)}`])];
    case 'l':
      if (isRemoval) return prng.below(2) ? ['LPOP', key(), '7'] : ['LREM', key(), '2', one()];
      if (isOther) return listCommand(prng, key);
      return [prng.pick(['RPUSH', 'LPUSH']), key(), ...some(() => [one()])];
    case 's':
      if (isRemoval) return ['SREM', key(), ...some(() => [one()])];
      if (isOther) return setCommand(prng, key);
      return ['SADD', key(), ...some(() => [one()])];
    default:
      if (isRemoval) return ['ZREM', key(), ...some(() => [one()])];
      if (isOther) return sortedSetCommand(prng, key);
      return ['ZADD', key(), ...some(() => [`${prng.below(1000) / 8}`, one()])];
  }
}

function listCommand(prng: Prng, key: () => string): readonly CommandArg[] {
  const place = `${prng.below(60) - 30}`;
  return prng.pick<() => readonly CommandArg[]>([
    () => ['LMOVE', key(), key(), 'LEFT', 'RIGHT'],
    () => ['LSET', key(), place, element(prng)],
    () => ['LINSERT', key(), 'BEFORE', element(prng), element(prng)],
    () => ['LTRIM', key(), `${prng.below(5)}`, '-2'],
    () => ['LINDEX', key(), place],
  ])();
}

function setCommand(prng: Prng, key: () => string): readonly CommandArg[] {
  return prng.pick<() => readonly CommandArg[]>([
    () => ['SMOVE', key(), key(), element(prng)],
    () => ['SUNIONSTORE', key(), key(), key()],
    () => ['SDIFFSTORE', key(), key(), key()],
    () => ['SISMEMBER', key(), element(prng)],
    () => ['SCARD', key()],
  ])();
}

function sortedSetCommand(prng: Prng, key: () => string): readonly CommandArg[] {
  return prng.pick<() => readonly CommandArg[]>([
    () => ['ZINCRBY', key(), '0.5', element(prng)],
    () => ['ZUNIONSTORE', key(), '2', key(), key()],
    () => ['ZREMRANGEBYRANK', key(), '0', '3'],
    () => ['ZRANGE', key(), '0', '20', 'WITHSCORES'],
    () => ['ZPOPMIN', key(), '3'],
  ])();
}

/** What all keys hold, in an order of its own where the type has none. */
async function stateOf(client: RespClient): Promise<string[]> {
  const keys = allKeys();
  const replies = await client.pipeline(keys.map((key) => READS[key[0]!]!(key)));
  return replies.map((reply, i) => {
    const key = keys[i]!;
    if (reply.kind !== 'array') return `${key} ${describeReply(reply, MOST_TEXT)}`;
    const items = reply.items.map((item) => describeReply(item, MOST_TEXT));
    const grouped = key[0] === 'h' ? pairs(items) : items;
    return `${key} ${key[0] === 'l' || key[0] === 'z' ? items : grouped.toSorted()}`;
  });
}

function pairs(items: readonly string[]): string[] {
  return items.flatMap((item, i) => (i % 2 === 0 ? [`${item}=${items[i + 1]}`] : []));
}

async function compare(
  t: Test,
  redis: RespClient,
  server: ServerHandle,
  prng: Prng,
): Promise<boolean> {
  const forge = await connect(t, server);
  for (let batch = 0; batch < BATCHES_PER_ROUND; batch++) {
    const commands = Array.from({ length: COMMANDS_PER_BATCH }, () => randomCommand(prng));
    const [expected, actual] = await Promise.all([
      redis.pipeline(commands),
      forge.pipeline(commands),
    ]);
    for (const [i, command] of commands.entries()) {
      const [wanted, got] = [expected, actual].map((all) => describeReply(all[i]!, MOST_TEXT));
      if (wanted === got) continue;
      t.equal(got, wanted, command.join(' ').slice(0, 200));
      return false;
    }
  }
  forge.destroy();
  return true;
}

test('large collections beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redisServer = await startRedis();
  t.teardown(() => redisServer.stop());
  for (const [index, { fronts, workers, args }] of RUNS.entries()) {
    await t.test(`${fronts} fronts, ${workers} workers, ${args.slice(10).join(' ')}`, async (t) => {
      const prng = new Prng(firstSeed + index);
      const redis = await connect(t, redisServer);
      await redis.must('FLUSHALL');
      const server = await serve(t, { fronts, workers, args });
      for (let round = 0; round < rounds; round++) {
        if (!(await compare(t, redis, server, prng))) return;
        await server.kill9();
        await server.restart();
        const client = await connect(t, server);
        const [expected, actual] = [await stateOf(redis), await stateOf(client)];
        for (const [i, text] of expected.entries()) {
          t.ok(actual[i] === text, `round ${round}: ${text.slice(0, 100)} (${text.length})`);
        }
        client.destroy();
      }
    });
  }
});
