// OBJECT: encodings through every way a string is made, idle times, help.

import assert from 'node:assert/strict';
import { test } from 'tap';
import { configureEviction } from '../../src/index.ts';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

test('OBJECT ENCODING', async (t) => {
  const encoded = (value: string, encoding: string) =>
    [
      [['set', 'a', value], '+OK'],
      ['object encoding a', encoding],
      ['copy a b replace', 1],
      ['object encoding b', encoding],
    ] as const;
  runTable(t, [
    ['object encoding a', null],
    ...encoded('1', 'int'),
    ...encoded('-9223372036854775808', 'int'),
    ...encoded('9223372036854775807', 'int'),
    ...encoded('9223372036854775808', 'embstr'),
    ...encoded('01', 'embstr'),
    ...encoded('', 'embstr'),
    ...encoded('x'.repeat(44), 'embstr'),
    ...encoded('x'.repeat(45), 'raw'),
    ...encoded('1'.repeat(45), 'raw'),
    ['set a 12', '+OK'],
    ['append a 3', 3],
    ['object encoding a', 'raw'],
    ['copy a b replace', 1],
    ['object encoding b', 'raw'],
    ['rename b c', '+OK'],
    ['object encoding c', 'raw'],
    ['setrange new 0 123', 3],
    ['object encoding new', 'raw'],
    ['getset new 123', '123'],
    ['object encoding new', 'int'],
    ['incrbyfloat new 1', '124'],
    ['object encoding new', 'embstr'],
    ['mset a 1 c 1', '+OK'],
    ['object encoding c', 'int'],
    (db) => {
      for (const type of [2, 3, 4, 5, 6]) db.plant(`t${type}`, type, Buffer.from('abcd'));
    },
    ...[2, 3, 4, 5].map((type) => [`object encoding t${type}`, 'listpack'] as const),
    ['object encoding t6', 'stream'],
  ]);
});

test('OBJECT REFCOUNT, FREQ and HELP', async (t) => {
  runTable(t, [
    ['object refcount a', null],
    ['object freq a', null],
    ['set a 5', '+OK'],
    ['object refcount a', 1],
    [
      'object freq a',
      '-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note ' +
        'that when switching between policies at runtime LRU and LFU data will take some time ' +
        'to adjust.',
    ],
    ['object foo', "-ERR unknown subcommand 'foo'. Try OBJECT HELP."],
    ['object', "-ERR wrong number of arguments for 'object' command"],
    ['object encoding', "-ERR wrong number of arguments for 'object|encoding' command"],
    ['object idletime a b', "-ERR wrong number of arguments for 'object|idletime' command"],
    ['object help a', "-ERR wrong number of arguments for 'object|help' command"],
  ]);
  const help = createTestDatabase().run('object', 'help') as string[];
  t.match(help[0], /^\+OBJECT <subcommand>/);
  t.ok(help.includes('+ENCODING key'));
  t.ok(help.some((line) => line.startsWith('+    ')));
});

test('OBJECT FREQ under an LFU policy', async (t) => {
  const db = createTestDatabase();
  const configure = (policy: string): void => {
    for (const { config, table } of [db.front, db.worker]) {
      config.set([
        ['maxmemory-policy', policy],
        ['lfu-log-factor', '0'],
      ]);
      configureEviction(table, config);
    }
  };
  const freq = (key: string) => db.run('object', 'freq', key);
  db.nowMs = db.table.arena.epochMs + 600_000;
  db.run('set', 'old', '1');
  configure('allkeys-lfu');
  t.equal(freq('none'), null);
  t.equal(freq('old'), 5, 'what was not counted counts as new');
  db.run('set', 'a', '1');
  t.equal(freq('a'), 5);
  for (let i = 0; i < 10; i++) db.run('get', 'a');
  t.equal(freq('a'), 15, 'with a factor of 0 every access counts');
  for (let i = 0; i < 300; i++) db.run('touch', 'a');
  t.equal(freq('a'), 255);
  db.nowMs += 60_000;
  t.equal(freq('a'), 254, 'one less for each minute');
  db.nowMs += 300 * 60_000;
  t.equal(freq('a'), 0);
  db.run('get', 'a');
  t.equal(freq('a'), 1);
  t.equal(
    db.run('object', 'idletime', 'a'),
    '-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when ' +
      'switching between policies at runtime LRU and LFU data will take some time to adjust.',
  );
  const dumped = db.reply('dump', 'a');
  assert.ok(dumped.kind === 'bulk');
  const payload = Buffer.from(dumped.bytes);
  db.run('restore', 'b', '0', payload, 'freq', '77');
  t.equal(freq('b'), 77);
  db.run('restore', 'c', '0', payload, 'idletime', '1000');
  t.equal(freq('c'), 5);

  configure('allkeys-lru');
  db.nowMs += 5000;
  t.match(freq('b'), /^-ERR An LFU maxmemory policy is not selected/);
  db.run('restore', 'd', '0', payload, 'freq', '77');
  t.equal(db.run('object', 'idletime', 'd'), 0);
  db.run('get', 'b');
  t.equal(db.run('object', 'idletime', 'b'), 0);
});

test('OBJECT IDLETIME: what counts as use', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 50 });
  db.nowMs += 1_000_000;
  db.run('set', 'a', '1');
  db.run('set', 'large', 'x'.repeat(100));
  const idle = (key: string) => db.run('object', 'idletime', key);
  t.equal(idle('a'), 0);
  t.equal(idle('large'), 0);
  t.equal(idle('none'), null);
  db.nowMs += 12_000;
  const asks = ['exists a', 'type a', 'ttl a', 'pexpiretime a', 'object encoding a', 'keys *'];
  for (const command of [...asks, 'scan 0']) db.run(...command.split(' '));
  t.equal(idle('a'), 12);
  for (const command of ['get a', 'touch a', 'strlen a', 'incr a', 'expire a 100', 'mget a x']) {
    db.run(...command.split(' '));
    t.equal(idle('a'), 0, command);
    db.nowMs += 3000;
    t.equal(idle('a'), 3);
  }
  db.run('rename', 'large', 'renamed');
  t.equal(idle('renamed'), 0);
  db.nowMs += 2000;
  db.run('copy', 'a', 'b');
  t.equal(idle('a'), 0);
  t.equal(idle('b'), 0);
  // A clock that goes back makes nothing negative.
  db.nowMs -= 60_000;
  t.equal(idle('b'), 0);
});
