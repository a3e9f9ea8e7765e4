// SPOP and SRANDMEMBER: replies, errors, and that every choice has the same probability.

import { Random } from '@forgekv/base';
import { type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { runSetTable } from './set-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const NOT_POSITIVE = '-ERR value is out of range, must be positive';
const LONG_MAX = '9223372036854775807';

test('replies and errors', async (t) => {
  for (const resp3 of [false, true]) {
    runSetTable(
      t,
      [
        ['spop none', null],
        ['spop none 3', []],
        ['spop none 0', []],
        ['spop none -1', NOT_POSITIVE],
        ['spop none x', NOT_POSITIVE],
        ['spop none 1 2', '-ERR syntax error'],
        ['srandmember none', null],
        ['srandmember none 3', []],
        ['srandmember none -3', []],
        ['srandmember none x', NOT_INTEGER],
        ['srandmember none 1 2', '-ERR syntax error'],
        [
          'srandmember none -9223372036854775808',
          `-ERR value is out of range, value must between -${LONG_MAX} and ${LONG_MAX}`,
        ],
        ['set s v', '+OK'],
        ['spop s', WRONG],
        ['spop s 1', WRONG],
        ['srandmember s', WRONG],
        ['srandmember s 1', WRONG],
        ['spop', "-ERR wrong number of arguments for 'spop' command"],
        ['sadd one 7', 1],
        ['srandmember one', '7'],
        ['srandmember one -3', ['7', '7', '7']],
        ['srandmember one 3', ['7']],
        ['srandmember one 0', []],
        ['spop one 0', []],
        ['spop one', '7'],
        ['exists one', 0],
        ['sadd two a b', 2],
        [`srandmember two ${LONG_MAX}`, ['a', 'b']],
        ['spop two 5', ['a', 'b']],
        ['exists two', 0],
      ],
      resp3,
    );
  }
});

/** Sets of the three forms, with 24 members each. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  intset: Array.from({ length: 24 }, (_, i) => `${i * i * 1000}`),
  listpack: Array.from({ length: 24 }, (_, i) => `member ${i}`),
  hashtable: Array.from({ length: 24 }, (_, i) => `${i}`.padStart(65, 'x')),
};

function filled(form: string, seed: number): TestDatabase {
  const db = createTestDatabase({ databases: 1 });
  for (const c of [db.front, db.worker]) {
    c.random = new Random(seed);
    Object.assign(c.largeOptions, { random: c.random });
  }
  db.run('sadd', 's', ...MEMBERS[form]!);
  return db;
}

/** Above this, with 23 degrees of freedom, one fair run in ten thousand would be. */
const MOST_CHI_SQUARE = 55;

function checkFair(t: Test, name: string, counts: ReadonlyMap<string, number>): void {
  let total = 0;
  for (const count of counts.values()) total += count;
  const expected = total / 24;
  let sum = 0;
  for (const count of counts.values()) sum += (count - expected) ** 2 / expected;
  t.equal(counts.size, 24, name);
  t.ok(sum < MOST_CHI_SQUARE, `${name}: chi-square ${sum.toFixed(1)} of ${total} picks`);
}

for (const form of Object.keys(MEMBERS)) {
  test(`every choice is as likely as any other: ${form}`, async (t) => {
    const db = filled(form, 4711);
    t.equal(db.run('object', 'encoding', 's'), form);
    const commands = [
      ['srandmember', 's'],
      ...['-3', '1', '5', '20'].map((n) => ['srandmember', 's', n]),
    ];
    for (const command of commands) {
      const counts = new Map<string, number>();
      for (let i = 0; i < 1200; i++) {
        const picks = [db.run(...command)].flat() as string[];
        if (!command.includes('-3') && new Set(picks).size !== picks.length) t.fail('repeated');
        for (const member of picks) counts.set(member, (counts.get(member) ?? 0) + 1);
      }
      checkFair(t, command.join(' '), counts);
    }
    for (const count of [undefined, '1', '5', '21']) {
      const command = count === undefined ? ['spop', 's'] : ['spop', 's', count];
      const counts = new Map<string, number>();
      for (let i = 0; i < 1000; i++) {
        const picks = [db.run(...command)].flat() as string[];
        for (const member of picks) counts.set(member, (counts.get(member) ?? 0) + 1);
        db.run('sadd', 's', ...picks);
      }
      t.equal(db.run('scard', 's'), 24);
      checkFair(t, command.join(' '), counts);
    }
    db.audit();
  });
}

test('two distinct picks: every pair as often', async (t) => {
  for (const form of Object.keys(MEMBERS)) {
    const db = filled(form, 99);
    const pairs = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const pair = (db.run('srandmember', 's', '2') as string[]).sort().join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    const expected = 4000 / 276;
    let sum = 0;
    for (const count of pairs.values()) sum += (count - expected) ** 2 / expected;
    t.equal(pairs.size, 276, form);
    // 275 degrees of freedom: mean 275, standard deviation 23.
    t.ok(sum < 275 + 4 * 23.5, `${form}: chi-square ${sum.toFixed(1)}`);
  }
});
