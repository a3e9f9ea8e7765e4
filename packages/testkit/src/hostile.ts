/**
 * A table of hostile and odd inputs with what Redis 7.0.15 answers, byte for byte, recorded from
 * it, and what becomes of the connection. `hostile-runner.ts` tries them on a server.
 */
import { encodeCommand } from './encode-command.ts';
import {
  answers,
  closes,
  type HostileCase,
  protocolError,
  unknown,
  waits,
} from './hostile-case.ts';

/** The password of the server for cases with `needsPassword`. */
export const HOSTILE_PASSWORD = 'secret';

const BAD_MULTIBULK = protocolError('invalid multibulk length');
const BAD_BULK = protocolError('invalid bulk length');
const BAD_QUOTES = protocolError('unbalanced quotes in request');
const BIG_INLINE = protocolError('too big inline request');
const C_STRING = 'Redis looks for the end of the line with strchr, which stops at NUL';
const NOAUTH = '-NOAUTH Authentication required.\r\n';
const PING = '*1\r\n$4\r\nPING\r\n';
const PONG = '+PONG\r\n';

const MULTIBULK_HEADERS: readonly HostileCase[] = [
  ...['abc', '', '1a', ' 1', '1 ', '+1', '01', '-0', '--1', '0x1', '1.0', '2147483648'],
  ...['9223372036854775807', '9223372036854775808', '18446744073709551617', '1'.repeat(100)],
].map((count) => closes(`array count ${JSON.stringify(count)}`, `*${count}\r\n`, BAD_MULTIBULK));

const BULK_HEADERS: readonly HostileCase[] = [
  ...['abc', '', '-1', '-5', '+4', '04', ' 4', '4 ', '0x4', '536870913', '2147483648', '-0'],
  ...['9223372036854775807', '9223372036854775808', '18446744073709551620', '1'.repeat(100)],
].map((size) =>
  closes(`bulk size ${JSON.stringify(size)}`, `*1\r\n$${size}\r\nPING\r\n`, BAD_BULK),
);

const FRAMES: readonly HostileCase[] = [
  ...['*', '+', ':', 'P', '-', '_', '(', '\xff', '"', '%'].map((marker) =>
    closes(
      `${JSON.stringify(marker)} where $ belongs`,
      `*1\r\n${marker}4\r\nPING\r\n`,
      protocolError(`expected '$', got '${marker}'`),
    ),
  ),
  closes('empty line where $ belongs', '*1\r\n\r\n', protocolError("expected '$', got ' '")),
  closes('arrays nested 1000 deep', '*1\r\n'.repeat(1000), protocolError("expected '$', got '*'")),
  closes(
    'second argument is an integer',
    '*2\r\n$4\r\nECHO\r\n:5\r\n',
    protocolError("expected '$', got ':'"),
  ),
  closes('error after good commands', `${PING}PING\r\n*x\r\n${PING}`, PONG + PONG + BAD_MULTIBULK),
  closes(
    'count of 70000 digits',
    `*${'1'.repeat(70_000)}`,
    protocolError('too big mbulk count string'),
    { mayReset: true },
  ),
  closes(
    'size of 70000 digits',
    `*1\r\n$${'1'.repeat(70_000)}`,
    protocolError('too big bulk count string'),
    { mayReset: true },
  ),
  answers('count -1', `*-1\r\n${PING}`, PONG),
  answers('count of int64 minimum', `*-9223372036854775808\r\n${PING}`, PONG),
  answers('count 0', `*0\r\n${PING}`, PONG),
  answers('10000 times count 0', `${'*0\r\n'.repeat(10_000)}${PING}`, PONG),
  answers('bulk ends with other bytes than CRLF', `*1\r\n$4\r\nPINGxx${PING}`, PONG + PONG),
  answers('any byte after the CR of a header', '*1\rX$4\rXPING\r\n', PONG),
  answers('bulk size too small', '*1\r\n$3\r\nPING\r\nPING\r\n', unknown('PIN') + PONG),
  answers('bulk size too large', '*1\r\n$5\r\nPING\r\nPING\r\n', unknown('PING ') + unknown('ING')),
  answers('empty command name', `*1\r\n$0\r\n\r\n${PING}`, unknown('') + PONG),
  answers(
    '1025 arguments',
    `*1025\r\n$4\r\nPING\r\n${'$1\r\na\r\n'.repeat(1024)}`,
    "-ERR wrong number of arguments for 'ping' command\r\n",
  ),
  answers('10000 commands at once', PING.repeat(10_000), PONG.repeat(10_000)),
  answers(
    'byte by byte',
    `${PING}ECHO "a b"\r\n*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\r\n\r\n`,
    `${PONG}$3\r\na b\r\n$4\r\n\r\n\r\n\r\n`,
    { pieceBytes: 1 },
  ),
  answers('three bytes at a time', `*0\r\n\r\n${PING}*-1\r\nPING x\r\n`, `${PONG}$1\r\nx\r\n`, {
    pieceBytes: 3,
  }),
  waits('largest array count', '*2147483647\r\n'),
  waits('a million arguments announced', '*1048577\r\n$4\r\nPING\r\n'),
  waits('largest bulk announced', '*1\r\n$536870912\r\n'),
  waits('headers ended by LF alone', '*1\n$4\nPING\n'),
  waits('half: star', '*', '1\r\n$4\r\nPING\r\n', PONG),
  waits('half: count without CRLF', '*1', '\r\n$4\r\nPING\r\n', PONG),
  waits('half: between CR and LF', '*1\r', '\n$4\r\nPING\r\n', PONG),
  waits('half: after the count', '*1\r\n', '$4\r\nPING\r\n', PONG),
  waits('half: dollar', '*1\r\n$', '4\r\nPING\r\n', PONG),
  waits('half: within the bulk', '*1\r\n$4\r\nPI', 'NG\r\n', PONG),
  waits('half: bulk without CRLF', '*1\r\n$4\r\nPING', '\r\n', PONG),
  waits('half: bulk between CR and LF', '*1\r\n$4\r\nPING\r', '\n', PONG),
  waits('half: between arguments', '*2\r\n$4\r\nECHO\r\n', '$2\r\nhi\r\n', '$2\r\nhi\r\n'),
];

