// Random set commands beside a real Redis: few keys, few members, sizes around the limits. What is
// left to chance is compared by what must hold of it.

import { Random } from '@forgekv/base';
import {
  type CommandArg,
  compareReplies,
  describeReply,
  type Reply,
  RespClient,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { BesideRedis } from '../support/beside-redis.ts';
import { type Plain, plain } from '../support/plain-reply.ts';
import { setLimits } from './set-table.ts';

const SEED = Number(process.env.FORGEKV_SET_SEED ?? Date.now() & 0x7fffffff);
const KEYS = ['s1', 's2', 's3', 's4', '{t}5', '{t}6', 'str'];
const EDGES = [
  ...['32767', '32768', '-32768', '-32769', '2147483647', '2147483648', '-2147483648'],
  ...['-2147483649', '9223372036854775807', '9223372036854775808', '-9223372036854775808'],
  ...['-9223372036854775809', '', '0', '-0', '00', '+1', ' 1', '1 ', '1.0', '1e3', '-', 'a\0b'],
  ...['x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(127), 'y'.repeat(128)],
  'z'.repeat(5000),
];

file.setTimeout(120_000);

/** A reply whose arrays of texts are in order. */
function ordered(reply: Reply): Reply {
  if (reply.kind !== 'array' && reply.kind !== 'set') return reply;
  const items = reply.items.map(ordered);
  if (items.every(({ kind }) => kind === 'bulk')) {
    items.sort((a, b) => (describeReply(a, Infinity) < describeReply(b, Infinity) ? -1 : 1));
  }
  return { kind: reply.kind, items };
}

class Commands {
  readonly #random: Random;
  /** How many different integers and words there are. */
  readonly #space: number;

  /** Most members given at once: Redis 7.2 converts sets for more than an intset may have. */
  readonly #most: number;

  constructor(random: Random, space: number, most: number) {
    this.#random = random;
    this.#space = space;
    this.#most = most;
  }

  key(): string {
    return this.#random.pick(KEYS);
  }

  member(): CommandArg {
    const random = this.#random;
    const dice = random.below(20);
    if (dice === 0) return random.pick(EDGES);
    if (dice === 1) return Buffer.from([random.below(256), random.below(4), 255]);
    const number = random.below(this.#space);
    return dice < 5 ? `word${number}` : `${number - 3}`;
  }

  members(most: number): CommandArg[] {
    return Array.from({ length: 1 + this.#random.below(most) }, () => this.member());
  }

  keys(): string[] {
    return Array.from({ length: 1 + this.#random.below(4) }, () => this.key());
  }

  next(): CommandArg[] {
    const random = this.#random;
    const most = random.chance(0.1) ? this.#most : 4;
    switch (random.below(22)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return ['SADD', this.key(), ...this.members(most)];
      case 4:
        return ['SADD', this.key(), ...this.members(most).map(() => random.below(this.#space))];
      case 5:
      case 6:
        return ['SREM', this.key(), ...this.members(most)];
      case 7:
      case 8:
        return ['SMOVE', this.key(), this.key(), this.member()];
      case 9:
        return ['SMISMEMBER', this.key(), ...this.members(most)];
      case 10:
        return ['SISMEMBER', this.key(), this.member()];
      case 11:
        return ['SMEMBERS', this.key()];
      case 12:
        return ['SCARD', this.key()];
      case 13:
        return [random.pick(['SINTER', 'SUNION', 'SDIFF']), ...this.keys()];
      case 14:
      case 15:
      case 16: {
        const name = random.pick(['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']);
        return [name, this.key(), ...this.keys()];
      }
      case 17: {
        const keys = this.keys();
        const limit = random.pick([[], ['LIMIT', '2'], ['LIMIT', '0'], ['LIMIT', '-1'], ['LIMIT']]);
        return ['SINTERCARD', keys.length, ...keys, ...limit];
      }
      case 18:
        return random.chance(0.2) ? ['SET', 'str', 'v'] : ['TYPE', this.key()];
      case 19:
        return [random.pick(['DEL', 'EXPIRE', 'PERSIST']), this.key()].concat(
          random.chance(0.5) ? [] : ['1000'],
        );
      case 20:
        return this.#chance();
      default:
        return ['OBJECT', 'ENCODING', this.key()];
    }
  }

  #chance(): CommandArg[] {
    const random = this.#random;
    const count = random.pick(['0', '1', '2', '5', '40', '-1', '-7', '600', 'x']);
    const name = random.pick(['SRANDMEMBER', 'SPOP']);
    return random.chance(0.4) ? [name, this.key()] : [name, this.key(), count];
  }
}

/** What differs; encodings may as Redis 7.2 differs from 7.0. */
function difference(
  db: TestDatabase,
  args: readonly CommandArg[],
  redis: Reply,
  own: Reply,
): string | undefined {
  const wrong = compareReplies(ordered(redis), ordered(own));
  if (wrong === undefined || args[0] !== 'OBJECT') return wrong;
  const isListpack = describeReply(redis) === '"hashtable"' && describeReply(own) === '"listpack"';
  // What a hot value cannot hold is large sooner than in Redis.
  const isTooLong = db.front.hotValueMaxBytes < 1000 && describeReply(own) === '"hashtable"';
  return isListpack || isTooLong ? undefined : wrong;
}

/** Compares what is left to chance; then the two are made equal again. */
async function compareChance(both: BesideRedis, args: readonly CommandArg[]): Promise<string> {
  const key = args[1]!;
  const members = both.db.run('SMEMBERS', key);
  const redis = await both.redis.command(...args);
  const own = both.db.reply(...args);
  const wrong = chanceDifference(args, members, redis, own);
  if (args[0] !== 'SPOP') return wrong;
  const left = await both.redis.command('SCARD', key);
  const counts = compareReplies(left, both.db.reply('SCARD', key));
  if (left.kind === 'integer') {
    await both.redis.command('DEL', key);
    both.db.run('DEL', key);
  }
  return wrong || (counts ?? '');
}

function chanceDifference(
  args: readonly CommandArg[],
  members: Plain,
  redis: Reply,
  own: Reply,
): string {
  const isArray = redis.kind === 'array' || redis.kind === 'set';
  const isText = redis.kind === 'bulk' && own.kind === 'bulk';
  const isSame = isArray && own.kind === redis.kind && own.items.length === redis.items.length;
  if (!isText && !isSame) return compareReplies(redis, own) ?? '';
  const texts = [plain(own)].flat() as string[];
  if (!texts.every((text) => (members as string[]).includes(text))) return 'not a member';
  const mayRepeat = String(args[2]).startsWith('-');
  return !mayRepeat && new Set(texts).size !== texts.length ? 'repeated' : '';
}

async function play(
  both: BesideRedis,
  t: Test,
  seed: number,
  count: number,
  space: number,
  most = 60,
) {
  const commands = new Commands(new Random(seed), space, most);
  let differences = 0;
  let batch: CommandArg[][] = [];
  const report = (args: readonly CommandArg[], wrong: string | undefined) => {
    if (wrong === undefined || wrong === '' || ++differences > 5) return;
    t.fail(`${args.map((arg) => JSON.stringify(String(arg)).slice(0, 80)).join(' ')}: ${wrong}`);
  };
  const flush = async () => {
    const replies = await both.redis.pipeline(batch);
    for (const [i, args] of batch.entries()) {
      report(args, difference(both.db, args, replies[i]!, both.db.reply(...args)));
    }
    batch = [];
  };
  for (let i = 0; i < count; i++) {
    const args = commands.next();
    if (args[0] === 'SPOP' || args[0] === 'SRANDMEMBER') {
      await flush();
      report(args, await compareChance(both, args));
    } else {
      batch.push(args);
      if (batch.length === 100) await flush();
    }
  }
  for (const key of KEYS) batch.push(['SMEMBERS', key], ['OBJECT', 'ENCODING', key]);
  await flush();
  t.equal(differences, 0, `${count} commands, seed ${seed}`);
  both.db.audit();
}

for (const resp of [2, 3] as const) {
  for (const hotValueMaxBytes of [16384, 100]) {
    const name = `random set commands, RESP${resp}, values up to ${hotValueMaxBytes} bytes hot`;
    test(name, { skip: skipWithoutRedis() }, async (t) => {
      const server = await startRedis();
      t.teardown(() => server.stop());
      const redis = await RespClient.connect({ port: server.port, resp });
      t.teardown(() => redis.close());
      const db = createTestDatabase({ hotValueMaxBytes, databases: 1 });
      db.resp3 = resp === 3;
      const both = new BesideRedis(t, redis, db);
      await play(both, t, SEED + resp, 2000, 12);
      await play(both, t, SEED + resp + 10, 600, 1500);
      // Small limits: every form meets every other.
      await redis.must('CONFIG', 'SET', 'set-max-intset-entries', '8');
      setLimits(db, { maxIntsetEntries: 8, maxEntries: 6, maxValueBytes: 20 });
      await redis.must('DEL', ...KEYS);
      db.run('DEL', ...KEYS);
      await play(both, t, SEED + resp + 20, 2000, 15, 8);
    });
  }
}
