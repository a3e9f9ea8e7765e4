// OBJECT: how a value is stored and used.

import { FORM_INTSET, packedForm, stringEncoding } from '@forgekv/datatypes';
import {
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

/** Names per type: of a packed value, of a large one. */
const ENCODINGS: ReadonlyMap<number, readonly [packed: string, large: string]> = new Map([
  [TYPE_LIST, ['listpack', 'quicklist']],
  [TYPE_SET, ['listpack', 'hashtable']],
  [TYPE_ZSET, ['listpack', 'skiplist']],
  [TYPE_HASH, ['listpack', 'hashtable']],
  [TYPE_STREAM, ['stream', 'stream']],
]);

/** Strings above this many bytes are raw whatever they are. */
const MAX_SHORT_STRING = 44;

const ERR_NO_LFU =
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note ' +
  'that when switching between policies at runtime LRU and LFU data will take some time to adjust.';
/** Redis: counts accesses under an LFU policy. Here eviction goes by the time of the last use. */
const ERR_NO_FREQUENCY = 'ERR this server does not track access frequency';

/** OBJECT ENCODING key. */
export function objectEncoding(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  const { table } = c;
  const type = table.typeOf(entry);
  let name = ENCODINGS.get(type)?.[table.isLarge(entry) ? 1 : 0] ?? 'raw';
  if (type === TYPE_STRING && c.lengthOf(entry) <= MAX_SHORT_STRING) {
    const loaded = c.loadValue(entry);
    if (loaded < 0) return c.refuse(loaded);
    name = stringEncoding(c.encodingOf(loaded), c.valueBytes, c.valueOffset, c.valueLength);
  }
  if (type === TYPE_SET && !table.isLarge(entry)) {
    const loaded = c.loadValue(entry);
    if (loaded < 0) return c.refuse(loaded);
    if (packedForm(c.valueBytes, c.valueOffset) === FORM_INTSET) name = 'intset';
  }
  c.stats.hits++;
  c.reply.text(name);
  return DONE;
}

/** OBJECT FREQ key. */
export function objectFreq(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  c.stats.hits++;
  const isLfu = c.config.word('maxmemory-policy').endsWith('-lfu');
  return c.fail(isLfu ? ERR_NO_FREQUENCY : ERR_NO_LFU);
}

/** OBJECT IDLETIME key. Redis: refuses it under an LFU policy; here it is always known. */
export function objectIdleTime(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  c.stats.hits++;
  const { table } = c;
  const now = Math.floor((c.nowMs - table.arena.epochMs) / 1000);
  c.reply.integer(Math.max(0, now - table.usedAt(entry)));
  return DONE;
}

/** OBJECT REFCOUNT key. Redis: small integers are shared objects and answer 2147483647. */
export function objectRefCount(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  c.stats.hits++;
  c.reply.integer(1);
  return DONE;
}

function replyMissing(c: CommandContext): Outcome {
  c.stats.misses++;
  c.reply.null();
  return DONE;
}
