// The command line: what redis-server takes, and what is ours.

import { test } from 'tap';
import { parseCliArgs } from '../src/cli-args.ts';
import { Config } from '../src/config.ts';
import { ConfigError } from '../src/config-error.ts';

/** The config file and the options, each as its words. */
function parse(...args: string[]): unknown {
  const request = parseCliArgs(args);
  if (request.kind !== 'run') return request.kind;
  return [request.configFile, ...request.overrides.map(({ words }) => words.join('|'))];
}

test('requests to run', async (t) => {
  const cases: readonly (readonly [args: string[], expected: unknown])[] = [
    [[], [undefined]],
    [['a.conf'], ['a.conf']],
    [['-'], ['-']],
    [['--config', 'a.conf'], ['a.conf']],
    [
      ['--config=a.conf', '--port', '1'],
      ['a.conf', 'port|1'],
    ],
    [
      ['--port', '1', '--config', 'a.conf'],
      ['a.conf', 'port|1'],
    ],
    [
      ['a.conf', '--port', '7000'],
      ['a.conf', 'port|7000'],
    ],
    [['--port=7000'], [undefined, 'port|7000']],
    [['--port=1=2'], [undefined, 'port|1=2']],
    [['--requirepass='], [undefined, 'requirepass|']],
    [
      ['--bind', '127.0.0.1', '-::1', '--hz', '5'],
      [undefined, 'bind|127.0.0.1|-::1', 'hz|5'],
    ],
    [
      ['--save', '900', '1', '--save', '60', '2'],
      [undefined, 'save|900|1', 'save|60|2'],
    ],
    [
      ['--save', '', '--port', '1'],
      [undefined, 'save|', 'port|1'],
    ],
    [
      ['--save', '--port', '1'],
      [undefined, 'save', 'port|1'],
    ],
    [['--save'], [undefined, 'save']],
    [
      ['--memtable_size_mb', '64'],
      [undefined, 'memtable_size_mb|64'],
    ],
    [
      ['--port 7000', '--hz', '5'],
      [undefined, 'port|7000', 'hz|5'],
    ],
    [['--requirepass "a b"'], [undefined, 'requirepass|a b']],
    [
      ['--requirepass', '--x'],
      [undefined, 'requirepass|--x'],
    ],
    [
      ['--requirepass', 'a b "c'],
      [undefined, 'requirepass|a b "c'],
    ],
    [
      ['--requirepass', '\u00e9'],
      [undefined, 'requirepass|\u00e9'],
    ],
    [
      ['--__proto__', '1'],
      [undefined, '__proto__|1'],
    ],
    [['--daemonize'], [undefined, 'daemonize']],
  ];
  for (const [args, expected] of cases) t.same(parse(...args), expected, args.join(' '));
});

test('version and help', async (t) => {
  for (const args of [
    ['-v'],
    ['--version'],
    ['a.conf', '--version'],
    ['--port', '1', '--version'],
  ]) {
    t.equal(parse(...args), 'version', args.join(' '));
  }
  for (const args of [['-h'], ['--help'], ['--hz', '5', '--help']]) {
    t.equal(parse(...args), 'help', args.join(' '));
  }
  t.same(parse('--requirepass', '--help'), [undefined, 'requirepass|--help'], 'a value is a value');
});

test('what is refused names the argument', async (t) => {
  const expected = 'expected an option that starts with --';
  const cases: readonly (readonly [args: string[], line: number, reason: string])[] = [
    [['-x'], 1, expected],
    [['a.conf', 'b.conf'], 2, expected],
    [['--'], 1, expected],
    [['--=1'], 1, expected],
    [['--po/rt', '1'], 1, expected],
    [['--config'], 1, 'expected one file name'],
    [['--config', 'a', 'b'], 1, 'expected one file name'],
    [['a.conf', '--config', 'b'], 2, 'there already is a config file'],
    [['--config', 'a', '--config', 'b'], 3, 'there already is a config file'],
    [['--requirepass "hunter2'], 1, 'unbalanced quotes in configuration line'],
  ];
  for (const [args, line, reason] of cases) {
    const problem = { file: '(command line)', line, reason };
    t.throws(() => parse(...args), { name: 'ConfigError', problems: [problem] }, args.join(' '));
  }
});

test('options override the file, later ones earlier ones', async (t) => {
  const request = parseCliArgs(['--PORT', '2', '--port', '3', '--include', 'more', '--save', '']);
  if (request.kind !== 'run') throw new Error('not a run');
  const { config } = Config.load({
    text: 'port 1\nhz 7\nsave 900 1\n',
    overrides: request.overrides,
    readFile: () => Buffer.from('hz 9\n'),
  });
  t.same(config.get(['port', 'hz', 'save']), [
    ['port', '3'],
    ['hz', '9'],
    ['save', ''],
  ]);
});

test('a bad option is named by its position', async (t) => {
  const request = parseCliArgs(['--port', '1', '--nosuch', '5', '--requirepass', 'a', 'hunter2']);
  if (request.kind !== 'run') throw new Error('not a run');
  try {
    Config.load({ overrides: request.overrides });
    t.fail('this is no configuration');
  } catch (error) {
    t.ok(error instanceof ConfigError);
    t.equal(
      (error as Error).message,
      '(command line):3: unknown directive: --nosuch 5\n' +
        '(command line):5: wrong number of arguments: requirepass (not shown)',
    );
  }
});
