// Ranges by rank, score and member, unions and the like, picks and scans: replies and errors.

import { test } from 'tap';
import { createTestDatabase, type Plain } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const SYNTAX = '-ERR syntax error';
const INTEGER = '-ERR value is not an integer or out of range';
const NOT_LEX = '-ERR min or max not valid string range item';
const LIMIT =
  '-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX';

test('ZRANGE and its older forms', async (t) => {
  runTable(t, [
    ['zadd z 1 a 2 b 3 c 4 d', 4],
    ['zadd l 0 a 0 b 0 c 0 d', 4],
    ['zrange z 1 2', ['b', 'c']],
    ['zrange z -2 -1 rev withscores', ['b', '2', 'a', '1']],
    ['zrange z 5 9', []],
    ['zrange z (1 3 byscore', ['b', 'c']],
    ['zrange z 3 (1 byscore rev limit 1 5', ['b']],
    ['zrange z -inf +inf byscore limit 1 2 withscores', ['b', '2', 'c', '3']],
    ['zrange z 0 -1 limit 0 1', LIMIT],
    ['zrange z 0 -1 limit 1 -1', ['a', 'b', 'c', 'd']],
    ['zrange l [b + bylex', ['b', 'c', 'd']],
    ['zrange l + (b bylex rev', ['d', 'c']],
    [
      'zrange l - + bylex withscores',
      '-ERR syntax error, WITHSCORES not supported in combination with BYLEX',
    ],
    ['zrange z 0 1 bylex byscore', SYNTAX],
    ['zrange z 0 1 rev rev', SYNTAX],
    ['zrange z x 1', INTEGER],
    ['zrange z x 1 byscore', '-ERR min or max is not a float'],
    ['zrange z a 1 bylex', NOT_LEX],
    ['zrange z 0 1 limit x 1', INTEGER],
    ['zrange none 0 -1', []],
    ['zrevrange z 0 1', ['d', 'c']],
    ['zrevrange z 0 1 rev', SYNTAX],
    ['zrangebyscore z 2 +inf limit -1 2', []],
    ['zrangebyscore z 2 +inf limit 1 -1', ['c', 'd']],
    ['zrevrangebyscore z 3 2 withscores', ['c', '3', 'b', '2']],
    ['zrangebylex l (a [c limit 1 1', ['c']],
    ['zrevrangebylex l [c -', ['c', 'b', 'a']],
    ['zcount z (1 3', 2],
    ['zcount z 3 1', 0],
    ['zcount none 0 1', 0],
    ['zlexcount l [b (d', 2],
    ['zlexcount l + -', 0],
    ['zlexcount l b d', NOT_LEX],
    ['set s x', '+OK'],
    ['zrange s 0 1', WRONG_TYPE],
    ['zrange s x 1', INTEGER],
    ['zcount s 0 1', WRONG_TYPE],
    ['zrangestore t z 1 2', 2],
    ['zrange t 0 -1 withscores', ['b', '2', 'c', '3']],
    ['expire t 100', 1],
    ['zrangestore t z 0 0 rev', 1],
    ['zrange t 0 -1', ['d']],
    ['ttl t', -1],
    ['zrangestore t z 0 1 withscores', SYNTAX],
    ['zrangestore s z 0 0', 1],
    ['type s', '+zset'],
    ['zrangestore z z 1 2', 2],
    ['zrange z 0 -1', ['b', 'c']],
    ['zrangestore z none 0 -1', 0],
    ['exists z', 0],
  ]);
});

test('unions, intersections, differences, with sets among them', async (t) => {
  runTable(t, [
    ['zadd a 1 x 2 y 3 z', 3],
    ['zadd b 10 y 20 z 30 w', 3],
    ['sadd set z y q', 3],
    ['sadd ints 1 2', 2],
    ['set s text', '+OK'],
    ['zunion 2 a b withscores', ['x', '1', 'y', '12', 'z', '23', 'w', '30']],
    ['zunion 2 a b weights 2 0.5 withscores', ['x', '2', 'y', '9', 'w', '15', 'z', '16']],
    ['zunion 2 a b aggregate max withscores', ['x', '1', 'y', '10', 'z', '20', 'w', '30']],
    ['zinter 2 a b aggregate min', ['y', 'z']],
    ['zinter 3 a b set withscores', ['y', '13', 'z', '24']],
    ['zinter 2 a ints', []],
    ['zunion 2 ints none withscores', ['1', '1', '2', '1']],
    ['zdiff 2 a set withscores', ['x', '1']],
    ['zdiff 2 a a', []],
    ['zdiff 2 none a', []],
    ['zintercard 2 a b', 2],
    ['zintercard 2 a b limit 1', 1],
    ['zintercard 2 a none', 0],
    ['zunionstore t 2 a b', 4],
    ['zinterstore a 2 a b weights 1 -1', 2],
    ['zrange a 0 -1 withscores', ['z', '-17', 'y', '-8']],
    ['zdiffstore t 2 a b', 0],
    ['exists t', 0],
    ['zunion 0 a', "-ERR at least 1 input key is needed for 'zunion' command"],
    ['zinterstore t -1 a', "-ERR at least 1 input key is needed for 'zinterstore' command"],
    ['zunion x a', INTEGER],
    ['zunion 3 a b', SYNTAX],
    ['zunion 2 a s x', WRONG_TYPE],
    ['zunion 1 a weights x', '-ERR weight value is not a float'],
    ['zunion 2 a b weights 1', SYNTAX],
    ['zunion 1 a aggregate avg', SYNTAX],
    ['zdiff 1 a weights 1', SYNTAX],
    ['zunionstore t 1 a withscores', SYNTAX],
    ['zintercard 1 a limit -1', "-ERR LIMIT can't be negative"],
    ['zadd inf inf a', 1],
    ['zadd minus -inf a', 1],
    ['zunion 2 inf minus withscores', ['a', '0']],
    ['zunion 1 inf weights 0 withscores', ['a', '0']],
  ]);
});

