/**
 * The family of hash commands, on keys of their own with few fields, so that they meet, and hashes
 * that grow over every threshold; sometimes on the keys of the others, which hold other types.
 * Times of fields are newer than the oracle.
 */
import { SAME_KIND, UNORDERED } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { BAD_FLOATS, BAD_INTEGERS, EDGE_FLOATS } from './value-texts.ts';

const KEYS: readonly Buffer[] = [
  ...['h:0', 'h:1', 'h:2', 'h:3', 'h{t1}', 'h{user:7}', 'h:wide', 'h:many', 'h:many{t1}'],
].map((key) => Buffer.from(key));

const FIELDS: readonly (string | Buffer)[] = [
  ...['a', 'b', 'c', 'd', 'e', '', '1', '-1', '007', 'n1', 'n2', 'f1', 'x'.repeat(64)],
  ...['x'.repeat(65), Buffer.from([0, 255, 10, 13]), '9223372036854775807', '__proto__'],
];
const COMMON = 12;
/** More fields than a packed hash has. */
const MANY = 700;

const hashKey = (source: ArgumentSource): Buffer =>
  source.percent(4) ? source.key() : source.prng.pick(KEYS);

function field(source: ArgumentSource, key: Buffer): CommandArg {
  if (key.includes('many')) return `field ${source.prng.below(MANY)}`;
  return source.prng.pick(source.percent(92) ? FIELDS.slice(0, COMMON) : FIELDS);
}

function value(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  if (source.percent(40)) return source.integer(-1000, 1000);
  if (key.includes('wide')) return 'w'.repeat(prng.below(70));
  if (source.percent(3)) return prng.bytes(prng.below(90));
  return `value ${prng.below(1000)}`;
}

function fields(source: ArgumentSource, key: Buffer, most: number): CommandArg[] {
  return Array.from({ length: source.prng.between(1, most) }, () => field(source, key));
}

function pairs(source: ArgumentSource, key: Buffer): CommandArg[] {
  const { prng } = source;
  const most = key.includes('many') ? 60 : 4;
  const count = prng.between(1, source.percent(30) ? most : 2);
  const made = Array.from({ length: count }, () => [field(source, key), value(source, key)]);
  return source.percent(2) ? made.flat().slice(1) : made.flat();
}

function float(source: ArgumentSource): CommandArg {
  const { prng } = source;
  if (source.percent(8)) return prng.pick(BAD_FLOATS);
  return source.percent(20) ? prng.pick(EDGE_FLOATS) : (prng.below(2000) / 8 - 100).toString();
}

/** A number of picks that leaves no choice: all, more than all, none, or no number. */
function pickAll(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const key = hashKey(source);
  const count = source.percent(10) ? prng.pick(BAD_INTEGERS) : prng.pick(['5000', '0', '99999']);
  const option = prng.pick([[], [], ['WITHVALUES'], ['withvalues'], ['VALUES']]);
  const args = ['HRANDFIELD', key, count, ...option];
  return generated(args, { keys: [key], comparison: UNORDERED, fixed: true });
}

/** All in one page, without any field: their order in a large hash is left open. */
function scanOptions(source: ArgumentSource): CommandArg[] {
  const { prng } = source;
  const bad = [['COUNT', '0'], ['COUNT', 'x'], ['MATCH'], ['TYPE', 'hash'], ['FOO']];
  const cursor = source.percent(5) ? prng.pick(['x', '-', '', '18446744073709551616']) : '0';
  const options = source.percent(20) ? prng.pick(bad) : ['MATCH', 'nothing like it'];
  return [cursor, ...options, 'COUNT', '100000'];
}

const one = (source: ArgumentSource, key: Buffer): CommandArg[] => [field(source, key)];
const none = (): CommandArg[] => [];

export const HASH_FAMILY: CommandFamily = {
  name: 'hash',
  recipes: [
    keyRecipe('HSET', 60, pairs, hashKey),
    keyRecipe('HMSET', 8, pairs, hashKey),
    keyRecipe('HSETNX', 12, (s, key) => [field(s, key), value(s, key)], hashKey),
    keyRecipe('HGET', 20, one, hashKey),
    keyRecipe('HMGET', 10, (s, key) => fields(s, key, 6), hashKey),
    keyRecipe('HGETALL', 10, none, hashKey, UNORDERED),
    keyRecipe('HKEYS', 6, none, hashKey, UNORDERED),
    keyRecipe('HVALS', 6, none, hashKey, UNORDERED),
    keyRecipe('HDEL', 25, (s, key) => fields(s, key, key.includes('many') ? 40 : 3), hashKey),
    keyRecipe('HEXISTS', 8, one, hashKey),
    keyRecipe('HLEN', 10, none, hashKey),
    keyRecipe('HSTRLEN', 8, one, hashKey),
    keyRecipe('HINCRBY', 20, (s, key) => [field(s, key), s.integer(-50, 50)], hashKey),
    keyRecipe('HINCRBYFLOAT', 12, (s, key) => [field(s, key), float(s)], hashKey),
    keyRecipe('HRANDFIELD', 4, none, hashKey, SAME_KIND),
    { name: 'HRANDFIELD', weight: 6, make: pickAll },
    keyRecipe('HSCAN', 6, scanOptions, hashKey),
    keyRecipe('OBJECT ENCODING', 8, none, hashKey),
    keyRecipe('DEL', 3, none, hashKey),
    keyRecipe('EXPIRE', 3, (s) => [s.relativeSeconds()], hashKey),
    keyRecipe('RENAME', 2, (s) => [s.prng.pick(KEYS)], hashKey),
    keyRecipe('COPY', 4, (s) => [s.prng.pick(KEYS), 'REPLACE'], hashKey),
  ],
  readers: [{ type: 'hash', command: (key) => ['HGETALL', key], comparison: UNORDERED }],
};
