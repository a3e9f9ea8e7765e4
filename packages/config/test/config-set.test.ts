// CONFIG SET: the texts and their order, taken from redis-server 7.0.15, and all or nothing.

import { test } from 'tap';
import { Config } from '../src/config.ts';
import { configSetError, type Text } from '../src/config-set.ts';

type Pairs = readonly (readonly [Text, Text])[];

function load(text = ''): Config {
  return Config.load({ text }).config;
}

test('what changes is named canonically, once, and only if it changed', async (t) => {
  const config = load();
  const cases: readonly (readonly [Pairs, changed: string[]])[] = [
    [[['hz', '20']], ['hz']],
    [[['hz', '20']], []],
    [
      [
        ['HZ', '30'],
        ['timeout', '5'],
      ],
      ['hz', 'timeout'],
    ],
    [[['appendfsync', 'ALWAYS']], ['wal-sync-mode']],
    [[['wal_sync_mode', 'always']], []],
    [[['slave-priority', '5']], ['replica-priority']],
    [[['save', '900 1 60 2']], ['save']],
    [[['save', '900 1 60 2']], []],
    [[['client-output-buffer-limit', 'normal 1mb 0 0']], ['client-output-buffer-limit']],
    [[[Buffer.from('maxmemory'), Buffer.from('1kb')]], ['maxmemory']],
    [
      [
        ['replica-read-only', 'no'],
        ['slave-read-only', 'yes'],
      ],
      [],
    ],
    [[], []],
  ];
  for (const [pairs, changed] of cases) {
    t.same(config.set(pairs), { ok: true, changed }, pairs.join(' '));
  }
  t.same(config.get(['appendfsync', 'wal-sync-mode', 'save', 'maxmemory']), [
    ['appendfsync', 'always'],
    ['wal-sync-mode', 'Always'],
    ['save', '900 1 60 2'],
    ['maxmemory', '1024'],
  ]);
});

test('errors, in the order of Redis', async (t) => {
  const unknown = (name: string): string =>
    `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
  const immutable = "can't set immutable config";
  const notInteger = "argument couldn't be parsed into an integer";
  const cases: readonly (readonly [Pairs, error: string])[] = [
    [[['foo', 'bar']], unknown('foo')],
    [[['Foo\r\nx', '1']], unknown('Foo  x')],
    [[['__proto__', '1']], unknown('__proto__')],
    [[['include', 'x']], unknown('include')],
    [[['user', 'x']], unknown('user')],
    [[['x'.repeat(1_000_000), '1']], unknown('x'.repeat(128))],
    [
      [
        ['port', 'x'],
        ['foo', '1'],
      ],
      unknown('foo'),
    ],
    [
      [
        ['foo', '1'],
        ['port', 'x'],
      ],
      unknown('foo'),
    ],
    [
      [
        ['daemonize', 'yes'],
        ['foo', '1'],
      ],
      configSetError('daemonize', immutable),
    ],
    [
      [
        ['HZ', '20'],
        ['Databases', '5'],
      ],
      configSetError('Databases', immutable),
    ],
    [[['memtable-size-mb', '64']], configSetError('memtable-size-mb', immutable)],
    [[['dbfilename', 'x']], configSetError('dbfilename', "can't set protected config")],
    [
      [
        ['hz', '20'],
        ['hz', '30'],
      ],
      configSetError('hz', 'duplicate parameter'),
    ],
    [
      [
        ['hz', 'x'],
        ['HZ', '30'],
      ],
      configSetError('HZ', 'duplicate parameter'),
    ],
    [
      [
        ['hz', '20'],
        ['PORT', 'x'],
      ],
      configSetError('port', notInteger),
    ],
    [[['lua-time-limit', 'x']], configSetError('lua-time-limit', notInteger)],
    [[['port', '70000']], configSetError('port', 'argument must be between 0 and 65535 inclusive')],
    [[['protected-mode', '1']], configSetError('protected-mode', "argument must be 'yes' or 'no'")],
    [[['maxmemory', '5%']], configSetError('maxmemory', 'argument must be a memory value')],
    [[['save', '900  1']], configSetError('save', 'Invalid save parameters')],
    [
      [['requirepass', Buffer.of(0xff)]],
      configSetError('requirepass', 'argument is not UTF-8 text'),
    ],
    [[['requirepass', 'a\0b']], configSetError('requirepass', "argument can't contain a NUL byte")],
    [
      [['appendfsync', 'never']],
      configSetError(
        'appendfsync',
        'argument(s) must be one of the following: everysec, always, no',
      ),
    ],
  ];
  const config = load();
  const before = config.toTransfer();
  for (const [pairs, error] of cases) {
    t.same(config.set(pairs), { ok: false, error }, String(pairs).slice(0, 40));
  }
  t.same(config.toTransfer(), before, 'nothing has changed');
});

test('protected directives', async (t) => {
  const refused = { ok: false, error: configSetError('dbfilename', "can't set protected config") };
  const allowed = { ok: true, changed: ['dbfilename'] };
  const pairs = [['dbfilename', 'x.rdb']] as const;
  t.same(load('enable-protected-configs yes').set(pairs), allowed);
  t.same(load('enable-protected-configs local').set(pairs), refused);
  t.same(load('enable-protected-configs local').set(pairs, { isLocal: true }), allowed);
  t.same(load().set(pairs, { isLocal: true }), refused);
});

test('the text of an error', async (t) => {
  t.equal(
    configSetError('port', 'Unable to listen on this port. Check server logs.'),
    "ERR CONFIG SET failed (possibly related to argument 'port') - " +
      'Unable to listen on this port. Check server logs.',
  );
});
