// Hashes beside Redis: thousands of random commands on few keys and few fields, so that they meet,
// with sizes around every threshold. Field times are newer than the Redis at hand.

import { Random } from '@forgekv/base';
import { type Comparison, compareReplies, EXACT, type Reply, UNORDERED } from '@forgekv/testkit';
import { plain } from '../harness.ts';
import { type BesideRedis, testBesideRedis } from '../support/beside-redis.ts';

const SEED = Number(process.env.FORGEKV_HASH_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = Number(process.env.FORGEKV_HASH_COMMANDS ?? 1500);
const BATCH = 200;

type Command = (string | Buffer)[];

const FIELDS: (string | Buffer)[] = [
  ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '', '1', '-1', '007', '4096', '2147483648'],
  ...['x'.repeat(8), 'x'.repeat(9), 'y'.repeat(130), Buffer.from([0, 255, 128])],
];
const VALUES: (string | Buffer)[] = [
  ...['1', '0', '-5', '12', '', 'text', '127', '128', '-4097', '32768', '8388608', '2147483647'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', ' 1', '+1', '1.5'],
  ...['x'.repeat(8), 'x'.repeat(9), 'y'.repeat(300), Buffer.from([255, 0]), '1e400', 'nan', 'inf'],
];
const NUMBERS = [
  ...['1', '-1', '0', '5', '9223372036854775807', '-9223372036854775808', 'x', '', '1.5', ' 2'],
  ...['0.1', '1e3', '-2.5e-3', 'inf', 'nan', '123456789.123456789', '1e4932', '0x10'],
];

class Commands {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #rest(name: string): Command {
    const random = this.#random;
    const pick = <T>(items: readonly T[]): T => random.pick(items);
    const fields = (most: number) => Array.from({ length: random.below(most) }, () => pick(FIELDS));
    const short = () => pick(random.chance(0.9) ? VALUES.slice(0, 12) : VALUES);
    switch (name) {
      case 'HSET':
      case 'HMSET': {
        // Redis 7.0 does not count a field that is given twice; 7.2 does, where there are many.
        if (random.chance(0.05)) return this.#distinctPairs(short);
        const pairs = Array.from({ length: random.below(4) }, () => [pick(FIELDS), short()]);
        return [pick(FIELDS), ...(random.chance(0.03) ? [] : [short()]), ...pairs.flat()];
      }
      case 'HSETNX':
        return [pick(FIELDS), short()];
      case 'HINCRBY':
      case 'HINCRBYFLOAT':
        return [pick(FIELDS), pick(NUMBERS)];
      case 'HDEL':
      case 'HMGET':
        return [pick(FIELDS), ...fields(6)];
      case 'HSCAN':
        return [
          '0',
          ...pick([
            ['COUNT', '100'],
            ['MATCH', 'x*', 'COUNT', '100'],
            ['COUNT', '0'],
          ]),
        ];
      case 'HRANDFIELD':
        return [
          pick(['30', '0', 'x', '-9223372036854775808']),
          ...pick([[], ['WITHVALUES'], ['x']]),
        ];
      case 'HGET':
      case 'HEXISTS':
      case 'HSTRLEN':
        return [pick(FIELDS)];
      default:
        return [];
    }
  }

  #distinctPairs(value: () => string | Buffer): Command {
    const from = this.#random.below(FIELDS.length);
    const fields = FIELDS.slice(from, from + 1 + this.#random.below(14));
    return fields.flatMap((field) => [field, value()]);
  }

  next(): [Command, Comparison] {
    const random = this.#random;
    const name = random.pick(NAMES);
    const key = random.chance(0.02) ? 'string' : `h${random.below(4)}`;
    if (name === 'OBJECT') return [['OBJECT', 'ENCODING', key], EXACT];
    const isUnordered = ['HGETALL', 'HKEYS', 'HVALS', 'HRANDFIELD'].includes(name);
    return [[name, key, ...this.#rest(name)], isUnordered ? UNORDERED : EXACT];
  }
}

const NAMES = [
  ...Array<string>(8).fill('HSET'),
  ...['HMSET', 'HSETNX', 'HSETNX', 'HINCRBY', 'HINCRBY', 'HINCRBYFLOAT', 'HDEL', 'HDEL', 'HDEL'],
  ...['HGET', 'HMGET', 'HEXISTS', 'HSTRLEN', 'HLEN', 'HGETALL', 'HKEYS', 'HVALS', 'HSCAN'],
  ...['HRANDFIELD', 'OBJECT', 'OBJECT', 'DEL'],
];

/** Pairs in an HSCAN page of a hashtable come in an order of the server's own. */
function sorted(reply: unknown): unknown {
  const [cursor, page] = reply as [string, string[]];
  const pairs = page.flatMap((field, i) => (i % 2 ? [] : [`${field} => ${page[i + 1]}`]));
  return [cursor, pairs.sort()];
}

async function compare(both: BesideRedis, commands: readonly [Command, Comparison][]) {
  const { db, redis } = both;
  let differences = '';
  const expected = await redis.pipeline(commands.map(([command]) => command));
  for (const [index, [command, comparison]] of commands.entries()) {
    const reply = db.reply(...command);
    const difference = compareReplies(expected[index]!, reply, comparison);
    if (difference === undefined) continue;
    if (command[0] === 'HSCAN' && isSamePage(expected[index]!, reply)) continue;
    differences ||= `${command.map(String).join(' ')}: ${difference}`;
  }
  return differences;
}

function isSamePage(left: Reply, right: Reply): boolean {
  if (left.kind !== 'array' || right.kind !== 'array') return false;
  return JSON.stringify(sorted(plain(left))) === JSON.stringify(sorted(plain(right)));
}

for (const [maxEntries, maxValueBytes] of [
  [512, 64],
  [6, 64],
  [512, 8],
  [0, 64],
] as const) {
  const limits = `${maxEntries} entries of ${maxValueBytes} bytes`;
  testBesideRedis(`random commands, ${limits}, seed ${SEED}`, async (both, t) => {
    const { db, redis } = both;
    await redis.must('CONFIG', 'SET', 'hash-max-listpack-entries', String(maxEntries));
    await redis.must('CONFIG', 'SET', 'hash-max-listpack-value', String(maxValueBytes));
    for (const c of [db.front, db.worker]) c.limits.hash = { maxEntries, maxValueBytes };
    await both.same([['SET', 'string', 'text']]);
    const commands = new Commands(new Random(SEED + maxEntries + maxValueBytes));
    for (let i = 0; i < COMMANDS; i += BATCH) {
      const batch = Array.from({ length: BATCH }, () => commands.next());
      const difference = await compare(both, batch);
      if (difference !== '') {
        t.fail(difference);
        break;
      }
    }
    both.report(SEED);
  });
}
