// From lines to values: what overrides, what adds up, what warns, what stops the start.

import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { Config } from '../src/config.ts';
import { ConfigError } from '../src/config-error.ts';

const STOCK = '/etc/redis/redis.conf';

/** The active directives of Debian's redis.conf, in its order, with lines of ours between. */
const STOCK_STRUCTURE = `
# network
bind 127.0.0.1 -::1
protected-mode yes
port 6379
tcp-backlog 511
timeout 0
tcp-keepalive 300

# general
daemonize yes
pidfile /run/redis/redis-server.pid
loglevel notice
logfile /var/log/redis/redis-server.log
databases 16
always-show-logo no
set-proc-title yes
proc-title-template "{title} {listen-addr} {server-mode}"

# snapshots and replication
# save 3600 1 300 100 60 10000
stop-writes-on-bgsave-error yes
rdbcompression yes
dbfilename dump.rdb
dir /var/lib/redis
slave-serve-stale-data yes
repl-diskless-load disabled

# data and log
oom-score-adj-values 0 200 800
appendfilename "appendonly.aof"
appendfsync everysec
auto-aof-rewrite-min-size 64mb
notify-keyspace-events ""
hash-max-listpack-entries 512
list-max-listpack-size -2

client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes
jemalloc-bg-thread yes
lua-time-limit 5000
`;

test('a redis.conf with the structure of the stock file', async (t) => {
  const { config, warnings } = Config.load({ text: STOCK_STRUCTURE });
  t.equal(config.text('dir'), '/var/lib/redis');
  t.equal(config.text('logfile'), '/var/log/redis/redis-server.log');
  t.match(warnings[0], { file: '(text)', line: 11, name: 'daemonize', reason: /foreground/ });
  const warned = warnings.map(({ name }) => name);
  t.ok(warned.includes('slave-serve-stale-data'), 'under the name it was written');
  for (const name of ['port', 'dir', 'client-output-buffer-limit', 'appendfsync']) {
    t.notOk(warned.includes(name));
  }
});

const skip = whyUnreadable(STOCK);
if (skip !== false) process.stderr.write(`SKIPPED: the test of the stock file: ${skip}\n`);

test('the unmodified file of this machine', { skip }, async (t) => {
  const { config, warnings } = Config.load({ file: STOCK });
  t.equal(config.integer('port'), 6379);
  t.same(config.list('bind'), ['127.0.0.1', '-::1']);
  t.ok(warnings.every(({ file, line }) => file === STOCK && line > 0));
});

test('later lines win, lists follow their rules', async (t) => {
  const text = `
    port 1
    port 2
    bind 10.0.0.1
    bind 10.0.0.2 10.0.0.3
    save 900 1
    save 60 2
    client-output-buffer-limit normal 1mb 0 0
    client-output-buffer-limit replica 2mb 0 0
    user alice on
    user bob off ~*
    rename-command FLUSHALL ""
    wal_sync_mode always
    unixsocketperm 770
    hz 0
  `;
  const { config } = Config.load({ text });
  t.equal(config.integer('port'), 2);
  t.same(config.list('bind'), ['10.0.0.2', '10.0.0.3']);
  t.same(config.list('save'), ['900', '1', '60', '2']);
  t.equal(config.outputBufferLimits().normal.hardBytes, 1048576);
  t.equal(config.outputBufferLimits().replica.hardBytes, 2097152);
  t.equal(config.outputBufferLimits().pubsub.hardBytes, 33554432);
  t.same(config.lines('user'), [
    ['alice', 'on'],
    ['bob', 'off', '~*'],
  ]);
  t.same(config.lines('rename-command'), [['FLUSHALL', '']]);
  t.equal(config.word('wal-sync-mode'), 'Always');
  t.equal(config.integer('unixsocketperm'), 0o770);
  t.equal(config.integer('hz'), 1);
});

test('a list may be one quoted argument', async (t) => {
  const { config } = Config.load({ text: 'save "900 1 60 2"\nbind ""\n' });
  t.same(config.list('save'), ['900', '1', '60', '2']);
  t.same(config.list('bind'), []);
});

