// What set commands log, word for word, and that the log of random ones gives the same sets again.

import { Random } from '@forgekv/base';
import { t as file, type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { split } from '../support/run-table.ts';
import { setLimits, sorted } from './set-table.ts';

const SEED = Number(process.env.FORGEKV_SET_SEED ?? Date.now() & 0x7fffffff);
const KEYS = ['a', 'b', 'c', 'd'];

file.setTimeout(120_000);

/** Command, then its effects; before each: a = 1 2 3, b = 3 x, one = 7, str = v. */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  ['scard a'],
  ['smembers a'],
  ['sismember a 1'],
  ['smismember a 1 2'],
  ['sscan a 0'],
  ['srandmember a -5'],
  ['sinter a b'],
  ['sunion a b'],
  ['sdiff a b'],
  ['sintercard 2 a b'],
  ['sadd a 1 2'],
  ['sadd str 1'],
  ['srem a x'],
  ['smove a b x'],
  ['smove a a 1'],
  ['spop a 0'],
  ['spop none'],
  ['sinterstore none a none'],
  ['sadd a 3 4', 'sadd a 3 4'],
  ['sadd a word', 'sadd a word'],
  ['sadd new 1 x', 'sadd new 1 x'],
  ['srem a 3 4', 'srem a 3 4'],
  ['srem one 7', '!DEL one'],
  ['smove a b 1', 'SADD b 1', 'SREM a 1'],
  ['smove a b 3', 'SREM a 3'],
  ['smove one b 7', 'SADD b 7', '!DEL one'],
  ['smove one new 7', 'SADD new 7', '!DEL one'],
  ['spop one', '!DEL one'],
  ['spop one 5', '!DEL one'],
  ['spop a 3', '!DEL a'],
  ['sinterstore a a str'],
  ['sinterstore str a none', '!DEL str'],
  ['sdiffstore a a a', '!DEL a'],
];

function filled(t: Test): LoggedDatabase {
  const logged = new LoggedDatabase(t, { databases: 1 });
  const { db } = logged;
  db.run('sadd', 'a', '1', '2', '3');
  db.run('sadd', 'b', '3', 'x');
  db.run('sadd', 'one', '7');
  db.run('set', 'str', 'v');
  return logged;
}

test('effects of set commands', async (t) => {
  for (const isInline of [false, true]) {
    for (const [command, ...expected] of ROWS) {
      const logged = filled(t);
      logged.db.isInline = isInline;
      t.same(logged.effectsOf(...split(command)).sort(), [...expected].sort(), command);
      logged.db.audit();
    }
  }
});

test('what was popped is logged as removed', async (t) => {
  const logged = filled(t);
  const [member] = [logged.db.run('spop', 'a')];
  t.same(logged.all().at(-1)?.args.map(String), ['SREM', 'a', member]);
  logged.db.run('sadd', 'a', '1', '2', '3', '4');
  const members = logged.db.run('spop', 'a', '3') as string[];
  const { args } = logged.all().find(({ args }) => args.length === 5 && `${args[0]}` === 'SREM')!;
  t.same(args.map(String), ['SREM', 'a', ...members]);
});

test('what is stored is logged as it is, without an expiry', async (t) => {
  const logged = filled(t);
  logged.db.run('pexpire', 'b', '100000');
  const [effect] = logged.effectsOf('sunionstore', 'b', 'a', 'b');
  t.match(effect, /^!RESTORE b 0 .* REPLACE ABSTTL$/s);
});

/** Keys with their members; how small sets are kept may differ after a restart, as in Redis. */
function contents(db: TestDatabase): unknown {
  return KEYS.map((key) => [key, sorted(db.run('smembers', key)), db.run('pexpiretime', key)]);
}

for (const hotValueMaxBytes of [16_384, 64]) {
  const name = `values up to ${hotValueMaxBytes} bytes hot, seed ${SEED}`;
  test(`the log of random set commands gives the same again: ${name}`, async (t) => {
    const random = new Random(SEED);
    const logged = new LoggedDatabase(t, { hotValueMaxBytes, databases: 1 });
    const { db } = logged;
    const limits = { maxIntsetEntries: 20, maxEntries: 15, maxValueBytes: 10 };
    setLimits(db, limits);
    for (let i = 0; i < 2000; i++) {
      db.run(...randomCommand(random));
      if (i % 7 === 0) logged.settle();
    }
    const copy = createTestDatabase({ hotValueMaxBytes, databases: 1 });
    setLimits(copy, limits);
    const effects = logged.all();
    copy.worker.databases.restore(db.worker.databases.map());
    replayInto(copy, effects);
    copy.db = 0;
    t.same(contents(copy), contents(db), `${effects.length} effects`);
    t.ok(effects.length > 700);
    copy.audit();
  });
}

function randomCommand(random: Random): string[] {
  const key = () => random.pick(KEYS);
  const members = () =>
    Array.from({ length: 1 + random.below(random.chance(0.1) ? 30 : 3) }, () => {
      const number = random.below(40);
      return random.chance(0.2) ? `word${number}`.repeat(1 + (number % 3)) : `${number * 1000}`;
    });
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      return ['sadd', key(), ...members()];
    case 3:
      return ['srem', key(), ...members()];
    case 4:
      return random.chance(0.5) ? ['spop', key()] : ['spop', key(), `${random.below(12)}`];
    case 5:
      return ['smove', key(), key(), members()[0]!];
    case 6:
      return [random.pick(['sunionstore', 'sinterstore', 'sdiffstore']), key(), key(), key()];
    case 7:
      return random.pick([
        ['rename', key(), key()],
        ['copy', key(), key(), 'replace'],
        ['pexpireat', key(), '99999999999999'],
      ]);
    default:
      return [random.chance(0.1) ? 'del' : 'scard', key()];
  }
}
