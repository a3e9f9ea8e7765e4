// SADD, SREM, SCARD, SISMEMBER, SMISMEMBER, SMEMBERS, SMOVE and SSCAN, row by row.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runSetTable } from './set-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const ARITY = (name: string) => `-ERR wrong number of arguments for '${name}' command`;
const NOT_INTEGER = '-ERR value is not an integer or out of range';

test('SADD and what reads members', async (t) => {
  runSetTable(t, [
    ['sadd s a', 1],
    ['sadd s a', 0],
    ['sadd s b a c b', 2],
    ['scard s', 3],
    ['smembers s', ['a', 'b', 'c']],
    ['sadd n 1 2 3 2 -5', 4],
    ['sadd n 3', 0],
    ['smembers n', ['-5', '1', '2', '3']],
    ['sadd n x 9223372036854775807 -9223372036854775808', 3],
    ['scard n', 7],
    ['sismember n -9223372036854775808', 1],
    ['sismember n 9223372036854775807', 1],
    ['sismember n 9223372036854775806', 0],
    ['sismember n 01', 0],
    ['sismember n x', 1],
    ['sismember s a', 1],
    ['sismember s A', 0],
    ['sismember none a', 0],
    ['smismember s a x b', [1, 0, 1]],
    ['smismember none a x', [0, 0]],
    ['scard none', 0],
    ['smembers none', []],
    ['sadd e ""', 1],
    ['smembers e', ['']],
    ['sismember e ""', 1],
    ['sadd m 1', 1],
    ['sadd m 70000', 1],
    ['sadd m 5000000000 -5000000000', 2],
    ['sadd m 70000 1', 0],
    ['smembers m', ['-5000000000', '1', '5000000000', '70000']],
    ['type s', '+set'],
  ]);
  runSetTable(
    t,
    [
      ['sadd s a b', 2],
      ['smembers s', ['a', 'b']],
      ['smembers none', []],
      ['smismember s a', [1]],
    ],
    true,
  );
});

test('SREM', async (t) => {
  runSetTable(t, [
    ['srem none a', 0],
    ['sadd s a b c', 3],
    ['srem s x', 0],
    ['srem s a a b x', 2],
    ['smembers s', ['c']],
    ['srem s c a', 1],
    ['exists s', 0],
    ['sadd n 1 100000 -3', 3],
    ['srem n 100000 x 2', 1],
    ['smembers n', ['-3', '1']],
    ['srem n 1 -3', 2],
    ['exists n', 0],
  ]);
});

test('SMOVE', async (t) => {
  runSetTable(t, [
    ['smove none s a', 0],
    ['sadd a 1 2 x', 3],
    ['smove a b 1', 1],
    ['smove a b 7', 0],
    ['smembers b', ['1']],
    ['smove a b x', 1],
    ['sadd a 1', 1],
    ['smove a b 1', 1],
    ['smembers a', ['2']],
    ['smembers b', ['1', 'x']],
    ['smove b b x', 1],
    ['smove b b y', 0],
    ['smove a b 2', 1],
    ['exists a', 0],
    ['smembers b', ['1', '2', 'x']],
    ['set str v', '+OK'],
    ['smove str b 1', WRONG],
    ['smove b str 1', WRONG],
    ['smove b str none', WRONG],
    ['smove none str 1', 0],
    ['smove a b', ARITY('smove')],
  ]);
});

test('wrong types and numbers of arguments', async (t) => {
  runSetTable(t, [
    ['set s v', '+OK'],
    ['sadd s a', WRONG],
    ['srem s a', WRONG],
    ['scard s', WRONG],
    ['smembers s', WRONG],
    ['sismember s a', WRONG],
    ['smismember s a', WRONG],
    ['sscan s 0', WRONG],
    ['sadd s', ARITY('sadd')],
    ['srem s', ARITY('srem')],
    ['scard', ARITY('scard')],
    ['smembers s s', ARITY('smembers')],
    ['sismember s', ARITY('sismember')],
    ['smismember s', ARITY('smismember')],
    ['sscan s', ARITY('sscan')],
    ['get s', 'v'],
  ]);
});

