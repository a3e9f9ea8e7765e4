// Key positions in requests: the fast way, the general way, and numbers that lie.
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { extractKeys, extractKeysAndFlags } from '../src/key-extraction.ts';
import { KEYS_INVALID } from '../src/key-list.ts';
import { fullTable, request } from './full-table.ts';

/** Words of a request that are keys, or null. */
function keysOf(line: string): string[] | null {
  const { argc, argText } = request(line);
  const out = new Int32Array(argc);
  const count = extractKeys(fullTable, idOf(line), argc, argText, out);
  return count === KEYS_INVALID ? null : [...out.subarray(0, count)].map(argText);
}

function idOf(line: string): number {
  const [name = '', subName] = line.split(' ');
  const id = fullTable.idOf(name);
  return fullTable.isContainer[id] === 1 ? fullTable.idOf(`${name}|${subName}`) : id;
}

test('plain ranges, without looking at any argument', (t) => {
  const cases = [
    ['get', 2, [1]],
    ['mset', 5, [1, 3]],
    ['blpop', 4, [1, 2]],
    ['del', 4, [1, 2, 3]],
    ['bitop', 5, [2, 3, 4]],
    ['pfmerge', 2, [1]],
    ['lcs', 4, [1, 2]],
    ['object|encoding', 3, [2]],
    ['json.mset', 7, [1, 4]],
    ['ping', 1, []],
    // Too few arguments are the arity check's business, but nothing beyond them is named.
    ['get', 1, []],
    ['rename', 2, [1]],
    ['blpop', 1, []],
  ] as const;
  for (const [name, argc, expected] of cases) {
    const out: number[] = [];
    const reader = () => t.fail(`${name} looked at an argument`) as never;
    t.equal(extractKeys(fullTable, fullTable.idOf(name), argc, reader, out), expected.length);
    t.strictSame(out, expected, `${name} with ${argc} arguments`);
  }
  t.end();
});

test('keys that depend on the arguments', (t) => {
  const cases: [string, string[] | null][] = [
    ['eval s 2 a b c', ['a', 'b']],
    ['eval s 0 c', []],
    ['eval s 3 a b', null],
    ['eval s -1 a', null],
    ['eval s 999999999 a', null],
    ['eval s 99999999999999999999 a', null],
    ['eval s', []],
    ['zunionstore d 2 a b weights 1 2', ['d', 'a', 'b']],
    ['zunionstore d 2 a', null],
    ['zinterstore d 0 a', null],
    ['XREAD COUNT 1 Streams a b 1 2', ['a', 'b']],
    ['xread streams a b 1', ['a']],
    ['xread block 0', []],
    ['xreadgroup group streams streams streams a >', ['a']],
    ['georadius k 1 2 3 m STORE a', ['k', 'a']],
    ['georadius store 1 2 3 m', ['store']],
    ['sort k by store get store store d', ['k', 'd']],
    ['sort k store', ['k']],
    ['sort', []],
    ['sort_ro k by w_*', ['k']],
    ['migrate h 1 k 0 10', ['k']],
    ['migrate h 1  0 10 auth2 keys keys keys a b', ['a', 'b']],
    ['migrate h 1 k 0 10 keys a', null],
    ['migrate h 1', []],
    ['cms.merge d 2 a b weights 1 1', ['d', 'a', 'b']],
    ['json.debug memory k', ['k']],
    ['spublish c m', []],
    ['ssubscribe c', []],
  ];
  for (const [line, expected] of cases) t.strictSame(keysOf(line), expected, line);
  t.end();
});

test('bytes work as text does', (t) => {
  const words = ['zinterstore', 'd', '2', 'a', 'b'].map((word) => Buffer.from(word));
  const out: number[] = [];
  const id = fullTable.idOf('zinterstore');
  t.equal(
    extractKeys(fullTable, id, words.length, (i) => words[i]!, out),
    3,
  );
  t.strictSame(out, [1, 3, 4]);
  t.end();
});

test('flags say what happens to each key', (t) => {
  const usesOf = (line: string) => {
    const { argc, argText } = request(line);
    const uses = extractKeysAndFlags(fullTable, idOf(line), argc, argText);
    return uses?.map(({ index, flags }) => [argText(index), ...flags].join(' '));
  };
  t.strictSame(usesOf('set k v'), ['k OW update']);
  t.strictSame(usesOf('set k v get'), ['k RW access update']);
  t.strictSame(usesOf('set get v'), ['get OW update']);
  t.strictSame(usesOf('bitfield k overflow sat get u8 0'), ['k RO access']);
  t.strictSame(usesOf('bitfield k get u8 0 set u8 0 1'), ['k RW access update']);
  t.strictSame(usesOf('bitfield k get u8'), ['k RW access update'], 'incomplete');
  t.strictSame(usesOf('sort k store d'), ['k RO access', 'd OW update']);
  t.strictSame(usesOf('zunionstore d 2 a b'), ['d OW update', 'a RO access', 'b RO access']);
  t.strictSame(usesOf('copy a b'), ['a RO access', 'b OW update']);
  t.strictSame(usesOf('eval s 9 a'), undefined);
  t.end();
});

test('random requests never name an argument that is not there', (t) => {
  const seed = Date.now() >>> 0;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const words = ['k', '0', '1', '2', '3', '-1', '4294967297', 'STORE', 'STREAMS', 'KEYS', 'AUTH2'];
  const out = new Int32Array(16);
  for (let i = 0; i < 50_000; i++) {
    const id = random.below(fullTable.size);
    const args = Array.from({ length: 1 + random.below(8) }, () => random.pick([...words, '']));
    const reader = (index: number) => {
      if (index < 1 || index >= args.length) t.fail(`read argument ${index} of ${args.join(' ')}`);
      return args[index]!;
    };
    const count = extractKeys(fullTable, id, args.length, reader, out);
    const found = out.subarray(0, Math.max(0, count));
    const isInside = found.every((index) => index > 0 && index < args.length);
    if (!isInside || count >= args.length) t.fail(`${fullTable.names[id]} ${args.join(' ')}`);
    const uses = extractKeysAndFlags(fullTable, id, args.length, reader);
    const indexes = uses === null ? [KEYS_INVALID] : uses.map(({ index }) => index);
    const expected = count === KEYS_INVALID ? [KEYS_INVALID] : [...found];
    if (`${indexes}` !== `${expected}`) t.fail(`${fullTable.names[id]}: both ways must agree`);
  }
  t.end();
});
