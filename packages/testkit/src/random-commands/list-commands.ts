/**
 * The family of list commands and SORT, on keys of their own with few elements, so that they meet,
 * and lists that grow over every threshold; sometimes on the keys of the others, which hold other
 * types. Nothing that waits.
 */
import { EXACT, UNORDERED } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { BAD_INTEGERS, EDGE_INTEGERS } from './value-texts.ts';

const KEYS: readonly Buffer[] = [
  ...['l:0', 'l:1', 'l:2', 'l:3', 'l{t1}', 'l{user:7}', 'l:wide', 'l:many', 'l:many{t1}'],
].map((key) => Buffer.from(key));

const ELEMENTS: readonly (string | Buffer)[] = [
  ...['0', '1', '2', '3', '4', '5', 'a', 'b', 'c', '', '-1', '007', '127', '128', '4096'],
  ...['-4097', '8388608', '2147483648', '9223372036854775807', '9223372036854775808'],
  ...['x'.repeat(63), 'x'.repeat(64), 'y'.repeat(200), Buffer.from([0, 255, 10, 13])],
];
const COMMON = 9;
/** Lengths around the size of a node, and far beyond. */
const WIDE: readonly number[] = [1000, 3000, 4093, 4096, 8184, 8186, 20_000];
const ENDS: readonly string[] = ['LEFT', 'RIGHT'];
/** Other keys that can be sorted, and that are named by elements. */
const SORTABLE: readonly string[] = ['s:0', 's:1', 'z:0', 'z:1'];
const PATTERNS: readonly string[] = ['n:*', 'k:*', 'h:*->a', '#', 'none:*', 'nosort', 'l:*', '*'];

const listKey = (source: ArgumentSource): Buffer =>
  source.percent(4) ? source.key() : source.prng.pick(KEYS);

function element(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  if (key.includes('many')) return `job:${prng.below(300)}`;
  if (key.includes('wide') && source.percent(20)) return 'w'.repeat(prng.pick(WIDE));
  if (source.percent(3)) return prng.bytes(prng.below(90));
  return prng.pick(source.percent(80) ? ELEMENTS.slice(0, COMMON) : ELEMENTS);
}

function elements(source: ArgumentSource, key: Buffer): CommandArg[] {
  const most = key.includes('many') ? 300 : 4;
  const count = source.prng.between(1, source.percent(20) ? most : 2);
  return Array.from({ length: count }, () => element(source, key));
}

function index(source: ArgumentSource, key: Buffer): CommandArg {
  const most = key.includes('many') ? 700 : 8;
  return source.integer(-most, most);
}

/** A number of elements to take from an end, mostly few. */
function count(source: ArgumentSource, key: Buffer): CommandArg {
  if (source.percent(8)) return source.prng.pick([...BAD_INTEGERS, ...EDGE_INTEGERS]);
  return source.prng.below(key.includes('many') && source.percent(20) ? 500 : 4);
}

/** Its two ends keep most of a list. */
function trim(source: ArgumentSource, key: Buffer): CommandArg[] {
  if (source.percent(30)) return [index(source, key), index(source, key)];
  return [source.prng.below(3), -1 - source.prng.below(3)];
}

function positions(source: ArgumentSource, key: Buffer): CommandArg[] {
  const options = source.some(['RANK', 'COUNT', 'MAXLEN'], 30);
  return [element(source, key), ...options.flatMap((name) => [name, index(source, key)])];
}

function insert(source: ArgumentSource, key: Buffer): CommandArg[] {
  const where = source.prng.pick(['BEFORE', 'AFTER', source.percent(10) ? 'AT' : 'BEFORE']);
  return [where, element(source, key), element(source, key)];
}

const end = (source: ArgumentSource): CommandArg =>
  source.percent(2) ? 'MIDDLE' : source.prng.pick(ENDS);

function makeMultiplePop(source: ArgumentSource): GeneratedCommand {
  const keys = Array.from({ length: source.prng.between(1, 3) }, () => listKey(source));
  const given = source.percent(95) ? keys.length : source.integer(-1, 4);
  const rest = source.percent(50) ? ['COUNT', count(source, keys[0]!)] : [];
  return generated(['LMPOP', given, ...keys, end(source), ...rest], { keys });
}

