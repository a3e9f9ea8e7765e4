// KEYS and RANDOMKEY: reads over the whole database.

import { globMatch, SHARD_COUNT } from '@forgekv/base';
import { SHARD_END } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { FoundKeys, GATED, keyOf, SLICE_KEYS, walkSlice } from './key-walk.ts';

/** RANDOMKEY picks one of so many neighbours. */
const SAMPLE_KEYS = 64;

const found = new FoundKeys();

/**
 * KEYS pattern. Redis: nothing else runs meanwhile; here a key that is renamed during the call may
 * be missing from the answer, or be there under both names.
 */
export function keys(c: CommandContext): Outcome {
  // A copy: compared with keys for longer than one command function usually takes.
  const pattern = c.request.copy(1);
  const all = pattern.length === 1 && pattern[0] === 42;
  found.clear();
  const visit = (entry: number) => {
    if (all || globMatch(pattern, keyOf(c, entry), false)) found.add(c, entry);
  };
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    if (c.databases.keysOfShard(c.db, shard) === 0) continue;
    let position = 0;
    while (position < SHARD_END) {
      position = walkSlice(c, shard, position, SLICE_KEYS, visit);
      if (position === GATED) return c.refuse(NOT_HERE);
    }
  }
  found.reply(c);
  return DONE;
}

/**
 * RANDOMKEY. A shard is drawn by its share of the keys, then one of SAMPLE_KEYS neighbours in it:
 * exactly fair in a shard with fewer keys, else as fair as the sum of so many random gaps.
 */
export function randomKey(c: CommandContext): Outcome {
  const first = drawShard(c);
  for (let i = 0; i < SHARD_COUNT; i++) {
    const shard = (first + i) % SHARD_COUNT;
    if (c.databases.keysOfShard(c.db, shard) === 0) continue;
    const key = sampleShard(c, shard);
    if (key === GATED) return c.refuse(NOT_HERE);
    if (key === null) continue;
    c.reply.bulk(key, 0, key.length);
    return DONE;
  }
  c.reply.null();
  return DONE;
}

/** Draws a shard with the probability of its share of the database's keys. */
function drawShard(c: CommandContext): number {
  const { databases } = c;
  let rest = c.random.below(Math.max(1, databases.keys(c.db)));
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    rest -= databases.keysOfShard(c.db, shard);
    if (rest < 0) return shard;
  }
  return 0;
}

/**
 * Returns one of the live keys behind a random position of the shard, where it goes on from the
 * start; null: there is none.
 */
function sampleShard(c: CommandContext, shard: number): Buffer | null | typeof GATED {
  const all = c.databases.keysOfShard(c.db, shard) <= SAMPLE_KEYS;
  let position = all ? 0 : c.random.uint32();
  let chosen: Buffer | null = null;
  let seen = 0;
  const visit = (entry: number) => {
    // Reservoir sampling: the n-th key takes the place with probability 1/n.
    if (c.random.below(++seen) === 0) chosen = Buffer.from(keyOf(c, entry));
  };
  let canWrap = !all;
  while (seen < SAMPLE_KEYS) {
    position = walkSlice(c, shard, position, SAMPLE_KEYS - seen, visit);
    if (position === GATED) return GATED;
    if (position < SHARD_END) continue;
    if (!canWrap) break;
    canWrap = false;
    position = 0;
  }
  return chosen;
}
