// SINTER, SINTERCARD, SUNION, SDIFF and the commands that store what these make, row by row; and
// all of them against plain sets.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runSetTable, sorted } from './set-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';

test('algebra of sets', async (t) => {
  for (const resp3 of [false, true]) {
    runSetTable(
      t,
      [
        ['sadd a 1 2 3 x', 4],
        ['sadd b 2 3 4 y', 4],
        ['sadd c 3 x y', 3],
        ['sinter a', ['1', '2', '3', 'x']],
        ['sinter a b', ['2', '3']],
        ['sinter a b c', ['3']],
        ['sinter a a', ['1', '2', '3', 'x']],
        ['sinter a none b', []],
        ['sinter none', []],
        ['sunion a b', ['1', '2', '3', '4', 'x', 'y']],
        ['sunion a none', ['1', '2', '3', 'x']],
        ['sunion a a', ['1', '2', '3', 'x']],
        ['sunion none none', []],
        ['sdiff a b', ['1', 'x']],
        ['sdiff a b c', ['1']],
        ['sdiff a none', ['1', '2', '3', 'x']],
        ['sdiff a a', []],
        ['sdiff none a', []],
        ['sintercard 1 a', 4],
        ['sintercard 2 a b', 2],
        ['sintercard 2 a b limit 1', 1],
        ['sintercard 2 a b LIMIT 0', 2],
        ['sintercard 2 a b limit 1 limit 5', 2],
        ['sintercard 2 a none', 0],
      ],
      resp3,
    );
  }
});

test('SINTERCARD: arguments, in the order of their checks', async (t) => {
  runSetTable(t, [
    ['set str v', '+OK'],
    ['sintercard 0 str', '-ERR numkeys should be greater than 0'],
    ['sintercard x str', '-ERR numkeys should be greater than 0'],
    ['sintercard -1 str', '-ERR numkeys should be greater than 0'],
    ['sintercard 2 str', "-ERR Number of keys can't be greater than number of args"],
    ['sintercard 1 str foo', '-ERR syntax error'],
    ['sintercard 1 str limit', '-ERR syntax error'],
    ['sintercard 1 str limit -1', "-ERR LIMIT can't be negative"],
    ['sintercard 1 str limit x', "-ERR LIMIT can't be negative"],
    ['sintercard 1 str limit 1 x', '-ERR syntax error'],
    ['sintercard 1 str', WRONG],
    ['sintercard 2 none str', WRONG],
    ['sintercard 1', "-ERR wrong number of arguments for 'sintercard' command"],
  ]);
});

test('what is stored', async (t) => {
  runSetTable(t, [
    ['sadd a 1 2 3 x', 4],
    ['sadd b 2 3 4 y', 4],
    ['set d v ex 100', '+OK'],
    ['sinterstore d a b', 2],
    ['ttl d', -1],
    ['smembers d', ['2', '3']],
    ['sunionstore d a b d', 6],
    ['smembers d', ['1', '2', '3', '4', 'x', 'y']],
    ['sdiffstore d d b', 2],
    ['smembers d', ['1', 'x']],
    ['sdiffstore d d d', 0],
    ['exists d', 0],
    ['sunionstore d none none', 0],
    ['exists d', 0],
    ['sunionstore a a b', 6],
    ['scard a', 6],
    ['set s v', '+OK'],
    ['sinterstore d a s', WRONG],
    ['sinterstore d none s', WRONG],
    ['sunionstore s none s', WRONG],
    ['get s', 'v'],
    ['sinterstore s none a', 0],
    ['exists s', 0],
    ['sadd dd q', 1],
    ['sdiffstore dd none a', 0],
    ['exists dd', 0],
    ['sunionstore d', "-ERR wrong number of arguments for 'sunionstore' command"],
  ]);
});

const SEED = Number(process.env.FORGEKV_SET_SEED ?? 7001);

test(`against plain sets, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let compared = 0;
  for (let round = 0; round < 30; round++) {
    const db = createTestDatabase({ hotValueMaxBytes: random.pick([16384, 512, 64]) });
    const keys = ['a', 'b', 'c', 'd'];
    const model = new Map<string, Set<string>>();
    for (const key of keys) {
      const members = new Set<string>();
      const space = random.pick([3, 40, 700]);
      const most = random.pick([0, 4, 130, 600]);
      for (let i = 0; i < most; i++) {
        const number = random.below(space) - 5;
        members.add(random.chance(0.03) ? `m${number}` : `${number}`);
      }
      model.set(key, members);
      if (members.size > 0) db.run('sadd', key, ...members);
    }
    for (let i = 0; i < 12; i++) {
      const named = Array.from({ length: 1 + random.below(4) }, () => random.pick(keys));
      const sets = named.map((key) => model.get(key)!);
      const rest = sets.slice(1);
      const union = new Set(sets.flatMap((set) => [...set]));
      const inter = [...sets[0]!].filter((member) => rest.every((set) => set.has(member)));
      const diff = [...sets[0]!].filter((member) => !rest.some((set) => set.has(member)));
      t.same(sorted(db.run('sunion', ...named)), [...union].sort());
      t.same(sorted(db.run('sinter', ...named)), inter.sort());
      t.same(sorted(db.run('sdiff', ...named)), diff.sort());
      const name = random.pick(['sunionstore', 'sinterstore', 'sdiffstore']);
      const expected = name === 'sunionstore' ? [...union] : name === 'sinterstore' ? inter : diff;
      const to = random.pick(keys);
      t.equal(db.run(name, to, ...named), expected.length);
      model.set(to, new Set(expected));
      t.same(sorted(db.run('smembers', to)), expected.sort());
      compared += 5;
    }
    db.audit();
  }
  t.ok(compared > 1500, `${compared} replies`);
});
