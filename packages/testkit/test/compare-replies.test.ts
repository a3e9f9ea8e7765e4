/** Which replies agree, and that a disagreement is told in readable words. */
import { test } from 'tap';
import {
  type Comparison,
  compareReplies,
  EXACT,
  SAME_KIND,
  UNORDERED,
} from '../src/compare-replies.ts';
import { describeCommand, quoteBytes, type Reply } from '../src/reply.ts';

const bulk = (text: string): Reply => ({ kind: 'bulk', bytes: Buffer.from(text) });
const simple = (text: string): Reply => ({ kind: 'simple', text });
const error = (text: string): Reply => ({ kind: 'error', text });
const integer = (value: number | bigint): Reply => ({ kind: 'integer', value: BigInt(value) });
const array = (...items: Reply[]): Reply => ({ kind: 'array', items });
const map = (...entries: [Reply, Reply][]): Reply => ({ kind: 'map', entries });

test('wire types are kept apart', async (t) => {
  const all: Reply[] = [
    ...[simple('1'), error('1'), bulk('1'), integer(1), array(), array(integer(1)), map()],
    { kind: 'null', form: '$-1' },
    { kind: 'null', form: '*-1' },
    { kind: 'null', form: '_' },
    { kind: 'bulk-error', text: '1' },
    { kind: 'double', text: '1' },
    { kind: 'big-number', text: '1' },
    { kind: 'boolean', value: true },
    { kind: 'boolean', value: false },
    { kind: 'verbatim', format: 'txt', bytes: Buffer.from('1') },
    { kind: 'verbatim', format: 'mkd', bytes: Buffer.from('1') },
    { kind: 'set', items: [] },
    { kind: 'push', items: [] },
    { kind: 'attribute', entries: [], reply: integer(1) },
    { kind: 'attribute', entries: [], reply: integer(2) },
  ];
  for (const [one, left] of all.entries()) {
    for (const [other, right] of all.entries()) {
      t.equal(compareReplies(left, right) === undefined, one === other, `${one} ${other}`);
    }
  }
});

test('says where replies differ', async (t) => {
  const left = array(integer(1), map([bulk('k'), array(bulk('a'), bulk('b'))]));
  const right = array(integer(1), map([bulk('k'), array(bulk('a'), bulk('c'))]));
  t.equal(compareReplies(left, right), 'at [1]%[1][1]: expected "b", got "c"');
  t.match(compareReplies(array(integer(1)), array()), '1 elements expected, 0 received');
  const long = compareReplies(bulk('x'.repeat(500)), bulk(`${'x'.repeat(300)}y`));
  t.match(long, '500 bytes expected, 301 received, first difference at offset 300');
  t.equal(
    compareReplies(error('ERR a'), error('ERR b')),
    'expected (error) "ERR a", got (error) "ERR b"',
  );
});

test('unordered is a multiset of exact elements', async (t) => {
  const agrees = (left: Reply, right: Reply) =>
    compareReplies(left, right, UNORDERED) === undefined;
  t.ok(agrees(array(bulk('a'), bulk('b'), bulk('a')), array(bulk('a'), bulk('a'), bulk('b'))));
  t.notOk(agrees(array(bulk('a'), bulk('b'), bulk('a')), array(bulk('a'), bulk('b'), bulk('b'))));
  t.notOk(agrees(array(bulk('a')), array(bulk('a'), bulk('a'))));
  t.notOk(agrees(array(bulk('a')), array(simple('a'))));
  t.notOk(agrees(array(array(bulk('a'), bulk('b'))), array(array(bulk('b'), bulk('a')))));
  t.notOk(agrees(array(), { kind: 'set', items: [] }));
  t.ok(
    agrees(
      map([bulk('a'), integer(1)], [bulk('b'), integer(2)]),
      map([bulk('b'), integer(2)], [bulk('a'), integer(1)]),
    ),
  );
  t.notOk(agrees(integer(1), integer(2)));
});

test('tolerance, its exceptions, and errors under every comparison', async (t) => {
  const within: Comparison = { how: 'within', tolerance: 5, exactFrom: 1000 };
  const agrees = (left: Reply, right: Reply) => compareReplies(left, right, within) === undefined;
  t.ok(agrees(integer(100), integer(105)));
  t.notOk(agrees(integer(100), integer(106)));
  t.ok(agrees(integer(999), integer(1001)), 'only one is in the exact range');
  t.notOk(agrees(integer(1000), integer(1001)));
  t.notOk(agrees(integer(-1), integer(-2)));
  t.notOk(agrees(integer(0), integer(-1)));
  t.notOk(agrees(integer(1200), integer(1201)), 'absolute');
  t.ok(agrees(integer(1400), integer(1405)), 'too late for an absolute one');
  t.notOk(agrees(integer(9223372036854775807n), integer(9223372036854775801n)));
  t.notOk(agrees(integer(3), bulk('3')));
  t.equal(compareReplies(integer(1), integer(2), SAME_KIND), undefined);
  t.type(compareReplies(integer(1), bulk('1'), SAME_KIND), 'string');
  for (const how of [EXACT, UNORDERED, SAME_KIND, within]) {
    t.type(compareReplies(error('ERR a'), error('ERR b'), how), 'string', how.how);
    t.type(compareReplies(error('ERR a'), integer(1), how), 'string', how.how);
  }
});

test('commands and bytes as text', async (t) => {
  t.equal(quoteBytes(Buffer.from('a"\\\r\n\t\0é')), '"a\\"\\\\\\r\\n\\t\\x00\\xc3\\xa9"');
  t.equal(quoteBytes(Buffer.alloc(200, 'a'), 3), '"aaa"... (200 bytes)');
  const args = ['SET', 'k:{1}', '', 'a b'].map((text) => Buffer.from(text));
  t.equal(describeCommand(args), 'SET k:{1} "" "a b"');
});