function makeMove(source: ArgumentSource): GeneratedCommand {
  const keys = [listKey(source), listKey(source)];
  const args = source.percent(30)
    ? ['RPOPLPUSH', ...keys]
    : ['LMOVE', ...keys, end(source), end(source)];
  return generated(args, { keys });
}

/**
 * What is stored depends on no number: this oracle takes a number for one out of range when one
 * before it was. And nothing is compared that leaves the order open.
 */
function makeSort(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const isSet = source.percent(30);
  const key = isSet ? Buffer.from(prng.pick(SORTABLE)) : listKey(source);
  const keys = [key];
  const options: CommandArg[] = [];
  // Redis takes a text to end at a zero byte: where set members are the same up to there, their
  // order is that of the set, so it is left open, and not stored either.
  const stores = !isSet && source.percent(25);
  const by = prng.pick(PATTERNS);
  if (stores) {
    if (source.percent(30)) options.push('BY', 'nosort');
    else options.push('ALPHA');
  } else if (source.percent(40)) {
    if (by.includes('*') || !isSet) options.push('BY', by);
  } else if (source.percent(60)) {
    options.push('ALPHA');
  }
  if (!isSet && source.percent(40)) options.push('LIMIT', index(source, key), index(source, key));
  while (source.percent(25)) options.push('GET', prng.pick(PATTERNS));
  options.push(...source.some(['ASC', 'DESC'], 30));
  if (!stores) {
    const name = source.percent(20) ? 'SORT_RO' : 'SORT';
    const comparison = isSet ? UNORDERED : EXACT;
    return generated([name, key, ...options], { keys, label: 'SORT', comparison });
  }
  keys.push(listKey(source));
  return generated(['SORT', key, ...options, 'STORE', keys[1]!], { keys, label: 'SORT STORE' });
}

const none = (): CommandArg[] => [];

export const LIST_FAMILY: CommandFamily = {
  name: 'list',
  recipes: [
    keyRecipe('LPUSH', 30, elements, listKey),
    keyRecipe('RPUSH', 30, elements, listKey),
    keyRecipe('LPUSHX', 6, elements, listKey),
    keyRecipe('RPUSHX', 6, elements, listKey),
    keyRecipe('LPOP', 15, (s, key) => (s.percent(60) ? [] : [count(s, key)]), listKey),
    keyRecipe('RPOP', 15, (s, key) => (s.percent(60) ? [] : [count(s, key)]), listKey),
    keyRecipe('LLEN', 8, none, listKey),
    keyRecipe('LINDEX', 10, (s, key) => [index(s, key)], listKey),
    keyRecipe('LRANGE', 12, (s, key) => [index(s, key), index(s, key)], listKey),
    keyRecipe('LSET', 15, (s, key) => [index(s, key), element(s, key)], listKey),
    keyRecipe('LINSERT', 15, insert, listKey),
    keyRecipe('LREM', 12, (s, key) => [s.integer(-3, 3), element(s, key)], listKey),
    keyRecipe('LTRIM', 8, trim, listKey),
    keyRecipe('LPOS', 12, positions, listKey),
    { name: 'LMOVE', weight: 20, make: makeMove },
    { name: 'LMPOP', weight: 12, make: makeMultiplePop },
    { name: 'SORT', weight: 20, make: makeSort },
    keyRecipe('OBJECT ENCODING', 6, none, listKey),
    keyRecipe('DUMP', 4, none, listKey),
    keyRecipe('DEL', 2, none, listKey),
    keyRecipe('EXPIRE', 3, (s) => [s.relativeSeconds()], listKey),
    keyRecipe('RENAME', 2, (s) => [s.prng.pick(KEYS)], listKey),
    keyRecipe('COPY', 4, (s) => [s.prng.pick(KEYS), 'REPLACE'], listKey),
  ],
  readers: [{ type: 'list', command: (key) => ['LRANGE', key, 0, -1], comparison: EXACT }],
};
