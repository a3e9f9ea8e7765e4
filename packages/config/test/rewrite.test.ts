// CONFIG REWRITE as text: what stays, what changes, what is added, and that a start from the result
// has every value.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { Config } from '../src/config.ts';
import { directives } from '../src/directives.ts';
import { REWRITE_MARKER, type RewriteRequest, rewriteConf } from '../src/rewrite.ts';

const PATH = '/etc/forgekv.conf';
const DIRECTORY = '/var/lib/forgekv';
/** What every file gets that does not say them. */
const ALWAYS = [`dir "${DIRECTORY}"`];

function rewrite(
  before: string,
  pairs: readonly (readonly [string, string])[] = [],
  more: Partial<RewriteRequest> & { files?: Record<string, string> } = {},
): { lines: string[]; config: Config } {
  const files = more.files ?? {};
  const readFile = (path: string): Buffer => Buffer.from(path === PATH ? before : files[path]!);
  const { config } = Config.load({ file: PATH, readFile });
  const outcome = config.set(pairs, { isLocal: true });
  if (!outcome.ok) throw new Error(outcome.error);
  const request = { path: PATH, before: Buffer.from(before), directory: DIRECTORY, users: null };
  const bytes = rewriteConf({ ...request, config, readFile, ...more });
  return { lines: bytes.toString().split('\n').slice(0, -1), config };
}

test('comments, order and what is still true stay as they are written', async (t) => {
  const before = `# A comment

  # another, indented
port 6380
MaxMemory "104857600"
dir ${DIRECTORY}

appendfsync everysec
hz 10
# the end
`;
  t.same(rewrite(before).lines, before.split('\n').slice(0, -1));
  const { lines } = rewrite(before, [['maxmemory', '1gb']]);
  t.same(lines, before.replace('MaxMemory "104857600"', 'maxmemory 1gb').split('\n').slice(0, -1));
});

test('what the file does not say comes behind a marker, once', async (t) => {
  const changes = [
    ['timeout', '7'],
    ['appendfsync', 'always'],
    ['hz', '10'],
    ['requirepass', 'a "secret" \\ ü\n'],
  ] as const;
  const { lines } = rewrite('port 1\n', changes);
  t.same(lines, [
    'port 1',
    REWRITE_MARKER,
    'timeout 7',
    'requirepass "a \\"secret\\" \\\\ \\xc3\\xbc\\n"',
    ...ALWAYS,
    'appendfsync always',
  ]);
  const again = rewrite(`${lines.join('\n')}\n`, [['maxclients', '77']]);
  t.same(again.lines, [...lines, 'maxclients 77']);
});

test('directives of several lines', async (t) => {
  const before = `save 900 1
# between
save 300 10
save 60 10000
client-output-buffer-limit replica 1gb 1mb 60
dir "${DIRECTORY}"
`;
  const fewer = rewrite(before, [
    ['save', '10 20'],
    ['client-output-buffer-limit', 'pubsub 0 0 0'],
  ]);
  t.same(fewer.lines, [
    'save 10 20',
    '# between',
    'client-output-buffer-limit normal 0 0 0',
    `dir "${DIRECTORY}"`,
    REWRITE_MARKER,
    'client-output-buffer-limit slave 1gb 1mb 60',
    'client-output-buffer-limit pubsub 0 0 0',
  ]);
  t.equal(rewrite(before, [['save', '']]).lines[0], 'save ""');
  const more = rewrite(before, [['save', '1 1 2 2 3 3 4 4']]).lines;
  t.same(
    more.filter((line) => line.startsWith('save')),
    [...['save 1 1', 'save 2 2', 'save 3 3', 'save 4 4']],
  );
});

test('aliases become the current name, and a second line goes', async (t) => {
  const before = `slave-priority 5\nlua-time-limit 100\nhz 1\nhz 2\ndir "${DIRECTORY}"\n`;
  const { lines } = rewrite(before, [
    ['replica-priority', '6'],
    ['busy-reply-threshold', '200'],
  ]);
  t.same(lines, ['replica-priority 6', 'busy-reply-threshold 200', 'hz 2', `dir "${DIRECTORY}"`]);
  t.equal(
    rewrite('wal-sync-mode Never\n', [['appendfsync', 'always']]).lines[0],
    'wal-sync-mode Always',
  );
});

