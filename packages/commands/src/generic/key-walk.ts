// Walks over all keys of a database, a slice of a shard at a time, and what they find, kept as
// bulk strings. Shared by KEYS, SCAN and RANDOMKEY, which run on a worker and lock shards
// themselves: never for longer than one slice, so that nobody else waits long for a shard.

import { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';

/** Keys visited while a shard's lock is held. */
export const SLICE_KEYS = 256;

/** A walk met a shard that belongs to a transaction. */
export const GATED = -1;
/** A walk met a shard some of whose keys are only in its store. */
export const AWAY = -2;
/** Keys read at a time where a store is to be asked, too. */
export const PAGE_KEYS = 1000;

/**
 * Visits keys of one shard and the connection's database from a position on.
 * @param visit called under the shard's lock for each live entry
 * @returns the position to go on from (SHARD_END: the shard is done), GATED, or AWAY; keys
 *   may leave the table at any time, so only under the lock it is known that all of them are in it
 */
export function walkSlice(
  c: CommandContext,
  shard: number,
  position: number,
  wanted: number,
  visit: (entry: number) => void,
): number {
  const { locks } = c.table;
  locks.lock(shard);
  c.log?.seesAbsence(shard);
  let next = GATED;
  if (!c.isGated(shard)) {
    next = AWAY;
    if (c.databases.isComplete(c.db, shard)) {
      next = c.scanner.walk(shard, c.db, position, wanted, c.nowMs, (entry) => {
        c.log?.sees(entry);
        visit(entry);
      });
    }
  }
  locks.unlock(shard);
  return next;
}

/** Keys found by a walk; their number is known only at its end. One per thread, reused. */
export class FoundKeys {
  readonly #keys = new ReplyWriter(4096);
  count = 0;

  clear(): void {
    this.#keys.reset();
    this.count = 0;
  }

  add(c: CommandContext, entry: number): void {
    const { table } = c;
    this.#keys.bulkWords(table.words, table.bytes, table.keyWord(entry), table.keyLength(entry));
    this.count++;
  }

  /** Adds a key of a page. */
  addKey(key: Uint8Array): void {
    const bytes = asBuffer(key);
    this.#keys.bulk(bytes, 0, bytes.length);
    this.count++;
  }

  /** Bytes they take as a reply. */
  get replyBytes(): number {
    return this.#keys.position;
  }

  /** Writes them as an array, and forgets them. */
  reply(c: CommandContext): void {
    c.reply.array(this.count);
    c.reply.encoded(this.#keys.buffer, 0, this.#keys.position);
    this.clear();
  }
}

/** The bytes as a buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Returns the bytes of an entry's key; valid under the shard's lock. */
export function keyOf(c: CommandContext, entry: number): Buffer {
  const at = c.table.keyWord(entry) * 4;
  return c.table.bytes.subarray(at, at + c.table.keyLength(entry));
}
