export { InvariantError, invariant } from './assert.ts';
export { globMatch, globMatchBounded } from './glob.ts';
export { crc16, KeyHasher, SHARD_COUNT, SHARD_SHIFT, SLOT_COUNT } from './key-hash.ts';
export { Random } from './random.ts';
