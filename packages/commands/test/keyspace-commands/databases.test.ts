// DBSIZE, FLUSHDB, FLUSHALL and SWAPDB over several databases.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const SYNTAX = '-ERR syntax error';
const useDatabase = (index: number) => (db: { db: number }) => {
  db.db = index;
};

test('DBSIZE', async (t) => {
  runTable(t, [
    ['dbsize', 0],
    ['mset a 1 b 2 c 3', '+OK'],
    ['dbsize', 3],
    ['del a', 1],
    ['dbsize', 2],
    useDatabase(1),
    ['dbsize', 0],
    ['dbsize x', "-ERR wrong number of arguments for 'dbsize' command"],
  ]);
});

test('FLUSHDB and FLUSHALL', async (t) => {
  for (const how of ['', ' async', ' SYNC']) {
    runTable(t, [
      ['mset a 1 b 2', '+OK'],
      useDatabase(1),
      ['mset a 3 b 4', '+OK'],
      ['expire a 100', 1],
      [`flushdb${how}`, '+OK'],
      ['dbsize', 0],
      ['get a', null],
      ['keys *', []],
      ['scan 0', ['0', []]],
      ['randomkey', null],
      ['set a 5', '+OK'],
      ['ttl a', -1],
      useDatabase(0),
      ['mget a b', ['1', '2']],
      [`flushall${how}`, '+OK'],
      ['dbsize', 0],
      useDatabase(1),
      ['dbsize', 0],
    ]);
  }
  runTable(t, [
    ['set a 1', '+OK'],
    ['flushdb foo', SYNTAX],
    ['flushall ""', SYNTAX],
    ['flushall sync async', SYNTAX],
    ['flushdb async x', SYNTAX],
    ['get a', '1'],
  ]);
});

test('SWAPDB', async (t) => {
  runTable(t, [
    ['mset a 0 b 0', '+OK'],
    ['expire a 100', 1],
    useDatabase(3),
    ['set a 3', '+OK'],
    ['swapdb 0 3', '+OK'],
    ['mget a b', ['0', '0']],
    ['ttl a', 100],
    ['dbsize', 2],
    useDatabase(0),
    ['mget a b', ['3', null]],
    ['dbsize', 1],
    ['swapdb 0 0', '+OK'],
    ['get a', '3'],
    ['swapdb a 0', '-ERR invalid first DB index'],
    ['swapdb 0 b', '-ERR invalid second DB index'],
    ['swapdb 2147483648 0', '-ERR invalid first DB index'],
    ['swapdb 0 16', '-ERR DB index is out of range'],
    ['swapdb -1 0', '-ERR DB index is out of range'],
    ['swapdb 0', "-ERR wrong number of arguments for 'swapdb' command"],
  ]);
});

test('a flush counts as changes', async (t) => {
  const db = createTestDatabase();
  db.run('mset', 'a', '1', 'b', '2');
  const before = db.stat('changes');
  db.run('flushall');
  t.equal(db.stat('changes') - before, 3);
  db.audit();
});
