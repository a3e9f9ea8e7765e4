/**
 * The family of stream commands, on keys of their own with few ids, groups and consumers, so that
 * they meet; sometimes on the keys of the others, which hold other types. Nothing that waits, no
 * generated ids, and nothing whose reply depends on the time: no XINFO CONSUMERS, no XINFO STREAM.
 */
import { EXACT } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';

const KEYS: readonly Buffer[] = ['x:0', 'x:1', 'x{t1}', 'x:many'].map((key) => Buffer.from(key));
const GROUPS: readonly string[] = ['g', 'h'];
const CONSUMERS: readonly string[] = ['a', 'b', 'c'];
const BAD_IDS: readonly string[] = ['', 'x', '1-', '-1', '1-x', '18446744073709551616', '$', '>'];
const EDGE_IDS: readonly string[] = [
  '0',
  '0-0',
  '007',
  '18446744073709551615-18446744073709551615',
];
const VALUES: readonly string[] = ['', 'a', '1', '127', '-4097', '9223372036854775807', '01'];
/** Ids are of so many milliseconds, but for those that are added one behind the other. */
const MOST_MS = 60;
const HUGE_IDLE = '1000000000000';

const streamKey = (source: ArgumentSource): Buffer =>
  source.percent(4) ? source.key() : source.prng.pick(KEYS);

function id({ prng }: ArgumentSource): string {
  const draw = prng.below(40);
  if (draw === 0) return prng.pick(BAD_IDS);
  if (draw === 1) return prng.pick(EDGE_IDS);
  const ms = 1 + prng.below(MOST_MS);
  return draw < 15 ? `${ms}` : `${ms}-${prng.below(4)}`;
}

function bound(source: ArgumentSource): string {
  const given = source.percent(40) ? source.prng.pick(['-', '+']) : id(source);
  return source.percent(10) ? `(${given}` : given;
}

/** Mostly the next one, whatever that is. */
function newId(source: ArgumentSource): string {
  if (source.percent(60)) return `${1 + source.prng.below(MOST_MS * 2)}-*`;
  return id(source);
}

const ids = (source: ArgumentSource): string[] =>
  Array.from({ length: source.prng.between(1, 4) }, () => id(source));

function fields(source: ArgumentSource): CommandArg[] {
  const { prng } = source;
  const pairs = source.percent(70) ? 2 : prng.between(1, 4);
  return Array.from({ length: pairs }, (_, i) => [
    source.percent(80) ? `f${i}` : prng.pick(VALUES),
    source.percent(5) ? prng.bytes(prng.below(3000)) : prng.pick(VALUES),
  ]).flat();
}

function trim(source: ArgumentSource): CommandArg[] {
  const { prng } = source;
  const limit = source.percent(15) ? ['LIMIT', source.integer(0, 30)] : [];
  const mark = prng.pick([['~'], ['='], []]);
  if (source.percent(60)) return ['MAXLEN', ...mark, source.integer(0, 40), ...limit];
  return ['MINID', ...mark, id(source), ...limit];
}

const count = (source: ArgumentSource): CommandArg[] =>
  source.percent(50) ? [] : ['COUNT', source.integer(1, 9)];

const group = ({ prng }: ArgumentSource): string => prng.pick(GROUPS);
const consumer = ({ prng }: ArgumentSource): string => prng.pick(CONSUMERS);

function add(source: ArgumentSource): CommandArg[] {
  const options = [
    ...(source.percent(8) ? ['NOMKSTREAM'] : []),
    ...(source.percent(15) ? trim(source) : []),
  ];
  return [...options, newId(source), ...fields(source)];
}

/** Many at once: more than a node takes. */
function makeMany(source: ArgumentSource): GeneratedCommand[] {
  const key = KEYS.at(-1)!;
  return Array.from({ length: source.prng.between(20, 120) }, () =>
    generated(['XADD', key, `${MOST_MS * 2}-*`, ...fields(source)], {
      keys: [key],
      label: 'XADD many',
    }),
  );
}

function makeRead(source: ArgumentSource): GeneratedCommand {
  const keys = Array.from({ length: source.prng.between(1, 2) }, () => streamKey(source));
  const from = keys.map(() => (source.percent(8) ? '$' : id(source)));
  return generated(['XREAD', ...count(source), 'STREAMS', ...keys, ...from], { keys });
}

