// Requests: what is a command, what is an error, and that it does not matter how bytes arrive.

import { test } from 'tap';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_START,
  COMMAND_WORDS,
  MAX_COMMANDS_PER_PARSE,
  MAX_INLINE_BYTES,
  RequestParser,
} from '../src/request-parser.ts';
import { OPEN_LIMITS, ParseStream, parseInPieces, resp, respOf } from './parse-stream.ts';

const SMALL_LIMITS = { maxBulkBytes: 512 * 1024 * 1024, authenticated: false };
const BULK_1_MB = { maxBulkBytes: 1024 * 1024, authenticated: true };

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

const VALID: readonly (readonly [string, readonly (readonly string[])[]])[] = [
  ['', []],
  [resp('PING'), [['PING']]],
  [resp('SET', 'k', ''), [['SET', 'k', '']]],
  [resp('SET', 'k', '\r\n$1\r\n\0\xff'), [['SET', 'k', '\r\n$1\r\n\0\xff']]],
  [
    resp('GET', 'a') + resp('GET', 'b'),
    [
      ['GET', 'a'],
      ['GET', 'b'],
    ],
  ],
  [`*0\r\n*-1\r\n*-99\r\n${resp('PING')}`, [['PING']]],
  // Redis: the two bytes behind an argument and the LF of a line are not looked at.
  ['*1\rx$4\ryPINGab', [['PING']]],
  ['PING\r\n', [['PING']]],
  ['PING\n', [['PING']]],
  ['\r\n\n  \r\nPING\r\n', [['PING']]],
  ['  SET  k \t v  \r\n', [['SET', 'k', 'v']]],
  ['SET k "a b" \'c d\'\r\n', [['SET', 'k', 'a b', 'c d']]],
  [
    `PING\r\n${resp('GET', 'a')}ECHO "x"\r\n${resp('GET', 'b')}`,
    [['PING'], ['GET', 'a'], ['ECHO', 'x'], ['GET', 'b']],
  ],
  ['PING\0 ignored "\r\nPING\r\n', [['PING'], ['PING']]],
  [`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300\r\n${'v'.repeat(300)}\r\n`, [['SET', 'k', 'v'.repeat(300)]]],
];

const UNFINISHED: readonly string[] = [
  '*',
  '*1',
  '*1\r',
  '*1\r\n',
  '*1\r\n$',
  '*1\r\n$4',
  '*1\r\n$4\r',
  '*1\r\n$4\r\n',
  '*1\r\n$4\r\nPI',
  '*1\r\n$4\r\nPING',
  '*1\r\n$4\r\nPING\r',
  'PING',
  'PING\r',
  '"',
  '*1\r\nx',
  '*1\r\n\r',
  '*-',
  '*x',
  '*1\r\n$-1',
  '*2147483647\r\n',
  '*1\r\n$536870912\r\n',
  `*${'1'.repeat(MAX_INLINE_BYTES - 1)}`,
  `*1\r\n$${'1'.repeat(MAX_INLINE_BYTES - 1)}`,
  'x'.repeat(MAX_INLINE_BYTES),
];

const BAD: readonly (readonly [string, string])[] = [
  ...[
    '',
    'abc',
    '01',
    '+1',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '0x1',
    '--1',
    '-0',
    '00',
    '2147483648',
    '9999999999',
    '99999999999999999999',
    '1'.repeat(30),
    `${'1'.repeat(1000)}`,
    '\n1',
    '1\n',
  ].map((text) => [`*${text}\r\n`, 'invalid multibulk length'] as const),
  ...[
    '',
    'abc',
    '01',
    '+1',
    '-1',
    '-0',
    '1.5',
    '536870913',
    '99999999999999999999',
    '1'.repeat(30),
  ].map((text) => [`*1\r\n$${text}\r\n`, 'invalid bulk length'] as const),
  ...[...':+-*x0 \0\n'].map((c) => [`*1\r\n${c}4\r\n`, `expected '$', got '${c}'`] as const),
  ['*1\r\n\r\n', "expected '$', got '\r'"],
  ['*2\r\n$4\r\nPING\r\nPING\r\n', "expected '$', got 'P'"],
  ['*1\r\n\xe9\r\n', "expected '$', got '\xe9'"],
  [`*${'1'.repeat(MAX_INLINE_BYTES)}`, 'too big mbulk count string'],
  [`*1\r\n$${'1'.repeat(MAX_INLINE_BYTES)}`, 'too big bulk count string'],
  [`*1\r\n${'1'.repeat(MAX_INLINE_BYTES + 1)}`, 'too big bulk count string'],
  ['x'.repeat(MAX_INLINE_BYTES + 1), 'too big inline request'],
  ...['"', '"a', "'a", '"a"b', "'a'b", '"a""b"', 'a"', '"\\', '"\0"', "a'b\0'"].map(
    (text) => [`SET ${text}\r\n`, 'unbalanced quotes in request'] as const,
  ),
];