test('every bad line is reported with its place', async (t) => {
  const lines: readonly (readonly [line: string, reason: string])[] = [
    ['nosuch 1', 'unknown directive'],
    ['__proto__ 1', 'unknown directive'],
    ['constructor x', 'unknown directive'],
    ['sentinel monitor m 127.0.0.1 1 1', 'unknown directive'],
    ['module.x 1', 'unknown directive'],
    ['port', 'wrong number of arguments'],
    ['port 1 2', 'wrong number of arguments'],
    ['port 6379 # no comments here', 'wrong number of arguments'],
    ['port x', "argument couldn't be parsed into an integer"],
    ['port 65536', 'argument must be between 0 and 65535 inclusive'],
    ['memtable-size-mb 7', 'argument must be between 8 and 65536 inclusive'],
    ['hot-value-max-bytes 24577', 'argument must be between 64 and 24576 inclusive'],
    ['databases 1025', 'argument must be between 1 and 1024 inclusive'],
    ['stores 3', 'argument must be between 4 and 8 inclusive'],
    ['front-threads 65', 'argument must be between 0 and 64 inclusive'],
    ['protected-mode maybe', "argument must be 'yes' or 'no'"],
    ['maxmemory 1tb', 'argument must be a memory value'],
    ['appendfsync never', 'argument(s) must be one of the following: everysec, always, no'],
    ['wal-sync-mode no', 'argument(s) must be one of the following: EverySecond, Always, Never'],
    ['requirepass "x', 'unbalanced quotes in configuration line'],
    ['dir "a\\x00b"', "argument can't contain a NUL byte"],
    [`dir ${'x'.repeat(65_537)}`, 'argument is too long'],
    ['rename-command a', 'wrong number of arguments'],
    ['user', 'wrong number of arguments'],
  ];
  for (const [line, reason] of lines) {
    const error = caught(() => Config.load({ text: `\n\n${line}\nport 7000\n` }));
    t.match(error.problems, [{ file: '(text)', line: 3, reason }], line.slice(0, 40));
  }
  const text = `${lines.map(([line]) => line).join('\n')}\n`;
  t.equal(caught(() => Config.load({ text })).problems.length, lines.length, 'all at once');
  t.equal(caught(() => Config.load({ text: 'x\n'.repeat(9_000) })).problems.length, 50);
});

test('commands are renamed one line after the other', async (t) => {
  const commands = ['get', 'set', 'del'];
  const good = 'rename-command GET x\nrename-command set GET\nrename-command X SET\n';
  const { config } = Config.load({ text: good, commands });
  t.same(config.renamedCommands(), [
    ...[
      ['GET', 'x'],
      ['set', 'GET'],
      ['X', 'SET'],
    ],
  ]);
  const removed = 'rename-command DEL ""\nrename-command GET del\nrename-command no SET\n';
  t.equal(Config.load({ text: removed, commands }).config.renamedCommands().length, 3);
  const taken = 'rename-command GET x\nrename-command SET X\n';
  const reason = 'Target command name already exists';
  t.match(caught(() => Config.load({ text: taken, commands })).problems, [{ line: 2, reason }]);
  const part = 'rename-command config|get x\n';
  t.match(caught(() => Config.load({ text: part, commands })).problems, [{ line: 1 }]);
});

test('random bytes are a ConfigError or a Config', async (t) => {
  let seed = 20_240_607;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  const pieces = [
    ...['port', 'save', 'bind', 'include', 'user', 'client-output-buffer-limit', '__proto__', '#'],
    ...['"', "'", '\\', '\\x', ' ', ' ', '\n', '\r\n', '\0', '\xff', '1', '-1', '1gb', 'yes', '%'],
  ];
  let configs = 0;
  let errors = 0;
  for (let round = 0; round < 3_000; round++) {
    const bytes = Buffer.from(
      round % 2 === 0
        ? Array.from({ length: random(40) }, () => pieces[random(pieces.length)]).join('')
        : Array.from({ length: random(80) }, () => String.fromCharCode(random(256))).join(''),
      'latin1',
    );
    try {
      Config.load({ text: bytes, readFile: () => bytes }).config.get(['*']);
      configs++;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors++;
    }
  }
  t.ok(configs > 50 && errors > 50, `both happen: ${configs} configs, ${errors} errors`);
});

function caught(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no ConfigError was thrown');
}

function whyUnreadable(path: string): string | false {
  try {
    readFileSync(path);
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}
