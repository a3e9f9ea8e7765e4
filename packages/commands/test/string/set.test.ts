// SET, SETEX, PSETEX and SETNX: every option, their conflicts, and expiries.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const SYNTAX = '-ERR syntax error';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const invalid = (name: string) => `-ERR invalid expire time in '${name}' command`;
const LONG = 'x'.repeat(100);

test('SET stores whatever the key held before', async (t) => {
  runTable(t, [
    ['set a 1', '+OK'],
    ['get a', '1'],
    [['set', 'a', LONG], '+OK'],
    ['get a', LONG],
    ['set a ""', '+OK'],
    ['get a', ''],
    [['set', '', 'empty key'], '+OK'],
    [['get', ''], 'empty key'],
    [['set', 'b', Buffer.from([0, 255, 13, 10])], '+OK'],
    ['get b', '\0\xff\r\n'],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['get l', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['set l now-a-string', '+OK'],
    ['get l', 'now-a-string'],
    ['type l', '+string'],
  ]);
});

test('SET NX and XX', async (t) => {
  runTable(t, [
    ['set a 1 xx', null],
    ['exists a', 0],
    ['set a 1 NX', '+OK'],
    ['set a 2 nx', null],
    ['get a', '1'],
    ['set a 3 Xx', '+OK'],
    ['get a', '3'],
    ['set a 4 nx xx', SYNTAX],
    ['set a 4 xx nx', SYNTAX],
    ['set a 4 nx nx', null],
    ['get a', '3'],
  ]);
});

test('SET GET replies the old value, stored or not', async (t) => {
  runTable(t, [
    ['set a 1 get', null],
    [['set', 'a', LONG, 'get'], '1'],
    ['set a 3 get nx', LONG],
    ['get a', LONG],
    ['set a 4 get xx', LONG],
    ['set b 1 xx get', null],
    ['exists b', 0],
    ['set b 1 nx get', null],
    ['get b', '1'],
    (db) => db.plant('l', 2, Buffer.from(LONG)),
    ['set l x get', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['type l', '+list'],
  ]);
});

test('SET with an expiry', async (t) => {
  runTable(t, [
    ['set a 1 ex 100', '+OK'],
    ['pttl a', 100_000],
    ['set a 1 px 1500', '+OK'],
    ['pttl a', 1500],
    ['set a 1 exat 4102444800', '+OK'],
    ['pexpiretime a', 4102444800000],
    ['set a 1 PXAT 4102444800001', '+OK'],
    ['pexpiretime a', 4102444800001],
    ['set a 2 keepttl', '+OK'],
    ['pexpiretime a', 4102444800001],
    ['set a 2', '+OK'],
    ['ttl a', -1],
    ['set a 2 ex 10 ex 20', '+OK'],
    ['ttl a', 20],
    ['set a 1 ex 10', '+OK'],
    (db) => {
      db.nowMs += 9999;
    },
    ['get a', '1'],
    (db) => {
      db.nowMs += 1;
    },
    ['get a', null],
    ['dbsize', 0],
    ['set a 1 pxat 1', '+OK'],
    ['get a', null],
  ]);
});

test('SET refuses wrong options and times', async (t) => {
  runTable(t, [
    ['set a', "-ERR wrong number of arguments for 'set' command"],
    ['set a 1 foo', SYNTAX],
    ['set a 1 ""', SYNTAX],
    ['set a 1 ex', SYNTAX],
    ['set a 1 ex 10 px 10', SYNTAX],
    ['set a 1 ex 10 keepttl', SYNTAX],
    ['set a 1 keepttl ex 10', SYNTAX],
    ['set a 1 persist', SYNTAX],
    ['set a 1 ex abc', NOT_INTEGER],
    ['set a 1 ex 1.5', NOT_INTEGER],
    ['set a 1 ex 9223372036854775808', NOT_INTEGER],
    ['set a 1 ex 0', invalid('set')],
    ['set a 1 px -1', invalid('set')],
    ['set a 1 exat 0', invalid('set')],
    ['set a 1 ex 9223372036854775807', invalid('set')],
    ['set a 1 ex 9223372036854775', invalid('set')],
    ['set a 1 px 9223372036854775807', invalid('set')],
    ['exists a', 0],
    ['set a 1 exat 9223372036854775', '+OK'],
    ['pexpiretime a', 9223372036854775000n],
    ['set a 1 pxat 9223372036854775807', '+OK'],
    ['pexpiretime a', 9223372036854775807n],
  ]);
});

test('SETNX, SETEX, PSETEX, GETSET', async (t) => {
  runTable(t, [
    ['setnx a 1', 1],
    ['setnx a 2', 0],
    ['get a', '1'],
    ['setex a 100 2', '+OK'],
    ['ttl a', 100],
    ['psetex a 1234 3', '+OK'],
    ['pttl a', 1234],
    ['getset a 4', '3'],
    ['ttl a', -1],
    [['getset', 'new', LONG], null],
    ['getset new 5', LONG],
    ['setex a 0 x', invalid('setex')],
    ['setex a -5 x', invalid('setex')],
    ['psetex a 0 x', invalid('psetex')],
    ['setex a abc x', NOT_INTEGER],
    ['get a', '4'],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['getset l x', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['setnx l x', 0],
    ['psetex l 1000 x', '+OK'],
    ['get l', 'x'],
  ]);
});

test('a string that is too long is refused', async (t) => {
  const db = createTestDatabase({ maxStringBytes: 10 });
  t.equal(
    db.run('set', 'a', '01234567890'),
    '-ERR string exceeds maximum allowed size (proto-max-bulk-len)',
  );
  t.equal(db.run('set', 'a', '0123456789'), '+OK');
});

test('large values come and go with what is stored', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 16 });
  db.run('set', 'a', 'x'.repeat(17));
  t.equal(db.largeCount, 1);
  db.run('set', 'a', 'x'.repeat(1000));
  t.equal(db.largeCount, 1);
  t.equal(db.run('get', 'a'), 'x'.repeat(1000));
  db.run('set', 'a', 'x'.repeat(16));
  t.equal(db.largeCount, 0);
  t.equal(db.run('get', 'a'), 'x'.repeat(16));
  db.run('set', 'a', 'x'.repeat(17), 'px', 5);
  db.nowMs += 5;
  t.equal(db.run('get', 'a'), null);
  t.equal(db.largeCount, 0);
  db.audit();
});
