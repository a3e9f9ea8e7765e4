/**
 * The family of set commands, on keys of their own with few members, so that they meet, and sets
 * that grow over every threshold; sometimes on the keys of the others. What is left to chance is
 * compared by its kind, and what a SPOP leaves behind is removed at once.
 */
import { SAME_KIND, UNORDERED } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type CommandRecipe,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { GLOBS } from './key-pool.ts';
import { BAD_INTEGERS } from './value-texts.ts';

const KEYS: readonly Buffer[] = [
  ...['s:0', 's:1', 's:2', 's{t1}', 's{user:7}', 's:ints', 's:ints{t1}'],
  ...['s:many', 's:many{t1}', 's:many-ints', 's:long'],
].map((key) => Buffer.from(key));

const EDGES: readonly (string | Buffer)[] = [
  ...['32767', '32768', '-32768', '-32769', '2147483647', '-2147483648', '2147483648'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-0', '007', '+1'],
  ...['', 'a\0b', Buffer.from([0, 255, 128]), 'x'.repeat(64), 'x'.repeat(65), 'y'.repeat(300)],
];
const MEMBERS = 12;
/** More members than any packed set has. */
const MANY = 700;
const LONG_BYTES = 60;
/** More picks than any set here has members. */
const ALL = 100_000;

const ownKey = (source: ArgumentSource): Buffer => source.prng.pick(KEYS);

/** Sometimes a key of the others, which gets integers only: any set that is dumped has an order. */
const setKey = (source: ArgumentSource): Buffer =>
  source.percent(4) ? source.key() : ownKey(source);

function member(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  if (!KEYS.includes(key)) return String(prng.below(MEMBERS));
  const isInteger = key.includes('ints') || source.percent(30);
  if (source.percent(key.includes('ints') ? 1 : 5)) return prng.pick(EDGES);
  if (key.includes('long')) return 'l'.repeat(LONG_BYTES + prng.below(6));
  const number = prng.below(key.includes('many') ? MANY : MEMBERS);
  return isInteger ? String(number * (number % 3 === 0 ? 70_000 : 1) - 5) : `m${number}`;
}

function members(source: ArgumentSource, key: Buffer): CommandArg[] {
  const isMany = key.includes('many') && source.percent(25);
  const count = source.prng.between(1, isMany ? 200 : 4);
  return Array.from({ length: count }, () => member(source, key));
}

function keys(source: ArgumentSource): Buffer[] {
  return Array.from({ length: source.prng.between(1, 4) }, () => setKey(source));
}

function algebra(name: string, weight: number): CommandRecipe {
  const make = (source: ArgumentSource) => {
    const named = keys(source);
    return generated([name, ...named], { keys: named, comparison: UNORDERED });
  };
  return { name, weight, make };
}

function algebraStore(name: string, weight: number): CommandRecipe {
  const make = (source: ArgumentSource) => {
    const named = [ownKey(source), ...keys(source)];
    return generated([name, ...named], { keys: named });
  };
  return { name, weight, make };
}

function makeInterCard(source: ArgumentSource): GeneratedCommand {
  const named = keys(source);
  const limit = source.percent(40) ? ['LIMIT', source.integer(0, 5)] : [];
  const count = source.percent(5) ? source.prng.pick(['0', '-1', 'x', '9']) : named.length;
  return generated(['SINTERCARD', count, ...named, ...limit], { keys: named });
}

function makeMove(source: ArgumentSource): GeneratedCommand {
  const pair = [setKey(source), ownKey(source)];
  const which = member(source, source.prng.pick(pair));
  return generated(['SMOVE', ...pair, which], { keys: pair });
}

/** What is left after chance has chosen differs on two servers, so nothing is left. */
function makePop(source: ArgumentSource): GeneratedCommand[] {
  const key = setKey(source);
  const count = source.percent(40) ? [] : [source.prng.pick(['0', '1', '2', '40', '600'])];
  const details = { keys: [key], fixed: true };
  return [
    generated(['SPOP', key, ...count], { ...details, comparison: SAME_KIND }),
    generated(['SCARD', key], details),
    generated(['DEL', key], details),
  ];
}

function makePopAll(source: ArgumentSource): GeneratedCommand {
  const key = setKey(source);
  const count = source.percent(30) ? source.prng.pick(['-1', 'x', '1.5', '']) : ALL;
  const details = { label: 'SPOP (all)', keys: [key], fixed: true };
  return generated(['SPOP', key, count], { ...details, comparison: UNORDERED });
}

function makePick(source: ArgumentSource): GeneratedCommand {
  const key = setKey(source);
  const details = { keys: [key], fixed: true };
  if (source.percent(40)) {
    const count = source.prng.pick([ALL, '0', '-9223372036854775808', 'x']);
    return generated(['SRANDMEMBER', key, count], { ...details, comparison: UNORDERED });
  }
  const count = source.percent(50) ? [] : [source.prng.pick(['1', '3', '-1', '-5', '200'])];
  return generated(['SRANDMEMBER', key, ...count], { ...details, comparison: SAME_KIND });
}

/** A whole walk: its pages are an implementation's own business. */
function makeScanWalk(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const key = setKey(source);
  const options: CommandArg[][] = [];
  if (source.percent(50)) options.push(['MATCH', prng.pick([...GLOBS, 'm1*', '*5'])]);
  if (source.percent(60)) options.push(['COUNT', String(prng.pick([3, 10, 50, 1000]))]);
  if (source.percent(8)) options.push([prng.pick(['FOO', 'COUNT', 'MATCH', ''])]);
  if (source.percent(4)) options.push(['COUNT', prng.pick(BAD_INTEGERS)]);
  return generated(['SSCAN', key, '0', ...options.flat()], {
    keys: [key],
    comparison: UNORDERED,
    procedure: 'scan-walk',
  });
}

export const SET_FAMILY: CommandFamily = {
  name: 'set',
  recipes: [
    keyRecipe('SADD', 60, members, setKey),
    keyRecipe('SREM', 25, members, setKey),
    keyRecipe('SCARD', 8, () => [], setKey),
    keyRecipe('SMEMBERS', 15, () => [], setKey, UNORDERED),
    keyRecipe('SISMEMBER', 10, (source, key) => [member(source, key)], setKey),
    keyRecipe('SMISMEMBER', 10, members, setKey),
    { name: 'SMOVE', weight: 15, make: makeMove },
    algebra('SINTER', 12),
    algebra('SUNION', 10),
    algebra('SDIFF', 10),
    algebraStore('SINTERSTORE', 8),
    algebraStore('SUNIONSTORE', 6),
    algebraStore('SDIFFSTORE', 8),
    { name: 'SINTERCARD', weight: 10, make: makeInterCard },
    { name: 'SPOP', weight: 5, make: makePop },
    { name: 'SPOP (all)', weight: 2, make: makePopAll },
    { name: 'SRANDMEMBER', weight: 12, make: makePick },
    { name: 'SSCAN', weight: 12, make: makeScanWalk },
    keyRecipe('OBJECT ENCODING', 15, () => [], ownKey),
    keyRecipe('DUMP', 4, () => [], ownKey, SAME_KIND),
    keyRecipe('DEL', 3, () => [], ownKey),
    {
      name: 'RENAME',
      weight: 3,
      make: (source) => {
        const pair = [ownKey(source), ownKey(source)];
        return generated([source.prng.pick(['RENAME', 'COPY']), ...pair], { keys: pair });
      },
    },
  ],
  readers: [{ type: 'set', command: (key) => ['SMEMBERS', key], comparison: UNORDERED }],
};
