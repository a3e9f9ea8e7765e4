// KEYS and RANDOMKEY: reads over the whole database.

import { globMatch, SHARD_COUNT } from '@forgekv/base';
import { SHARD_END } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, NOT_HERE, type Outcome, PAGING } from '../outcome.ts';
import { replyLimitBytes } from '../reply-limit.ts';
import {
  AWAY,
  asBuffer,
  FoundKeys,
  GATED,
  keyOf,
  PAGE_KEYS,
  SLICE_KEYS,
  walkSlice,
} from './key-walk.ts';

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
  const paged = c.pages.take<FoundKeys>();
  if (paged !== null) {
    if ('problem' in paged) return c.fail(`ERR ${paged.problem}`);
    paged.value.reply(c);
    return DONE;
  }
  const fromStores = (): Outcome => {
    c.pages.begin(storedKeys(c, all ? null : pattern));
    return PAGING;
  };
  if (!isDatabaseComplete(c)) return fromStores();
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
      if (position === AWAY) return fromStores();
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
  const paged = c.pages.take<Uint8Array | null>();
  if (paged !== null) {
    if ('problem' in paged) return c.fail(`ERR ${paged.problem}`);
    if (paged.value === null) c.reply.null();
    else c.reply.bulk(asBuffer(paged.value), 0, paged.value.length);
    return DONE;
  }
  const first = drawShard(c);
  const fromStores = (): Outcome => {
    c.pages.begin(storedSample(c, first));
    return PAGING;
  };
  if (!isDatabaseComplete(c)) return fromStores();
  for (let i = 0; i < SHARD_COUNT; i++) {
    const shard = (first + i) % SHARD_COUNT;
    if (c.databases.keysOfShard(c.db, shard) === 0) continue;
    const key = sampleShard(c, shard);
    if (key === GATED) return c.refuse(NOT_HERE);
    if (key === AWAY) return fromStores();
    if (key === null) continue;
    c.reply.bulk(key, 0, key.length);
    return DONE;
  }
  c.reply.null();
  return DONE;
}

function isDatabaseComplete({ databases, db }: CommandContext): boolean {
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    if (!databases.isComplete(db, shard)) return false;
  }
  return true;
}

/** Collects the keys of a database of which some are only in stores. */
function storedKeys(c: CommandContext, pattern: Buffer | null): () => Promise<FoundKeys> {
  const { pages, databases, db, nowMs } = c;
  const mostBytes = replyLimitBytes(c.config);
  return async () => {
    const keys = new FoundKeys();
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      let position = databases.keysOfShard(db, shard) === 0 ? SHARD_END : 0;
      // Beyond that the reply is not sent anyway.
      while (position < SHARD_END && keys.replyBytes <= mostBytes) {
        const page = await pages.read(shard, db, position, PAGE_KEYS, nowMs);
        for (const key of page.keys) {
          if (pattern === null || globMatch(pattern, asBuffer(key), false)) keys.addKey(key);
        }
        position = page.next;
      }
    }
    return keys;
  };
}

/** Draws one of SAMPLE_KEYS neighbours of a shard, or of the next one that has keys. */
function storedSample(c: CommandContext, first: number): () => Promise<Uint8Array | null> {
  const { pages, databases, db, nowMs, random } = c;
  return async () => {
    for (let i = 0; i < SHARD_COUNT; i++) {
      const shard = (first + i) % SHARD_COUNT;
      const keys = databases.keysOfShard(db, shard);
      if (keys === 0) continue;
      let position = keys <= SAMPLE_KEYS ? 0 : random.uint32();
      for (let canWrap = position > 0; ; ) {
        const page = await pages.read(shard, db, position, SAMPLE_KEYS, nowMs);
        if (page.keys.length > 0) return page.keys[random.below(page.keys.length)]!;
        position = page.next;
        if (position < SHARD_END) continue;
        if (!canWrap) break;
        canWrap = false;
        position = 0;
      }
    }
    return null;
  };
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
function sampleShard(c: CommandContext, shard: number): Buffer | null | typeof GATED | typeof AWAY {
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
    if (position === GATED || position === AWAY) return position;
    if (position < SHARD_END) continue;
    if (!canWrap) break;
    canWrap = false;
    position = 0;
  }
  return chosen;
}