test('users', async (t) => {
  const before = `user a on >x ~*\n# here\nuser default on nopass\ndir "${DIRECTORY}"\n`;
  const users = [
    ['a', 'on', '#00'],
    ['\xff"q', 'off', '~a#'],
    ['default', 'on'],
  ];
  const { lines } = rewrite(before, [], { users });
  t.same(lines, [
    'user a on #00',
    '# here',
    'user "\\xff\\"q" off ~a#',
    `dir "${DIRECTORY}"`,
    REWRITE_MARKER,
    'user default on',
  ]);
  const { config } = Config.load({ text: lines.join('\n') });
  t.same(config.lines('user'), users, 'bytes as they were');
  t.notMatch(rewrite(before).lines.join('\n'), 'user', 'they are in a file of users');
});

test('what is included stays there; the file says what differs from it', async (t) => {
  const files = { '/inc': 'timeout 5\nsave 7 7\nhz 50\n' };
  const before = `hz 10\ninclude /inc\n`;
  const same = rewrite(before, [], { files });
  t.same(same.lines.slice(0, 2), ['hz 50', 'include /inc']);
  const { lines } = rewrite(
    before,
    [
      ['timeout', '0'],
      ['save', '8 8'],
      ['hz', '20'],
    ],
    { files },
  );
  const { config } = Config.load({
    file: PATH,
    readFile: (path) => Buffer.from(path === PATH ? lines.join('\n') : files['/inc']),
  });
  t.same(config.get(['timeout', 'save', 'hz']), [
    ['timeout', '0'],
    ['save', '8 8'],
    ['hz', '20'],
  ]);
  t.throws(
    () => rewrite('include /inc\n', [], { files: { '/inc': 'user a on\n' }, users: [['b', 'on']] }),
    /an included file has other lines of: user/,
  );
});

test('lines that would stop a start become comments; others are left alone', async (t) => {
  const before = 'rename-command KEYS ""\nloadmodule /x a\nport 5\n';
  const { config } = Config.load({ text: before });
  const edited = Buffer.from(`${before}no-such 1\nport "5\n`);
  const request = { path: PATH, before: edited, directory: DIRECTORY, users: null, config };
  const lines = rewriteConf(request).toString().split('\n');
  t.same(lines.slice(0, 5), [
    ...['rename-command KEYS ""', 'loadmodule /x a', 'port 5'],
    ...['# ??? no-such 1', '# ??? port "5'],
  ]);
});

const ODD = [
  '',
  ' ',
  '"',
  "'",
  '\\',
  '\t',
  '\n',
  '\r',
  '\x07',
  '\x1b',
  '#',
  'ü',
  '漢',
  '\\x41',
  'x',
];

/** A text that a directive may take, or not. */
function anyValue(random: Random): string {
  const text = (): string =>
    Array.from({ length: random.below(8) }, () => random.pick(ODD)).join('');
  const number = (): string => String(random.below(random.pick([2, 100, 5000, 2 ** 32])));
  return random.pick([
    text,
    number,
    () => `${number()}${random.pick(['kb', 'mb', 'gb', '%', 'k'])}`,
    () => `${number()} ${number()}`,
    () => `${number()} ${number()} ${number()} ${number()}`,
    () => `-${number()}`,
    () => random.pick(['yes', 'no', 'local', 'save force', 'nosave now', '99.9 50', 'KEA']),
    () => `${random.pick(['normal', 'slave', 'pubsub'])} ${number()} ${number()} ${number()}`,
    () => `a${text()}`,
  ])();
}

test('whatever CONFIG SET takes is there after REWRITE and a start', async (t) => {
  const seed = Date.now() % 2 ** 31;
  const random = new Random(seed);
  const words = directives.flatMap((one) =>
    one.kind === 'enum' ? one.words.map((word) => [one.name, word] as const) : [],
  );
  let taken = 0;
  const wrong: string[] = [];
  let text = '# first\nport 7000\n\nmaxmemory 5mb\nbind 127.0.0.1\nsave 5 5\n';
  for (let round = 0; round < 150; round++) {
    const { config } = Config.load({
      text: `${text}\nenable-protected-configs yes\n`,
    });
    for (let i = 0; i < 80; i++) {
      const pair = random.chance(0.1)
        ? random.pick(words)
        : ([random.pick(directives).name, anyValue(random)] as const);
      if (config.set([pair], { isLocal: true }).ok) taken++;
    }
    const before = Buffer.from(text);
    const request = { path: PATH, before, directory: DIRECTORY, users: [], config };
    text = rewriteConf(request).toString('latin1');
    const started = Config.load({ text: Buffer.from(text, 'latin1') }).config;
    const expected = new Map(config.toTransfer());
    expected.set('dir', DIRECTORY);
    for (const [name, value] of started.toTransfer()) {
      const said = JSON.stringify(value);
      if (said !== JSON.stringify(expected.get(name))) wrong.push(`${name}: ${said}`);
    }
  }
  t.same(wrong, [], `seed ${seed}`);
  t.ok(taken > 1000, `${taken} values`);
});