test('-0: a listpack forgets the sign, a skiplist does not', async (t) => {
  const db = createTestDatabase();
  t.equal(db.run('zadd', 'z', 'incr', '-0', 'a'), '-0');
  t.equal(db.run('zscore', 'z', 'a'), '0');
  t.same(db.run('zunion', '1', 'z', 'weights', '-1', 'withscores'), ['a', '-0']);
  db.run('zunionstore', 't', '1', 'z', 'weights', '-1');
  t.equal(db.run('zscore', 't', 'a'), '0');
  db.run('zadd', 'z', '-0', 'x'.repeat(65));
  t.equal(db.run('zscore', 'z', 'x'.repeat(65)), '-0');
});

test('ZRANDMEMBER: as many as asked for, all of them members', async (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    for (let i = 0; i < 50; i++) db.run('zadd', 'z', String(i), `m${i}`);
    const list = (...args: string[]) => db.run('zrandmember', 'z', ...args) as string[];
    t.match(db.run('zrandmember', 'z'), /^m\d+$/);
    for (const count of [1, 10, 17, 49, 50, 60]) {
      const picked = list(String(count));
      t.equal(new Set(picked).size, Math.min(count, 50));
      t.equal(picked.length, Math.min(count, 50));
      t.equal(list(String(-count)).length, count);
    }
    const pairs = list('-20', 'withscores');
    t.ok(pairs.every((one, i) => i % 2 === 1 || pairs[i + 1] === one.slice(1)));
    const seen = new Set(Array.from({ length: 40 }, () => list('25')).flat());
    t.equal(seen.size, 50, 'every member comes');
    t.same(list('0'), []);
    t.same(db.run('zrandmember', 'none', '5'), []);
    t.equal(db.run('zrandmember', 'none'), null);
    t.equal(db.run('zrandmember', 'z', 'x'), INTEGER);
    t.equal(db.run('zrandmember', 'z', '1', 'foo'), SYNTAX);
    t.equal(
      db.run('zrandmember', 'z', '9223372036854775807', 'withscores'),
      '-ERR value is out of range',
    );
    db.audit();
  }
});

test('ZSCAN: every member once', async (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    const scores = new Map<string, string>();
    for (let i = 0; i < 500; i++) {
      db.run('zadd', 'z', String(i / 4), `m${i}`);
      scores.set(`m${i}`, String(i / 4));
    }
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, page] = db.run('zscan', 'z', cursor, 'count', '20') as [string, string[]];
      found.push(...page);
      cursor = next;
    } while (cursor !== '0');
    t.equal(found.length, 1000);
    for (let i = 0; i < found.length; i += 2) {
      if (scores.get(found[i]!) !== found[i + 1]) t.fail(`${found[i]}`);
    }
    t.same(db.run('zscan', 'none', '0', 'foo'), ['0', []]);
    t.equal(db.run('zscan', 'z', 'x'), '-ERR invalid cursor');
    t.equal(db.run('zscan', 'z', '0', 'foo'), SYNTAX);
    db.audit();
  }
});

test('hits and misses', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 64 });
  db.run('zadd', 'z', '1', 'a');
  db.run('set', 's', 'x');
  const commands: [string, number, number][] = [
    ['zscore z a', 1, 0],
    ['zscore none a', 0, 1],
    ['zscore s a', 1, 0],
    ['zrange z 0 -1', 1, 0],
    ['zunion 3 z none z', 2, 1],
    ['zunionstore t 2 z none', 1, 1],
    ['zrangestore t z 0 -1', 1, 0],
    ['zadd z 2 b', 0, 0],
    ['zrem z b', 0, 0],
    ['geopos none a', 0, 1],
    ['geosearch z fromlonlat 1 1 byradius 1 m', 1, 0],
  ];
  for (const [command, hits, misses] of commands) {
    const before: Plain[] = [db.stat('hits'), db.stat('misses')];
    db.run(...command.split(' '));
    const after = [db.stat('hits') - Number(before[0]), db.stat('misses') - Number(before[1])];
    t.same(after, [hits, misses], command);
  }
});
