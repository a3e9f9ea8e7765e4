/**
 * The family of sorted set commands, on keys of their own with few members, so that they meet, and
 * sorted sets that grow over every threshold; sometimes on the keys of the others. Scores are such
 * as Redis 7.0 and 7.2 write alike: few digits, and never summed up twice.
 */
import { EXACT, SAME_KIND, UNORDERED } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { BAD_INTEGERS } from './value-texts.ts';

const bytes = (keys: readonly string[]): readonly Buffer[] => keys.map((key) => Buffer.from(key));

/** Small ones, which unions and the like may name together. */
const SMALL_KEYS = bytes(['z:0', 'z:1', 'z:2', 'z:3', 'z{t1}', 'z{user:7}']);
/** All members of it have the score 0. */
const LEX_KEY = Buffer.from('z:lex');
const KEYS = [...SMALL_KEYS, LEX_KEY, ...bytes(['z:many', 'z:many{t1}', 'z:long'])];
/** What sums are stored in and nothing is read from, so that they do not grow and grow. */
const SUM_KEY = Buffer.from('z:sum');

const SCORES = ['0', '1', '2', '3', '-1', '1.5', '0.25', '-7.75', '1e3', '12345678901', '100'];
const EDGE_SCORES = ['inf', '-inf', '+inf', '+5', '0x10', '1e9', '-1234567.5'];
const BAD_SCORES = ['', 'abc', 'nan', ' 1', '1 ', '1e400', '0x', '1,5', '--1', 'NX'];
const BOUNDS = ['-inf', '+inf', '(1', '(2', '1', '3', '0', '(0.25', '-5', '5', '(-inf', '100', ''];
const BAD_BOUNDS = ['foo', '(foo', '1 ', '[1', 'nan', '(('];
const LEX = ['-', '+', '[a', '(a', '[m3', '(m3', '[m7', '(', '[', '[zz', '(m10'];
const BAD_LEX = ['', 'a', '--', '+x', 'm3', '1'];
const ODD_MEMBERS = [
  Buffer.from([0, 255, 128]),
  Buffer.alloc(0),
  '9223372036854775807',
  '-0',
  '007',
];
const MEMBERS = 40;
/** More members than a packed sorted set has. */
const MANY = 300;
const LONG_BYTES = 60;

const zsetKey = (source: ArgumentSource): Buffer =>
  source.percent(4) ? source.key() : source.prng.pick(KEYS);

function member(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  if (key.includes('many')) return `member ${prng.below(MANY)}`;
  if (key.includes('long')) return 'l'.repeat(LONG_BYTES + prng.below(6));
  if (source.percent(5)) return prng.pick(ODD_MEMBERS);
  return `m${prng.below(MEMBERS)}`;
}

function score(source: ArgumentSource, key: Buffer): string {
  const { prng } = source;
  if (key === LEX_KEY) return '0';
  if (source.percent(2)) return prng.pick(BAD_SCORES);
  if (source.percent(8)) return prng.pick(EDGE_SCORES);
  return source.percent(50) ? String(prng.between(-5, 20)) : prng.pick(SCORES);
}

/** Small ones: Redis 7.0 writes numbers from 1e17 on otherwise. */
function increment(source: ArgumentSource): CommandArg {
  return source.percent(8) ? source.prng.pick(BAD_SCORES) : source.prng.between(-5, 5);
}

const bound = (source: ArgumentSource) => source.prng.pick(source.percent(4) ? BAD_BOUNDS : BOUNDS);
const lex = (source: ArgumentSource) => source.prng.pick(source.percent(4) ? BAD_LEX : LEX);
const lexKey = () => LEX_KEY;

function rank(source: ArgumentSource): CommandArg {
  return source.percent(3) ? source.prng.pick(BAD_INTEGERS) : source.prng.between(-15, 15);
}

function limit(source: ArgumentSource, percent: number): CommandArg[] {
  const { prng } = source;
  return source.percent(percent) ? ['LIMIT', prng.between(-1, 5), prng.between(-2, 6)] : [];
}

function add(source: ArgumentSource, key: Buffer): CommandArg[] {
  const { prng } = source;
  const most = key.includes('many') ? 40 : 5;
  const count = prng.between(1, source.percent(40) ? most : 1);
  const pairs = Array.from({ length: count }, () => [score(source, key), member(source, key)]);
  const options = source.some(['NX', 'XX', 'GT', 'LT', 'CH'], 6);
  const increments = key === LEX_KEY ? [] : source.some(['INCR'], 4);
  return [...options, ...increments, ...pairs.flat().slice(source.percent(1) ? 1 : 0)];
}