const INLINE: readonly HostileCase[] = [
  answers('empty lines', '\r\n\r\n\n\nPING\r\n', PONG),
  answers('10000 empty lines', `${'\r\n'.repeat(10_000)}PING\r\n`, PONG),
  answers('blanks only', '   \r\n\t\r\nPING\r\n', PONG),
  answers('LF alone', 'PING\n', PONG),
  answers('CR inside splits words', 'foo\rbar\r\n', unknown('foo', "'bar' ")),
  answers('two CR', 'PING a\r\r\n', '$1\r\na\r\n'),
  answers('tab splits, vertical tab does not', 'PING\ta\x0bb\r\n', '$3\r\na\x0bb\r\n'),
  answers(
    'quotes and escapes',
    'PING "\\x41\\n\\r\\t\\b\\a\\z\\"" \r\n',
    '$8\r\nA\n\r\t\b\x07z"\r\n',
  ),
  answers('escaped NUL', 'PING "a\\x00b"\r\n', '$3\r\na\0b\r\n'),
  answers('bad hex escape', 'PING "\\xZZ"\r\n', '$3\r\nxZZ\r\n'),
  answers('single quotes', "PING 'a\\'b\\n'\r\n", "$5\r\na'b\\n\r\n"),
  answers('quotes within a word', 'PING a"b"\r\n', '$2\r\nab\r\n'),
  answers('empty quotes', 'PING ""\r\n', '$0\r\n\r\n'),
  answers('bulk header without array', '$4\r\nPING\r\n', unknown('$4') + PONG),
  answers(
    'reply as request',
    '+PING\r\n:1\r\n-ERR\r\n',
    unknown('+PING') + unknown(':1') + unknown('-ERR'),
  ),
  answers('bytes that are no text', '\xff\xfe\xfd\r\n', unknown('\xff\xfe\xfd')),
  answers('byte order mark', '\xef\xbb\xbfPING\r\n', unknown('\xef\xbb\xbfPING')),
  answers(
    '5000 words',
    `PING ${'a '.repeat(5000)}\r\n`,
    "-ERR wrong number of arguments for 'ping' command\r\n",
  ),
  answers(
    'line of 65535 bytes',
    `PING ${'a'.repeat(65_530)}\r\n`,
    `$65530\r\n${'a'.repeat(65_530)}\r\n`,
  ),
  answers(
    'inline between arrays',
    `${PING}PING\r\n${PING}ECHO hi\r\n`,
    `${PONG}${PONG}${PONG}$2\r\nhi\r\n`,
  ),
  waits('half a line', 'PIN', 'G\r\n', PONG),
  waits('CR without LF', 'PING\r', '\n', PONG),
  waits('65536 bytes without newline', 'a'.repeat(65_536)),
  closes('quote not closed', 'PING "a\r\n', BAD_QUOTES),
  closes('single quote not closed', "PING 'a\r\n", BAD_QUOTES),
  closes('text after a closing quote', 'PING "a"b\r\n', BAD_QUOTES),
  closes('escape at the end', 'PING "a\\\r\n', BAD_QUOTES),
  closes('65537 bytes without newline', 'a'.repeat(65_537), BIG_INLINE),
  closes('1 MB without newline', 'a'.repeat(1 << 20), BIG_INLINE, { mayReset: true }),
  { ...waits('NUL line', '\0\r\nPING\r\n'), quirk: C_STRING },
  { ...waits('NUL within a word', 'PI\0NG\r\n'), quirk: C_STRING },
  { ...waits('TLS greeting', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n'), quirk: C_STRING },
];

/** Cross-protocol attacks: a browser made to send HTTP to the port must not get a word in. */
const HTTP: readonly HostileCase[] = [
  closes('POST', 'POST / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHALL\r\n', ''),
  closes('post in small letters', 'post / HTTP/1.1\r\nPING\r\n', ''),
  closes('POST alone', 'POST\r\nPING\r\n', ''),
  closes('POST as an array', '*1\r\n$4\r\nPOST\r\nPING\r\n', ''),
  closes('Host header', 'Host: localhost\r\nPING\r\n', ''),
  closes('host header, small letters, no value', 'host:\r\nPING\r\n', ''),
  closes('Host as an array', '*2\r\n$5\r\nHost:\r\n$1\r\nx\r\nPING\r\n', ''),
  closes('GET with headers', 'GET / HTTP/1.1\r\nUser-Agent: x\r\nHost: x\r\n\r\nPING\r\n', ''),
  answers('Host without blank', 'Host:x\r\n', unknown('Host:x')),
];

const OTHER: readonly HostileCase[] = [
  closes('QUIT discards what follows', 'QUIT\r\nPING\r\n', '+OK\r\n'),
  closes('QUIT as an array, with arguments', `*2\r\n$4\r\nquit\r\n$1\r\na\r\n${PING}`, '+OK\r\n'),
];

/** Before login a client gets little: 10 arguments of 16384 bytes. */
const BEFORE_LOGIN: readonly HostileCase[] = [
  closes('11 arguments', '*11\r\n', protocolError('unauthenticated multibulk length')),
  closes('bulk of 16385', '*1\r\n$16385\r\n', protocolError('unauthenticated bulk length')),
  closes(
    'second bulk of 16385',
    '*2\r\n$4\r\nAUTH\r\n$16385\r\n',
    protocolError('unauthenticated bulk length'),
  ),
  closes('POST before login', 'POST / HTTP/1.1\r\n', ''),
  closes('Host before login', 'Host: x\r\n', ''),
  closes('QUIT before login', '*1\r\n$4\r\nQUIT\r\n', '+OK\r\n'),
  closes('1 MB before login', 'a'.repeat(1 << 20), BIG_INLINE, { mayReset: true }),
  waits('10 arguments', '*10\r\n'),
  waits('bulk of 16384', '*1\r\n$16384\r\n'),
  answers('PING before login', PING, NOAUTH),
  answers('GET before login', String(encodeCommand(['GET', 'a'])), NOAUTH),
  answers('MULTI before login', 'MULTI\r\n', NOAUTH),
  answers('COMMAND before login', 'COMMAND\r\n', NOAUTH),
  answers('unknown command before login', 'nosuch a\r\n', unknown('nosuch', "'a' ")),
  answers('arity before login', 'GET\r\n', "-ERR wrong number of arguments for 'get' command\r\n"),
  answers('inline has no such limits', 'PING a b c d e f g h i j k l m\r\n', NOAUTH),
  answers(
    'bad password',
    'AUTH x\r\n',
    '-WRONGPASS invalid username-password pair or user is disabled.\r\n',
  ),
  answers(
    'bad user',
    'AUTH x secret\r\n',
    '-WRONGPASS invalid username-password pair or user is disabled.\r\n',
  ),
  answers('AUTH with three arguments', 'AUTH a b c\r\n', '-ERR syntax error\r\n'),
  answers('HELLO with a bad version', 'HELLO 9\r\n', '-NOPROTO unsupported protocol version\r\n'),
  answers(
    'login lifts the limits',
    `AUTH secret\r\n*11\r\n$3\r\nDEL\r\n${'$1\r\na\r\n'.repeat(10)}`,
    '+OK\r\n:0\r\n',
  ),
].map((one) => ({ ...one, needsPassword: true }));

export const HOSTILE_CASES: readonly HostileCase[] = [
  ...MULTIBULK_HEADERS,
  ...BULK_HEADERS,
  ...FRAMES,
  ...INLINE,
  ...HTTP,
  ...OTHER,
  ...BEFORE_LOGIN,
];
