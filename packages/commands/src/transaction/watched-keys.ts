// The keys a connection watches: how each was when WATCH saw it, and whether it is still so. Nobody
// keeps a list of who watches what: an entry tells its last write by its LSN.
//
// A key that is missing has no LSN. Whether it was there in between, the table can say of the last
// few thousand keys that were created in its shard; whoever watches a missing key for longer than
// that has to try again. So has who watches one while its database is swapped: it may have come and
// gone with another.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

/** A key as WATCH saw it. */
export interface WatchedKey {
  readonly db: number;
  readonly key: Buffer;
  readonly shard: number;
  /** Of its last write, 0: it is missing. */
  readonly lsn: number;
  /** `HotTable.created` of its shard. */
  readonly created: number;
  /** `HotTable.swaps` of its database. */
  readonly swaps: number;
}

const HEAD_BYTES = 24;

/**
 * Notes the key at an argument index. Its shard is locked.
 * @returns the note, or what `peek` answers below 0
 */
export function noteKey(c: CommandContext, index: number): WatchedKey | number {
  // Removes it if it has expired: that is no change to anybody later.
  const entry = c.peek(index);
  if (entry < 0) return entry;
  const { table, db } = c;
  const lsn = entry > 0 ? table.lsnOf(entry) : 0;
  const { shard, created, swaps } = table;
  return { db, key: c.request.copy(index), shard, lsn, created, swaps };
}

/**
 * Looks whether a key is as it was. Its shard is locked.
 * @returns 1: it is, 0: it is not, or what `peek` answers below 0
 */
export function isUntouched(
  c: CommandContext,
  { db, key, lsn, created, swaps }: WatchedKey,
): number {
  const { table } = c;
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  table.selectKey(key, view, 0, key.length, db);
  const entry = c.peekSelected();
  if (entry < 0) return entry;
  if (swaps !== table.swaps) return 0;
  const isSame =
    entry === 0 ? lsn === 0 && !table.wasCreatedSince(created) : lsn === table.lsnOf(entry);
  return isSame ? 1 : 0;
}

/** Keys as bytes, for the way between threads. */
export function packWatched(keys: readonly WatchedKey[]): Buffer {
  const bytes = Buffer.alloc(keys.reduce((sum, { key }) => sum + HEAD_BYTES + key.length, 0));
  let at = 0;
  for (const { db, key, shard, lsn, created, swaps } of keys) {
    bytes.writeUInt16LE(db, at);
    bytes.writeUInt16LE(shard, at + 2);
    bytes.writeInt32LE(created, at + 4);
    bytes.writeDoubleLE(lsn, at + 8);
    bytes.writeUInt32LE(key.length, at + 16);
    bytes.writeInt32LE(swaps, at + 20);
    at += HEAD_BYTES;
    at += key.copy(bytes, at);
  }
  return bytes;
}

/** The keys in bytes that `packWatched` made; copied. */
export function unpackWatched(bytes: Buffer): WatchedKey[] {
  const keys: WatchedKey[] = [];
  for (let at = 0; at < bytes.length; ) {
    const keyAt = at + HEAD_BYTES;
    const end = keyAt + bytes.readUInt32LE(at + 16);
    keys.push({
      db: bytes.readUInt16LE(at),
      shard: bytes.readUInt16LE(at + 2),
      created: bytes.readInt32LE(at + 4),
      lsn: bytes.readDoubleLE(at + 8),
      swaps: bytes.readInt32LE(at + 20),
      key: Buffer.from(bytes.subarray(keyAt, end)),
    });
    at = end;
  }
  return keys;
}

/** WATCH key [key ...]: what was noted is in `c.watched`. */
export function watch(c: CommandContext): Outcome {
  const noted: WatchedKey[] = [];
  for (let i = 1; i < c.request.argc; i++) {
    const key = noteKey(c, i);
    if (typeof key === 'number') return c.refuse(key);
    noted.push(key);
  }
  c.watched = c.watched === null ? noted : [...c.watched, ...noted];
  c.reply.ok();
  return DONE;
}
