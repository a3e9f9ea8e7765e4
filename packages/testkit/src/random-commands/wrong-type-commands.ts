/**
 * A family that puts lists, hashes, sets and sorted sets on the shared keys, so that the others
 * meet WRONGTYPE. Not part of the default families: it needs a server that has those types.
 */
import { EXACT, UNORDERED } from '../compare-replies.ts';
import { type CommandFamily, keyRecipe } from './generated-command.ts';

const MEMBERS: readonly string[] = ['a', 'b', 'c', '1', '2', 'x'.repeat(70)];

export const WRONG_TYPE_FAMILY: CommandFamily = {
  name: 'wrong-type',
  recipes: [
    keyRecipe('RPUSH', 5, ({ prng }) => [prng.pick(MEMBERS)]),
    keyRecipe('HSET', 5, ({ prng }) => [prng.pick(MEMBERS), prng.pick(MEMBERS)]),
    keyRecipe('SADD', 5, ({ prng }) => [prng.pick(MEMBERS)]),
    keyRecipe('ZADD', 5, ({ prng }) => [String(prng.below(5)), prng.pick(MEMBERS)]),
  ],
  readers: [
    { type: 'list', command: (key) => ['LRANGE', key, 0, -1], comparison: EXACT },
    { type: 'hash', command: (key) => ['HGETALL', key], comparison: UNORDERED },
    { type: 'set', command: (key) => ['SMEMBERS', key], comparison: UNORDERED },
    { type: 'zset', command: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'], comparison: EXACT },
  ],
};
