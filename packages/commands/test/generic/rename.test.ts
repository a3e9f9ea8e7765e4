// RENAME, COPY and MOVE: expiries, encodings, databases, values that change their form.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const NO_KEY = '-ERR no such key';
const SAME = '-ERR source and destination objects are the same';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const NOT_INT32 = '-ERR value is out of range, value must between -2147483648 and 2147483647';
const DB_INDEX = '-ERR DB index is out of range';
const LONG = 'x'.repeat(100);

test('RENAME', async (t) => {
  runTable(t, [
    ['rename a b', NO_KEY],
    ['rename a a', NO_KEY],
    [['set', 'a', LONG, 'ex', '100'], '+OK'],
    ['rename a a', '+OK'],
    ['rename a b', '+OK'],
    ['exists a', 0],
    ['get b', LONG],
    ['ttl b', 100],
    ['set c 1 ex 50', '+OK'],
    ['rename c b', '+OK'],
    ['get b', '1'],
    ['ttl b', 50],
    ['set d 2', '+OK'],
    ['rename d b', '+OK'],
    ['ttl b', -1],
    [['set', 'e', LONG], '+OK'],
    [['set', 'f', LONG.toUpperCase()], '+OK'],
    ['rename e f', '+OK'],
    ['get f', LONG],
    ['dbsize', 2],
    ['rename a', "-ERR wrong number of arguments for 'rename' command"],
  ]);
});

test('RENAMENX', async (t) => {
  runTable(t, [
    ['renamenx a b', NO_KEY],
    ['renamenx a a', NO_KEY],
    ['set a 1 ex 100', '+OK'],
    ['renamenx a a', 0],
    ['renamenx a b', 1],
    ['ttl b', 100],
    ['set a 2', '+OK'],
    ['renamenx a b', 0],
    ['mget a b', ['2', '1']],
    ['pexpire b 10', 1],
    (db) => {
      db.nowMs += 10;
    },
    ['renamenx a b', 1],
    ['get b', '2'],
    ['ttl b', -1],
  ]);
});

test('COPY', async (t) => {
  runTable(t, [
    ['copy a b', 0],
    ['copy a a', SAME],
    [['set', 'a', LONG, 'ex', '100'], '+OK'],
    ['copy a a', SAME],
    ['copy a b', 1],
    ['mget a b', [LONG, LONG]],
    ['ttl b', 100],
    ['set c 1', '+OK'],
    ['copy c b', 0],
    ['copy c b REPLACE', 1],
    ['get b', '1'],
    ['ttl b', -1],
    ['copy a b db 3 replace', 1],
    ['get b', '1'],
    (db) => {
      db.db = 3;
    },
    ['get b', LONG],
    ['ttl b', 100],
    ['copy b b db 3', SAME],
    ['copy b b db 0', 0],
    ['copy b b db 0 replace', 1],
    (db) => {
      db.db = 0;
    },
    ['get b', LONG],
    ['copy a x db', '-ERR syntax error'],
    ['copy a x foo', '-ERR syntax error'],
    ['copy a x db abc', NOT_INTEGER],
    ['copy a x db 16', DB_INDEX],
    ['copy a x db -1', DB_INDEX],
    ['copy a x db 2147483648', NOT_INT32],
    ['copy a x replace db 1 replace db 0', 1],
    ['copy a', "-ERR wrong number of arguments for 'copy' command"],
  ]);
});

test('a copy is a copy', async (t) => {
  runTable(t, [
    [['set', 'a', LONG], '+OK'],
    ['copy a b', 1],
    ['append a end', 103],
    ['get b', LONG],
    ['setrange b 0 start', 100],
    ['get a', `${LONG}end`],
  ]);
});

test('MOVE', async (t) => {
  runTable(t, [
    ['move a 1', 0],
    ['move a 0', SAME],
    [['set', 'a', LONG, 'ex', '100'], '+OK'],
    ['move a 1', 1],
    ['exists a', 0],
    ['set a other', '+OK'],
    ['move a 1', 0],
    ['get a', 'other'],
    ['move a abc', NOT_INTEGER],
    ['move a 16', DB_INDEX],
    ['move a -1', DB_INDEX],
    ['move a 9999999999', NOT_INT32],
    ['move a', "-ERR wrong number of arguments for 'move' command"],
    (db) => {
      db.db = 1;
    },
    ['get a', LONG],
    ['ttl a', 100],
    ['dbsize', 1],
  ]);
});

test('values of every type travel with type and encoding', async (t) => {
  for (const hotValueMaxBytes of [1000, 20]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    for (const type of [1, 2, 3, 4, 5, 6]) {
      const value = Buffer.alloc(50, type);
      const seen = () => {
        const line = db
          .dump()
          .split('\n')
          .find((text) => text.includes(` to ${value.toString()}`));
        return line?.split(/[, ]/);
      };
      db.plant('from', type, value, 3);
      db.run('pexpire', 'from', 5000);
      t.equal(db.run('copy', 'from', 'to'), 1);
      t.equal(seen()?.[2], String(type));
      t.equal((Number(seen()?.[3]) >>> 8) & 3, 3, 'encoding');
      t.equal(db.run('pttl', 'to'), 5000);
      t.equal(db.run('rename', 'from', 'to'), '+OK');
      t.equal(seen()?.[2], String(type));
      t.equal((Number(seen()?.[3]) >>> 8) & 3, 3, 'encoding');
      t.equal(db.run('move', 'to', type), 1);
      t.ok(seen());
      t.equal(db.run('dbsize'), 0);
      db.audit();
    }
  }
});

test('RENAME of a large value does not copy it', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 20 });
  db.run('set', 'a', LONG);
  const puts = db.largePuts;
  db.run('rename', 'a', 'b');
  t.equal(db.largePuts, puts + 1);
  t.equal(db.largeCount, 1);
  db.run('append', 'b', 'end');
  t.equal(db.run('get', 'b'), `${LONG}end`);
  db.audit();
});

test('COPY, RENAME and MOVE are all or nothing when the pool is full', async (t) => {
  const db = createTestDatabase({ poolBytes: 2 * 1024 * 1024 });
  const value = 'v'.repeat(9000);
  let count = 0;
  // One shard, so that no begun page of another one has room left.
  while (db.run('set', `{t}${count}`, value) === '+OK') count++;
  t.ok(count > 20);
  const before = db.dump().replace(/stats .*/g, '');
  for (const command of ['copy {t}0 {t}new', 'rename {t}0 {t}new', 'move {t}0 1']) {
    t.match(db.run(...command.split(' ')), /^-OOM/, command);
    t.ok(db.dump().replace(/stats .*/g, '') === before, command);
  }
  t.equal(db.run('rename', '{t}0', '{t}1'), '+OK');
  t.ok(db.run('get', '{t}1') === value);
  db.audit();
});