function makeReadGroup(source: ArgumentSource): GeneratedCommand {
  const keys = Array.from({ length: source.prng.between(1, 2) }, () => streamKey(source));
  const from = keys.map(() => (source.percent(75) ? '>' : id(source)));
  const noAck = source.percent(12) ? ['NOACK'] : [];
  const head = ['XREADGROUP', 'GROUP', group(source), consumer(source)];
  return generated([...head, ...count(source), ...noAck, 'STREAMS', ...keys, ...from], { keys });
}

function claim(source: ArgumentSource): CommandArg[] {
  const options = source.some(['FORCE', 'JUSTID'], 30);
  if (source.percent(15)) options.push('RETRYCOUNT', String(source.prng.below(9)));
  if (source.percent(10)) options.push('LASTID', id(source));
  return [group(source), consumer(source), idle(source), ...ids(source), ...options];
}

const idle = (source: ArgumentSource): string => (source.percent(80) ? '0' : HUGE_IDLE);

function autoClaim(source: ArgumentSource): CommandArg[] {
  const just = source.percent(30) ? ['JUSTID'] : [];
  // Redis asks for memory for all it may find at once: none for very many.
  const most = source.percent(50) ? [] : ['COUNT', String(source.prng.below(9))];
  return [group(source), consumer(source), idle(source), bound(source), ...most, ...just];
}

function create(source: ArgumentSource): CommandArg[] {
  const from = source.percent(30) ? '$' : source.percent(50) ? '0' : id(source);
  const make = source.percent(50) ? ['MKSTREAM'] : [];
  return [group(source), from, ...make, ...entriesRead(source)];
}

function entriesRead(source: ArgumentSource): CommandArg[] {
  return source.percent(15) ? ['ENTRIESREAD', source.prng.pick(['-1', '0', '7', 'x', '-2'])] : [];
}

/** None below what was removed, which 7.0 accepts. */
const lastId = (source: ArgumentSource): CommandArg[] => [
  `${MOST_MS * 2 + source.prng.below(9)}-${source.prng.below(2)}`,
];

const none = (): CommandArg[] => [];

export const STREAM_FAMILY: CommandFamily = {
  name: 'stream',
  recipes: [
    keyRecipe('XADD', 60, add, streamKey),
    { name: 'XADD many', weight: 3, make: makeMany },
    keyRecipe('XTRIM', 8, trim, streamKey),
    keyRecipe('XDEL', 15, ids, streamKey),
    keyRecipe('XLEN', 6, none, streamKey),
    keyRecipe('XRANGE', 15, (s) => [bound(s), bound(s), ...count(s)], streamKey),
    keyRecipe('XREVRANGE', 15, (s) => [bound(s), bound(s), ...count(s)], streamKey),
    keyRecipe('XSETID', 1, lastId, streamKey),
    { name: 'XREAD', weight: 15, make: makeRead },
    { name: 'XREADGROUP', weight: 30, make: makeReadGroup },
    keyRecipe('XGROUP CREATE', 15, create, streamKey),
    keyRecipe('XGROUP SETID', 5, (s) => [group(s), id(s), ...entriesRead(s)], streamKey),
    keyRecipe('XGROUP CREATECONSUMER', 6, (s) => [group(s), consumer(s)], streamKey),
    keyRecipe('XGROUP DELCONSUMER', 3, (s) => [group(s), consumer(s)], streamKey),
    keyRecipe('XGROUP DESTROY', 2, (s) => [group(s)], streamKey),
    keyRecipe('XACK', 15, (s) => [group(s), ...ids(s)], streamKey),
    keyRecipe('XPENDING', 12, (s) => [group(s)], streamKey),
    keyRecipe('XCLAIM', 15, claim, streamKey),
    keyRecipe('XAUTOCLAIM', 12, autoClaim, streamKey),
    keyRecipe('XINFO GROUPS', 10, none, streamKey),
    keyRecipe('OBJECT ENCODING', 3, none, streamKey),
    keyRecipe('DEL', 2, none, streamKey),
    keyRecipe('EXPIRE', 3, (s) => [s.relativeSeconds()], streamKey),
    keyRecipe('RENAME', 2, (s) => [s.prng.pick(KEYS)], streamKey),
    keyRecipe('COPY', 4, (s) => [s.prng.pick(KEYS), 'REPLACE'], streamKey),
  ],
  readers: [{ type: 'stream', command: (key) => ['XRANGE', key, '-', '+'], comparison: EXACT }],
};