test('SSCAN: options, in the order of their checks', async (t) => {
  runSetTable(t, [
    ['sscan none 0', ['0', []]],
    ['sscan none x', '-ERR invalid cursor'],
    // Redis: a missing key is answered before the options are read.
    ['sscan none 0 foo', ['0', []]],
    ['sadd s a1 a2 b1', 3],
    ['sscan s x', '-ERR invalid cursor'],
    ['sscan s 0 foo', '-ERR syntax error'],
    ['sscan s 0 count', '-ERR syntax error'],
    ['sscan s 0 count 0', '-ERR syntax error'],
    ['sscan s 0 count x', NOT_INTEGER],
    ['sscan s 0 novalues', '-ERR syntax error'],
    ['sscan s 0 type set', '-ERR syntax error'],
    ['sscan s 0', ['0', ['a1', 'a2', 'b1']]],
    ['sscan s 0 match a*', ['0', ['a1', 'a2']]],
    ['sscan s 0 match a* count 100', ['0', ['a1', 'a2']]],
    ['sscan s 0 count 100 match *', ['0', ['a1', 'a2', 'b1']]],
    ['sadd n 10 20 11', 3],
    ['sscan n 0 match 1?', ['0', ['10', '11']]],
  ]);
});

test('a long walk returns every member that stays, over growth and conversion', async (t) => {
  const db = createTestDatabase({ databases: 1 });
  const stays = Array.from({ length: 300 }, (_, i) => `stay:${i}`);
  db.run('sadd', 's', ...stays);
  const seen = new Map<string, number>();
  let cursor = '0';
  let pages = 0;
  do {
    const [next, members] = db.run('sscan', 's', cursor, 'count', '7') as [string, string[]];
    for (const member of members) seen.set(member, (seen.get(member) ?? 0) + 1);
    cursor = next;
    pages++;
    for (let i = 0; i < 40; i++) db.run('sadd', 's', `new:${pages}:${i}`);
    if (pages > 20) for (let i = 0; i < 40; i++) db.run('srem', 's', `new:${pages - 15}:${i}`);
  } while (cursor !== '0');
  for (const member of stays) if (seen.get(member) !== 1) t.fail(`${member} seen once`);
  t.ok(pages > 20, `${pages} pages`);
  db.audit();
});

test('hits and misses', async (t) => {
  const db = createTestDatabase({ databases: 1 });
  db.run('sadd', 's', 'a');
  db.run('set', 'str', 'v');
  const reads: readonly (readonly [string[], hits: number, misses: number])[] = [
    [['sadd', 's', 'a'], 0, 0],
    [['srem', 's', 'x'], 0, 0],
    [['scard', 's'], 1, 0],
    [['scard', 'none'], 0, 1],
    [['scard', 'str'], 1, 0],
    [['smembers', 's'], 1, 0],
    [['sismember', 'none', 'a'], 0, 1],
    [['smismember', 's', 'a'], 1, 0],
    [['sscan', 's', '0'], 1, 0],
    [['srandmember', 's'], 1, 0],
    [['srandmember', 'none', '3'], 0, 1],
    [['sinter', 's', 'none', 's'], 2, 1],
    [['sunion', 'none', 'str', 's'], 1, 1],
    [['sdiffstore', 'to', 's', 'none'], 1, 1],
    [['sintercard', '2', 's', 's'], 2, 0],
  ];
  for (const [command, hits, misses] of reads) {
    const before = [db.stat('hits'), db.stat('misses')] as const;
    db.run(...command);
    t.equal(db.stat('hits') - before[0], hits, `${command.join(' ')}: hits`);
    t.equal(db.stat('misses') - before[1], misses, `${command.join(' ')}: misses`);
  }
});
