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

const MIXED =
  'not tracked. Please note that when switching between policies at runtime LRU and LFU data ' +
  'will take some time to adjust.';
const ERR_NO_LFU = `ERR An LFU maxmemory policy is not selected, access frequency ${MIXED}`;
const ERR_LFU = `ERR An LFU maxmemory policy is selected, idle time ${MIXED}`;

/** OBJECT ENCODING key. */
export function objectEncoding(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  const name = encodingName(c, entry);
  if (typeof name === 'number') return name;
  c.stats.hits++;
  c.reply.text(name);
  return DONE;
}

/** How the value of an entry is stored; or an outcome when it cannot be looked at here. */
export function encodingName(c: CommandContext, entry: number): string | Outcome {
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
  return name;
}

/** OBJECT FREQ key. */
export function objectFreq(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  c.stats.hits++;
  if (c.table.frequency === null) return c.fail(ERR_NO_LFU);
  c.reply.integer(c.table.frequencyOf(entry, c.useClock()));
  return DONE;
}

/** OBJECT IDLETIME key. */
export function objectIdleTime(c: CommandContext): Outcome {
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return replyMissing(c);
  c.stats.hits++;
  if (c.table.frequency !== null) return c.fail(ERR_LFU);
  c.reply.integer(Math.max(0, c.useClock() - c.table.usedAt(entry)));
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