function members(source: ArgumentSource, key: Buffer): CommandArg[] {
  const most = key.includes('many') ? 20 : 3;
  return Array.from({ length: source.prng.between(1, most) }, () => member(source, key));
}

const one = (source: ArgumentSource, key: Buffer): CommandArg[] => [member(source, key)];
const none = (): CommandArg[] => [];
const ranks = (source: ArgumentSource): CommandArg[] => [rank(source), rank(source)];
const bounds = (source: ArgumentSource): CommandArg[] => [bound(source), bound(source)];
const lexes = (source: ArgumentSource): CommandArg[] => [lex(source), lex(source)];
const scores = (source: ArgumentSource): string[] => source.some(['WITHSCORES'], 40);

function rangeOf(source: ArgumentSource, key: Buffer, mayShow: boolean): CommandArg[] {
  const shown = mayShow ? scores(source) : [];
  const reverse = source.some(['REV'], 35);
  if (key === LEX_KEY) return [...lexes(source), 'BYLEX', ...reverse, ...limit(source, 30)];
  if (source.percent(50)) return [...ranks(source), ...reverse, ...shown, ...limit(source, 2)];
  return [
    ...bounds(source),
    ...source.prng.shuffle(['BYSCORE', ...reverse, ...shown]),
    ...limit(source, 30),
  ];
}

function storeRange(source: ArgumentSource): GeneratedCommand {
  const target = source.prng.pick(SMALL_KEYS);
  const key = source.prng.pick(SMALL_KEYS);
  const args = ['ZRANGESTORE', target, key, ...rangeOf(source, key, false)];
  return generated(args, { keys: [target, key] });
}

function inputs(source: ArgumentSource): Buffer[] {
  return Array.from({ length: source.prng.between(1, 3) }, () =>
    source.percent(3) ? source.key() : source.prng.pick(SMALL_KEYS),
  );
}

function combine(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const keys = inputs(source);
  const name = prng.pick(['ZUNION', 'ZINTER', 'ZDIFF']);
  const count = source.percent(3) ? prng.pick(['0', 'x', '9', '-1']) : keys.length;
  const isWeighted = source.percent(30);
  const weights = isWeighted
    ? ['WEIGHTS', ...keys.map(() => prng.pick(['1', '2', '-1', '0']))]
    : [];
  const aggregate = prng.pick(['SUM', 'MIN', 'max', 'avg']);
  const isNamed = source.percent(40);
  const options = [...weights, ...(isNamed ? ['AGGREGATE', aggregate] : [])];
  const mayWeigh = name !== 'ZDIFF' || source.percent(5);
  if (source.percent(50)) {
    const shown = scores(source);
    return generated([name, count, ...keys, ...(mayWeigh ? options : []), ...shown], { keys });
  }
  // What is weighted or summed up does not come back as an input.
  const isTame = name === 'ZDIFF' || (!isWeighted && isNamed && aggregate !== 'SUM');
  const target = isTame ? prng.pick(SMALL_KEYS) : SUM_KEY;
  const args = [`${name}STORE`, target, count, ...keys, ...(mayWeigh ? options : [])];
  return generated(args, { keys: [target, ...keys] });
}

function countCommon(source: ArgumentSource): GeneratedCommand {
  const keys = inputs(source);
  const option = source.percent(40) ? ['LIMIT', source.prng.pick(['0', '1', '3', '-1', 'x'])] : [];
  return generated(['ZINTERCARD', keys.length, ...keys, ...option], { keys });
}

function popSeveral(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const keys = Array.from({ length: prng.between(1, 3) }, () => prng.pick(SMALL_KEYS));
  const count = source.percent(40) ? ['COUNT', prng.pick(['1', '3', '0', 'x'])] : [];
  const args = ['ZMPOP', keys.length, ...keys, prng.pick(['MIN', 'MAX', 'mid']), ...count];
  return generated(args, { keys });
}

const popCount = ({ prng }: ArgumentSource): CommandArg[] =>
  prng.pick([[], [], [], ['0'], ['1'], ['2'], ['500'], ['-1'], ['x'], ['1', '1']]);