test('what is a command', async (t) => {
  for (const [text, commands] of VALID) {
    const parsed = parseInPieces(bytesOf(text), 0);
    t.same(parsed, { commands, error: '', rest: 0 }, JSON.stringify(text.slice(0, 60)));
  }
});

test('what is unfinished waits for more', async (t) => {
  for (const text of UNFINISHED) {
    for (const before of [[], [['GET', 'a']]]) {
      const bytes = bytesOf(before.map((args) => resp(...args)).join('') + text);
      const parsed = parseInPieces(bytes, 0);
      t.same(parsed, { commands: before, error: '', rest: text.length }, text.slice(0, 60));
    }
  }
});

test('protocol errors have the exact texts of Redis', async (t) => {
  for (const [text, message] of BAD) {
    for (const before of [[], [['GET', 'a']]]) {
      const bytes = bytesOf(before.map((args) => resp(...args)).join('') + text);
      const parsed = parseInPieces(bytes, 0);
      const error = `ERR Protocol error: ${message}`;
      t.same(
        parsed,
        { commands: before, error, rest: text.length },
        JSON.stringify(text.slice(0, 60)),
      );
    }
  }
});

test('limits', async (t) => {
  const ten = resp(...Array.from({ length: 10 }, () => 'a'));
  const eleven = resp(...Array.from({ length: 11 }, () => 'a'));
  const [most, more] = [resp('x'.repeat(16384)), resp('x'.repeat(16385))];
  const [megabyte, above] = [resp('x'.repeat(1048576)), resp('x'.repeat(1048577))];
  const cases = [
    [ten, SMALL_LIMITS, ''],
    [eleven, SMALL_LIMITS, 'unauthenticated multibulk length'],
    [eleven, OPEN_LIMITS, ''],
    ['*11\r\n', SMALL_LIMITS, 'unauthenticated multibulk length'],
    [most, SMALL_LIMITS, ''],
    [more, SMALL_LIMITS, 'unauthenticated bulk length'],
    ['*1\r\n$16385\r\n', SMALL_LIMITS, 'unauthenticated bulk length'],
    [more, OPEN_LIMITS, ''],
    [megabyte, BULK_1_MB, ''],
    [above, BULK_1_MB, 'invalid bulk length'],
    ['*1\r\n$1048577\r\n', BULK_1_MB, 'invalid bulk length'],
  ] as const;
  for (const [text, limits, message] of cases) {
    const { error, commands } = parseInPieces(bytesOf(text), 0, limits);
    t.equal(error, message === '' ? '' : `ERR Protocol error: ${message}`, text.slice(0, 12));
    t.equal(commands.length, message === '' ? 1 : 0);
  }
});

test('pieces of every size give the same as the whole', async (t) => {
  const streams = [
    VALID.map(([text]) => text).join(''),
    ...VALID.map(([text]) => text),
    ...UNFINISHED.filter((text) => text.length < 100).map((text) => resp('GET', 'a') + text),
    ...BAD.filter(([text]) => text.length < 100).map(([text]) => `PING\r\n${text}`),
    resp('MSET', ...Array.from({ length: 100 }, (_, i) => `${i}`)) + resp('PING'),
  ];
  for (const text of streams) {
    const bytes = bytesOf(text);
    const whole = parseInPieces(Buffer.from(bytes), 0);
    let equal = true;
    for (let size = 1; size < bytes.length && equal; size++) {
      const parsed = parseInPieces(bytes, size);
      // How much is left over behind an error depends on when it could be seen.
      const expected = whole.error === '' ? whole : { ...whole, rest: parsed.rest };
      equal = JSON.stringify(parsed) === JSON.stringify(expected);
      if (!equal) t.same(parsed, expected, `pieces of ${size}: ${JSON.stringify(text)}`);
    }
    t.ok(equal, JSON.stringify(text.slice(0, 60)));
  }
});

