// Reading by type, CONFIG GET, and the way to other threads.

import { test } from 'tap';
import { Config } from '../src/config.ts';

test('defaults by type', async (t) => {
  const { config, warnings } = Config.load();
  t.same(warnings, []);
  t.equal(config.integer('port'), 6379);
  t.equal(config.integer('databases'), 16);
  t.equal(config.integer('maxclients'), 10000);
  t.equal(config.integer('memtable-size-mb'), 512);
  t.equal(config.integer('hot-value-max-bytes'), 16384);
  t.equal(config.integer('unixsocketperm'), 0);
  t.equal(config.bytes('proto-max-bulk-len'), 512 * 1024 * 1024);
  t.equal(config.bytes('client-query-buffer-limit'), 1024 * 1024 * 1024);
  t.equal(config.boolean('protected-mode'), true);
  t.equal(config.boolean('debug-force-hop'), false);
  t.equal(config.text('dir'), './data');
  t.equal(config.text('requirepass'), '');
  t.equal(config.word('loglevel'), 'notice');
  t.same(config.list('bind'), ['127.0.0.1', '-::1']);
  t.same(config.lines('user'), []);
  t.same(config.share('maxmemory-clients'), { unit: 'bytes', amount: 0 });
  config.set([['maxmemory-clients', '5%']]);
  t.same(config.share('maxmemory-clients'), { unit: 'percent', amount: 5 });
});

test('CONFIG GET formats as Redis does', async (t) => {
  const { config } = Config.load({ text: 'unixsocketperm 700\nmaxmemory-clients 5%' });
  const expected = {
    save: '3600 1 300 100 60 10000',
    bind: '127.0.0.1 -::1',
    'protected-mode': 'yes',
    daemonize: 'no',
    'repl-backlog-size': '1048576',
    'maxmemory-clients': '5%',
    unixsocketperm: '700',
    replicaof: '',
    appendfsync: 'everysec',
    'wal-sync-mode': 'EverySecond',
    'client-output-buffer-limit':
      'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
  };
  for (const [name, value] of Object.entries(expected)) {
    t.same(config.get([name]), [[name, value]]);
  }
});

test('CONFIG GET matches names', async (t) => {
  const { config } = Config.load();
  const names = (...patterns: string[]): string[] => config.get(patterns).map(([name]) => name);
  t.same(names('PORT', 'Port', 'por[t]'), ['PORT'], 'once, under the spelling asked by first');
  t.same(names('memtable*'), ['memtable-size-mb']);
  t.same(names('MEMTABLE_*'), ['memtable-size-mb']);
  t.same(names('memtable_size_mb'), ['memtable_size_mb']);
  t.same(names('server-cpulis?'), ['server_cpulist']);
  t.same(names('*-read-only'), ['replica-read-only', 'slave-read-only'], 'aliases are names too');
  t.same(names('hz', 'port', 'hz'), ['hz', 'port']);
  t.same(names('nosuch', '__proto__', 'constructor', '', '\\port'), []);
  t.same(names('user', 'include', 'rename-comman?'), [], 'lines are no values');
  t.same(names('*'.repeat(2_000)), []);
  t.same(config.get([]), []);
  t.same(config.get([Buffer.from('por?'), Buffer.of(0xff, 0x2a)]), [['port', '6379']]);
});

test('a hidden directive answers to its exact name only', async (t) => {
  const { config } = Config.load();
  t.same(config.get(['debug-force-hop']), [['debug-force-hop', 'no']]);
  t.same(config.get(['debug-force*']), []);
  const all = config.get(['*']).map(([name]) => name);
  t.notOk(all.includes('debug-force-hop'));
  t.ok(all.length > 200);
  t.equal(new Set(all).size, all.length);
});

test('another thread gets the same configuration', async (t) => {
  const { config } = Config.load({ text: 'port 7000\nuser a on\nsave 1 1' });
  const there = Config.fromTransfer(structuredClone(config.toTransfer()));
  t.same(there.toTransfer(), config.toTransfer());
  config.set([['hz', '50']]);
  t.equal(there.integer('hz'), 10, 'it is a copy');
  there.adopt(config.toTransfer());
  t.equal(there.integer('hz'), 50);
  t.throws(() => Config.fromTransfer([['nosuch', 1]]), /no directive nosuch/);
});

test('a set can be taken back', async (t) => {
  const { config } = Config.load();
  const before = config.toTransfer();
  config.set([
    ['port', '7000'],
    ['client-output-buffer-limit', 'normal 1 2 3'],
  ]);
  config.adopt(before);
  t.same(config.toTransfer(), before);
  t.equal(config.integer('port'), 6379);
});
