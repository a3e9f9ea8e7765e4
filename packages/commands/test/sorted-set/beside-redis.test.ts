// Sorted sets beside Redis: random commands over few keys and few members, of all forms, with sizes
// around the thresholds, scores at the edges and members of any bytes.

import { Random } from '@forgekv/base';
import { type Comparison, EXACT } from '@forgekv/testkit';
import { testBesideRedis } from '../support/beside-redis.ts';
import { BesideRedisScores } from '../support/beside-redis-scores.ts';
import { RandomCommands } from './random-commands.ts';

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);
const ROUNDS = Number(process.env.FORGEKV_ROUNDS ?? 10);
const ROUND_COMMANDS = 200;

/** What cannot be the same byte for byte. */
function comparisonOf(command: readonly unknown[], isSmall: boolean): Comparison | null {
  switch (command[0]) {
    // By chance, and in pages; checked as properties elsewhere.
    case 'ZRANDMEMBER':
      return null;
    case 'ZSCAN':
      return command[1] === 'few' ? null : EXACT;
    case 'TTL':
      return { how: 'within', tolerance: 60 };
    case 'OBJECT':
      return isSmall ? EXACT : null;
    default:
      return EXACT;
  }
}

const RUNS: readonly (readonly [name: string, protocol: 2 | 3, hotValueMaxBytes: number])[] = [
  ['as on a server', 2, 16384],
  ['in RESP3', 3, 16384],
  ['nearly everything large', 2, 200],
];

for (const [name, protocol, hotValueMaxBytes] of RUNS) {
  testBesideRedis(
    `random commands, ${name}`,
    async (both, t) => {
      t.setTimeout(120_000);
      const scores = new BesideRedisScores(both, t);
      const source = new RandomCommands(new Random(SEED + protocol));
      if (protocol === 3) await both.redis.hello3();
      both.db.resp3 = protocol === 3;
      for (const limits of [both.db.front.limits, both.db.worker.limits]) {
        limits.sortedSet = { maxEntries: 16, maxValueBytes: 20 };
      }
      await both.redis.pipeline([
        ['CONFIG', 'SET', 'zset-max-listpack-entries', '16'],
        ['CONFIG', 'SET', 'zset-max-listpack-value', '20'],
      ]);
      for (let round = 0; round < ROUNDS; round++) {
        await scores.same(
          Array.from({ length: ROUND_COMMANDS }, () => source.next()),
          (command) => comparisonOf(command, hotValueMaxBytes === 16384),
        );
        if (round % 5 === 4)
          await scores.same(source.states(), (command) =>
            comparisonOf(command, hotValueMaxBytes === 16384),
          );
      }
      scores.report(SEED);
      t.ok(both.db.hops > 0, `${both.db.hops} hops`);
    },
    { hotValueMaxBytes },
  );
}

testBesideRedis('sums that go from -0 to 0, small and large', async (both, t) => {
  const scores = new BesideRedisScores(both, t);
  const many = Array.from({ length: 200 }, (_, i) => ['0', `m${i}`]).flat();
  for (const members of [['0', 'm'], many]) {
    await scores.same([
      ['DEL', 'z'],
      ['ZADD', 'z', ...members],
      ['ZUNION', '2', 'z', 'z', 'WEIGHTS', '-1', '0', 'WITHSCORES'],
      ['ZUNION', '2', 'z', 'z', 'WEIGHTS', '0', '-1', 'WITHSCORES'],
      ['ZINTER', '2', 'z', 'z', 'WEIGHTS', '-1', '0', 'WITHSCORES'],
    ]);
  }
  scores.report(SEED);
});

testBesideRedis('ranges of members where scores differ', async (both, t) => {
  const scores = new BesideRedisScores(both, t);
  const random = new Random(SEED);
  const letter = () => String.fromCharCode(97 + random.below(8));
  const bound = () => random.pick(['-', '+', `[${letter()}`, `(${letter()}`]);
  for (let round = 0; round < 60; round++) {
    const commands = [['DEL', 'z']];
    for (let i = 0; i < 7; i++) commands.push(['ZADD', 'z', String(random.below(4)), letter()]);
    for (let i = 0; i < 30; i++) {
      const name = random.pick(['ZLEXCOUNT', 'ZRANGEBYLEX', 'ZREVRANGEBYLEX', 'ZREVRANGEBYLEX']);
      commands.push([name, 'z', bound(), bound()]);
    }
    commands.push(['ZREMRANGEBYLEX', 'z', bound(), bound()], ['ZRANGE', 'z', '0', '-1']);
    await scores.same(commands);
  }
  scores.report(SEED);
});
