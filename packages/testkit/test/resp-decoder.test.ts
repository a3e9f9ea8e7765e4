/** The decoder: every wire type, any cut of the stream, and refusal of everything malformed. */
import { test } from 'tap';
import { describeReply, type Reply } from '../src/reply.ts';
import { ReplyFormatError, RespDecoder } from '../src/resp-decoder.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

function decodeAll(text: string, version: 2 | 3, pieceBytes: number): Reply[] {
  const decoder = new RespDecoder(version);
  const bytes = latin1(text);
  const replies: Reply[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    decoder.push(bytes.subarray(at, at + pieceBytes));
    for (let next = decoder.next(); next; next = decoder.next()) replies.push(next.reply);
  }
  return replies;
}

const RESP2: readonly (readonly [wire: string, shown: string])[] = [
  ['+OK\r\n', '+"OK"'],
  ['+\r\n', '+""'],
  ['-ERR a\xff\r\n', '(error) "ERR a\\xff"'],
  [':0\r\n', '(integer) 0'],
  [':-9223372036854775808\r\n', '(integer) -9223372036854775808'],
  [':9223372036854775807\r\n', '(integer) 9223372036854775807'],
  ['$-1\r\n', '(nil $-1)'],
  ['*-1\r\n', '(nil *-1)'],
  ['$0\r\n\r\n', '""'],
  ['$4\r\n\r\n\0"\r\n', '"\\r\\n\\x00\\""'],
  ['*0\r\n', '[]'],
  ['*3\r\n:1\r\n$1\r\na\r\n*1\r\n$-1\r\n', '[(integer) 1, "a", [(nil $-1)]]'],
];

const RESP3: readonly (readonly [wire: string, shown: string])[] = [
  ...RESP2,
  ['_\r\n', '(nil _)'],
  ['#t\r\n', '(boolean) true'],
  ['#f\r\n', '(boolean) false'],
  [',3.25\r\n', '(double) 3.25'],
  [',-1e+20\r\n', '(double) -1e+20'],
  [',inf\r\n', '(double) inf'],
  ['(12345678901234567890123\r\n', '(big number) 12345678901234567890123'],
  ['!5\r\nERR x\r\n', '(bulk error) "ERR x"'],
  ['=7\r\ntxt:a\r\n\r\n', '(verbatim txt) "a\\r\\n"'],
  ['~2\r\n:1\r\n:2\r\n', '(set) {(integer) 1, (integer) 2}'],
  ['>2\r\n+a\r\n:2\r\n', '(push) [+"a", (integer) 2]'],
  ['%1\r\n+k\r\n*1\r\n_\r\n', '{+"k" => [(nil _)]}'],
  ['|1\r\n+ttl\r\n:5\r\n$1\r\nv\r\n', '(attribute) {+"ttl" => (integer) 5} "v"'],
];

test('decodes every type wherever the stream is cut', async (t) => {
  for (const [version, table] of [[2, RESP2] as const, [3, RESP3] as const]) {
    const wire = table.map(([text]) => text).join('');
    const shown = table.map(([, text]) => text);
    for (const piece of [1, 2, 3, 7, wire.length]) {
      const replies = decodeAll(wire, version, piece).map((reply) => describeReply(reply));
      t.same(replies, shown, `RESP${version} in pieces of ${piece}`);
    }
  }
});

test('hands out the raw bytes of each reply', async (t) => {
  const decoder = new RespDecoder(3);
  decoder.push(latin1('*1\r\n:1\r\n+OK\r\n$3\r\nab'));
  t.equal(decoder.next()?.raw.toString(), '*1\r\n:1\r\n');
  t.equal(decoder.next()?.raw.toString(), '+OK\r\n');
  t.equal(decoder.next(), undefined);
  t.equal(decoder.pendingBytes, 6);
  decoder.push(latin1('c\r\n'));
  t.equal(decoder.next()?.raw.toString(), '$3\r\nabc\r\n');
  t.equal(decoder.pendingBytes, 0);
});

const MALFORMED: readonly (readonly [2 | 3, string])[] = [
  ...['\r\n', 'OK\r\n', '\0\r\n', '@1\r\n', '+a\rb\r\n', '+a\nb\r\n', '+a\n', '-a\rb\r\n'],
  ...[':\r\n', ':+1\r\n', ':01\r\n', ':-0\r\n', ':1.5\r\n', ': 1\r\n', ':9223372036854775808\r\n'],
  ...['$\r\n', '$-2\r\n', '$+1\r\na\r\n', '$01\r\na\r\n', '$1\r\nab\r\n', '$1\r\na\n\r', '$a\r\n'],
  ...['$536870913\r\n', '*-2\r\n', '*x\r\n', '*16777217\r\n', '*99999999999\r\n', '*1\r\nx\r\n'],
  ...['_\r\n', '#t\r\n', ',1\r\n', '%0\r\n', '~0\r\n', '>0\r\n', '(1\r\n', '=7\r\ntxt:abc\r\n'],
].map((text) => [2, text] as const);

const MALFORMED3: readonly (readonly [2 | 3, string])[] = [
  ...[
    '_x\r\n',
    '#x\r\n',
    '#\r\n',
    '#true\r\n',
    ',\r\n',
    ',x\r\n',
    ',1.\r\n',
    ',+1\r\n',
    ',0x1\r\n',
  ],
  ...[
    '(1.5\r\n',
    '(\r\n',
    '(-0\r\n',
    '=3\r\ntxt\r\n',
    '=4\r\ntxtx\r\n',
    '%-1\r\n',
    '~-1\r\n',
    '|x\r\n',
  ],
].map((text) => [3, text] as const);

test('refuses malformed replies', async (t) => {
  for (const [version, text] of [...MALFORMED, ...MALFORMED3]) {
    const decoder = new RespDecoder(version);
    decoder.push(latin1(text));
    t.throws(() => decoder.next(), ReplyFormatError, `RESP${version} ${JSON.stringify(text)}`);
  }
  const deep = new RespDecoder(2);
  deep.push(latin1('*1\r\n'.repeat(100)));
  t.throws(() => deep.next(), ReplyFormatError, 'nested too deep');
});

test('a huge bulk in many chunks is not joined again and again', async (t) => {
  const size = 20 * 1024 * 1024;
  const decoder = new RespDecoder(2);
  decoder.push(latin1(`$${size}\r\n`));
  const chunk = Buffer.alloc(4096, 'x');
  const startMs = Date.now();
  for (let at = 0; at < size; at += chunk.length) {
    decoder.push(chunk);
    if (decoder.next() !== undefined) t.fail('decoded too early');
  }
  decoder.push(latin1('\r\n'));
  const { reply } = decoder.next() ?? {};
  t.equal(reply?.kind === 'bulk' && reply.bytes.length, size);
  t.ok(Date.now() - startMs < 10_000, 'linear time');
});