/** A number of picks that leaves no choice. */
function pickAll(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const key = zsetKey(source);
  const count = source.percent(10) ? prng.pick(BAD_INTEGERS) : prng.pick(['5000', '0', '99999']);
  const option = prng.pick([[], [], ['WITHSCORES'], ['withscores'], ['VALUES']]);
  const args = ['ZRANDMEMBER', key, count, ...option];
  return generated(args, { keys: [key], comparison: UNORDERED, fixed: true });
}

/** All in one page, without any member: their order in a large one is left open. */
function scan(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const key = zsetKey(source);
  const bad = [['COUNT', '0'], ['COUNT', 'x'], ['MATCH'], ['TYPE', 'zset'], ['FOO']];
  const cursor = source.percent(5) ? prng.pick(['x', '-', '', '18446744073709551616']) : '0';
  const options = source.percent(20) ? prng.pick(bad) : ['MATCH', 'nothing like it'];
  const args = ['ZSCAN', key, cursor, ...options, 'COUNT', '100000'];
  return generated(args, { keys: [key], fixed: true });
}

export const SORTED_SET_FAMILY: CommandFamily = {
  name: 'sorted-set',
  recipes: [
    keyRecipe('ZADD', 60, add, zsetKey),
    keyRecipe(
      'ZINCRBY',
      15,
      (s, key) => [increment(s), member(s, key)],
      (s) => s.prng.pick(SMALL_KEYS),
    ),
    keyRecipe('ZREM', 15, members, zsetKey),
    keyRecipe('ZSCORE', 10, one, zsetKey),
    keyRecipe('ZMSCORE', 6, members, zsetKey),
    keyRecipe('ZRANK', 8, one, zsetKey),
    keyRecipe('ZREVRANK', 6, one, zsetKey),
    keyRecipe('ZCARD', 6, none, zsetKey),
    keyRecipe('ZRANGE', 25, (s, key) => rangeOf(s, key, true), zsetKey),
    keyRecipe('ZREVRANGE', 6, (s) => [...ranks(s), ...scores(s)], zsetKey),
    keyRecipe('ZRANGEBYSCORE', 8, (s) => [...bounds(s), ...scores(s), ...limit(s, 30)], zsetKey),
    keyRecipe('ZREVRANGEBYSCORE', 8, (s) => [...bounds(s), ...limit(s, 30), ...scores(s)], zsetKey),
    keyRecipe('ZRANGEBYLEX', 6, (s) => [...lexes(s), ...limit(s, 30)], lexKey),
    keyRecipe('ZREVRANGEBYLEX', 6, (s) => [...lexes(s), ...limit(s, 30)], lexKey),
    keyRecipe('ZCOUNT', 6, bounds, zsetKey),
    keyRecipe('ZLEXCOUNT', 6, lexes, lexKey),
    keyRecipe('ZREMRANGEBYRANK', 4, ranks, zsetKey),
    keyRecipe('ZREMRANGEBYSCORE', 4, bounds, zsetKey),
    keyRecipe('ZREMRANGEBYLEX', 4, lexes, lexKey),
    keyRecipe('ZPOPMIN', 6, popCount, zsetKey),
    keyRecipe('ZPOPMAX', 6, popCount, zsetKey),
    { name: 'ZMPOP', weight: 6, make: popSeveral },
    { name: 'ZRANGESTORE', weight: 8, make: storeRange },
    { name: 'ZUNION', weight: 30, make: combine },
    { name: 'ZINTERCARD', weight: 6, make: countCommon },
    keyRecipe('ZRANDMEMBER', 3, none, zsetKey, SAME_KIND),
    { name: 'ZRANDMEMBER', weight: 4, make: pickAll },
    { name: 'ZSCAN', weight: 5, make: scan },
    keyRecipe('OBJECT ENCODING', 6, none, zsetKey),
    keyRecipe('DUMP', 4, none, zsetKey),
    keyRecipe('DEL', 4, none, zsetKey),
    keyRecipe('EXPIRE', 3, (s) => [s.relativeSeconds()], zsetKey),
    keyRecipe(
      'RENAME',
      2,
      (s) => [s.prng.pick(SMALL_KEYS)],
      (s) => s.prng.pick(SMALL_KEYS),
    ),
    keyRecipe(
      'COPY',
      4,
      (s) => [s.prng.pick(SMALL_KEYS), 'REPLACE'],
      (s) => s.prng.pick(SMALL_KEYS),
    ),
  ],
  readers: [
    { type: 'zset', command: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'], comparison: EXACT },
  ],
};