test('places of commands, and no more than a batch at once', async (t) => {
  const parser = new RequestParser();
  const one = resp('PING');
  const bytes = bytesOf(`??${one.repeat(MAX_COMMANDS_PER_PARSE + 5)}`);
  const next = parser.parse(bytes, 2, bytes.length, OPEN_LIMITS);
  t.equal(parser.commandCount, MAX_COMMANDS_PER_PARSE);
  t.equal(next, 2 + one.length * MAX_COMMANDS_PER_PARSE);
  for (let i = 0; i < parser.commandCount; i++) {
    const at = i * COMMAND_WORDS;
    if (parser.commands[at + COMMAND_START] !== 2 + i * one.length) t.fail(`start of ${i}`);
    if (parser.commands[at + COMMAND_END] !== 2 + (i + 1) * one.length) t.fail(`end of ${i}`);
    if (parser.commands[at + COMMAND_ARGC] !== 1) t.fail(`arguments of ${i}`);
  }
  t.equal(parser.parse(bytes, next, bytes.length, OPEN_LIMITS), bytes.length);
  t.equal(parser.commandCount, 5);
});

test('an inline command is alone in its batch and has no start', async (t) => {
  const parser = new RequestParser();
  const bytes = bytesOf(`${resp('PING')}ECHO "a"\r\nPING\r\n${resp('PING')}`);
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    at = parser.parse(bytes, at, bytes.length, OPEN_LIMITS);
    t.equal(parser.commandCount, 1);
    starts.push(parser.commands[COMMAND_START]!);
  }
  t.same(starts, [0, -1, -1, bytes.length - resp('PING').length]);
});

test('many arguments: the list grows and shrinks again', async (t) => {
  const parser = new RequestParser();
  const usual = parser.args.length;
  const bytes = bytesOf(respOf(Array.from({ length: 200_000 }, () => 'x')));
  t.equal(parser.parse(bytes, 0, bytes.length, OPEN_LIMITS), bytes.length);
  t.equal(parser.commands[COMMAND_ARGC], 200_000);
  t.ok(parser.args.length >= 400_000);
  parser.parse(bytesOf(resp('PING')), 0, 14, OPEN_LIMITS);
  t.equal(parser.args.length, usual);
  t.equal(parser.commandCount, 1);
});

test('nothing is allocated for what is only claimed', async (t) => {
  const parser = new RequestParser();
  const usual = parser.args.length;
  const bytes = bytesOf('*2147483647\r\n$1\r\na\r\n$536870912\r\n');
  t.equal(parser.parse(bytes, 0, bytes.length, OPEN_LIMITS), 0);
  t.equal(parser.args.length, usual);
  t.equal(parser.partial?.args.length, 2);
  t.equal(parser.partial?.bulkBytes, 536870912);
});

test('a large command in small pieces is looked at once', async (t) => {
  const argc = 100_000;
  const bytes = bytesOf(respOf(Array.from({ length: argc }, (_, i) => `${i}`)));
  const stream = new ParseStream();
  const startedAtMs = performance.now();
  for (let at = 0; at < bytes.length; at += 64) stream.add(bytes.subarray(at, at + 64));
  const tookMs = performance.now() - startedAtMs;
  t.equal(stream.commands.length, 1);
  t.equal(stream.commands[0]?.length, argc);
  t.ok(stream.commands[0]?.every((text, i) => text === `${i}`));
  // The list of arguments doubles; it is not copied for every piece.
  t.ok(stream.regrown < 30, `${stream.regrown} lists for ${Math.ceil(bytes.length / 64)} pieces`);
  t.ok(tookMs < 5000, `${tookMs.toFixed(0)} ms`);
});

test('the bytes of a command in pieces are read a constant number of times', async (t) => {
  const bytes = bytesOf(resp(...Array.from({ length: 5000 }, (_, i) => `${i}`.repeat(3))));
  let reads = 0;
  let end = 0;
  const counting = new Proxy(bytes, {
    get(target, name) {
      if (typeof name === 'string' && /^[0-9]+$/.test(name)) {
        reads++;
        if (Number(name) >= end) t.fail(`reads ${name} of ${end}`);
      }
      return Reflect.get(target, name, target) as unknown;
    },
  });
  const parser = new RequestParser();
  for (end = 64; ; end = Math.min(end + 64, bytes.length)) {
    parser.parse(counting, 0, end, OPEN_LIMITS, parser.partial);
    if (end === bytes.length) break;
  }
  t.equal(parser.commands[COMMAND_ARGC], 5000);
  t.ok(reads < bytes.length, `${reads} reads of ${bytes.length} bytes`);
});
