// The hot table as one thread sees it: finds, makes, resizes and removes entries.
//
// Everything that touches an entry happens under the lock of the key's shard, taken by the
// caller; `find` asserts it. Values are packed bytes: this file knows lengths and flags, not
// what the bytes mean. A returned number is an entry's word index; it is valid until the next
// call that makes, resizes or removes an entry of the same shard.

import { invariant, KeyHasher } from '@forgekv/base';
import type { Arena } from './arena.ts';
import { Creations } from './creations.ts';
import { Expiry } from './expiry.ts';
import { HashIndex } from './hash-index.ts';
import {
  COLD_BYTES,
  COUNTER_AWAY,
  COUNTER_EXPIRES,
  COUNTER_KEYS,
  DATASET_KEY_BYTES,
  ENTRY_EXPIRE,
  ENTRY_HASH,
  ENTRY_HEAD_BYTES,
  ENTRY_KEY,
  ENTRY_META,
  ENTRY_NAMESPACE,
  ENTRY_USE,
  ENTRY_VALUE,
  FLAG_COLD,
  FLAG_DIRTY,
  FLAG_LARGE,
  FLAG_STORED,
  FLAG_STORED_EXPIRES,
  FLAG_STORED_LARGE,
  FLAG_TIMED_PARTS,
  LARGE_BYTES,
  TYPE_FREE,
  TYPE_TOMBSTONE,
} from './layout.ts';
import { ShardState } from './shard-state.ts';
import { CLASS_BYTES, classFor } from './size-classes.ts';
import { SlabPool } from './slab-pool.ts';

/** Copies up to this many bytes go word by word: a native call costs more than that. */
const WORD_COPY_BYTES = 128;
/** An entry of the usual size lies on two cache lines. */
const CACHE_LINE_WORDS = 16;

/** While a slot is at least a quarter used: growing and shrinking by turns is usual. */
function staysInPlace(needed: number, capacity: number): boolean {
  return needed <= capacity && needed * 4 >= capacity;
}

export class HotTable extends ShardState {
  readonly arena: Arena;
  readonly pool: SlabPool;
  readonly index: HashIndex;
  readonly hasher: KeyHasher;
  readonly #expiry: Expiry;
  readonly #creations: Creations;
  readonly #namespaces: number;

  // The selected key. Its bytes stay the caller's; they are read, never kept.
  #keyBytes: Buffer = Buffer.alloc(0);
  #keyView: DataView = new DataView(new ArrayBuffer(0));
  #keyOffset = 0;
  #keyLength = 0;
  #hash = 0;
  #shard = 0;
  #db = 0;
  #namespace = 0;

  /** @param threadId 1..255, different in every thread that uses the arena */
  constructor(arena: Arena, threadId: number) {
    super(arena, threadId);
    this.arena = arena;
    this.#namespaces = arena.namespaces;
    this.pool = new SlabPool(arena);
    this.index = new HashIndex(arena, this.pool);
    this.hasher = new KeyHasher(...arena.transfer.hashSecret);
    this.#expiry = new Expiry(arena, this.pool);
    this.#creations = new Creations(arena);
  }

  /** Shard of the selected key. */
  get shard(): number {
    return this.#shard;
  }

  /** Hash of the selected key, signed. */
  get hash(): number {
    return this.#hash;
  }

  /** Database of the selected key. */
  get selectedDb(): number {
    return this.#db;
  }

  /** The selected key's bytes, a view. */
  get selectedKey(): Buffer {
    return this.#keyBytes.subarray(this.#keyOffset, this.#keyOffset + this.#keyLength);
  }

  /** Length in bytes of the selected key. */
  get selectedKeyLength(): number {
    return this.#keyLength;
  }

  /** Selects a key for the calls that follow, computing its slot and hash. */
  selectKey(bytes: Buffer, view: DataView, offset: number, length: number, db: number): void {
    const hash = this.hasher.digest(bytes, view, offset, length);
    this.selectHashed(bytes, view, offset, length, db, this.hasher.digestShard, hash);
  }

  /**
   * Selects a key whose shard and hash are known. Must be called with the shard's lock held
   * before the first `find`: the database's namespace is read here.
   */
  selectHashed(
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    db: number,
    shard: number,
    hash: number,
  ): void {
    this.#keyBytes = bytes;
    this.#keyView = view;
    this.#keyOffset = offset;
    this.#keyLength = length;
    this.#shard = shard;
    this.#hash = hash;
    this.#db = db;
    this.#namespace = this.words[this.#namespaces + db]!;
  }

  /**
   * First half of the touch pass: reads the bucket a later `find` will read. Called for every
   * command of a batch before the second half, so that the cache misses overlap. Without the
   * lock: the answer is a hint and may be garbage.
   * @returns the address of the bucket's first entry, 0 = none
   */
  touchBucket(shard: number, hash: number): number {
    const bucket = this.index.bucket(shard, hash);
    return bucket === 0 ? 0 : this.words[bucket]!;
  }

  /** Second half: reads the cache lines of the entry at an address from `touchBucket`. */
  touchEntry(address: number): number {
    const words = this.words;
    const entry = address << 2;
    return words[entry + ENTRY_HASH]! ^ words[entry + CACHE_LINE_WORDS]!;
  }

  /** Returns the entry of the selected key, live, expired or tombstone, or 0. */
  find(): number {
    const words = this.words;
    invariant(this.locks.holds(this.#shard), 'a key is opened under its shard lock');
    const hash = this.#hash;
    const bucket = this.index.bucket(this.#shard, hash);
    if (bucket === 0) return 0;
    let entry = words[bucket]! << 2;
    while (entry !== 0) {
      if (
        words[entry + ENTRY_HASH] === hash &&
        (words[entry + ENTRY_META]! & 0xffff) === this.#keyLength &&
        words[entry + ENTRY_NAMESPACE] === this.#namespace &&
        this.#sameKey(entry)
      ) {
        return entry;
      }
      entry = words[entry]! << 2;
    }
    return 0;
  }

  #sameKey(entry: number): boolean {
    const words = this.words;
    const length = this.#keyLength;
    const offset = this.#keyOffset;
    const at = entry + ENTRY_KEY;
    const whole = length >> 2;
    for (let i = 0; i < whole; i++) {
      if (words[at + i] !== this.#keyView.getInt32(offset + i * 4, true)) return false;
    }
    const tail = offset + (whole << 2);
    const rest = length & 3;
    if (rest === 0) return true;
    let word = this.#keyBytes[tail]!;
    if (rest > 1) word |= this.#keyBytes[tail + 1]! << 8;
    if (rest > 2) word |= this.#keyBytes[tail + 2]! << 16;
    return words[at + whole] === word;
  }

  /**
   * Makes an entry for the selected key, which has none; its value bytes are not set.
   * @returns the entry, or 0 when the pool is full (nothing has changed)
   */
  create(type: number, valueBytes: number): number {
    const entry = this.#make(type, valueBytes);
    if (entry === 0) return 0;
    this.countIn(this.#shard, this.#db, COUNTER_KEYS, 1);
    this.#creations.note(this.#shard, this.#hash, this.#db);
    const bytes = DATASET_KEY_BYTES + this.#keyLength + valueBytes;
    this.countBytes(this.#shard, this.#db, this.#hash, bytes, valueBytes);
    return entry;
  }

  /**
   * The same for a key that its store has, as a record says it is: it is counted already.
   * @param flags its encoding, and what it is beside clean and stored
   */
  restore(
    type: number,
    valueBytes: number,
    flags: number,
    expireAtMs: number,
    lsn: number,
  ): number {
    const entry = this.#make(type, valueBytes);
    if (entry === 0) return 0;
    this.countIn(this.#shard, this.#db, COUNTER_AWAY, -1);
    const expires = expireAtMs === 0 ? 0 : FLAG_STORED_EXPIRES;
    this.setFlags(entry, 0, FLAG_STORED | expires | flags);
    this.setLsn(entry, lsn);
    this.floats[(entry + ENTRY_EXPIRE) >> 1] = expireAtMs;
    if (expireAtMs !== 0) this.#expiry.note(entry, expireAtMs);
    return entry;
  }

  /**
   * Makes a tombstone that says that the selected key, which has no entry, has no record either.
   * Whoever holds the shard's lock may unlink it at any time.
   * @returns the entry, or 0 when the pool is full
   */
  markAbsent(): number {
    return this.#make(TYPE_TOMBSTONE, 0);
  }

  #make(type: number, valueBytes: number): number {
    const words = this.words;
    const length = this.#keyLength;
    const sizeClass = classFor(ENTRY_HEAD_BYTES + ((length + 3) & ~3) + ((valueBytes + 3) & ~3));
    const entry = this.pool.allocate(this.#shard, sizeClass);
    if (entry === 0) return 0;
    words[entry + ENTRY_HASH] = this.#hash;
    words[entry + ENTRY_META] = length | (type << 16) | (sizeClass << 24);
    words[entry + ENTRY_VALUE] = valueBytes;
    words[entry + ENTRY_NAMESPACE] = this.#namespace;
    words[entry + ENTRY_USE] = 0;
    this.floats[(entry + ENTRY_EXPIRE) >> 1] = 0;
    this.setLsn(entry, 0);
    this.#writeBytes(entry + ENTRY_KEY, this.#keyBytes, this.#keyView, this.#keyOffset, length);
    if (!this.index.insert(this.#shard, entry)) {
      words[entry + ENTRY_META] = TYPE_FREE;
      this.pool.free(this.#shard, entry);
      return 0;
    }
    this.countEntries(this.#shard, 1);
    return entry;
  }

  /**
   * Makes room for a value of `valueBytes` in an entry of the selected key and sets its
   * length. The first `keepBytes` bytes of the old value stay, the rest is undefined.
   * @returns the entry, which may have moved, or 0 when the pool is full (nothing has changed)
   */
  resize(entry: number, valueBytes: number, keepBytes: number): number {
    const before = this.lengthOf(entry);
    const resized = this.resizeIn(this.#shard, entry, valueBytes, keepBytes);
    if (before !== valueBytes && resized !== 0) {
      this.countBytes(this.#shard, this.#db, this.#hash, valueBytes - before, valueBytes);
    }
    return resized;
  }

  /** Of an entry met on a walk, and what the key counts in the dataset stays. */
  resizeIn(shard: number, entry: number, valueBytes: number, keepBytes: number): number {
    const words = this.words;
    const meta = words[entry + ENTRY_META]!;
    const length = meta & 0xffff;
    const needed = ENTRY_HEAD_BYTES + ((length + 3) & ~3) + ((valueBytes + 3) & ~3);
    const capacity = CLASS_BYTES[meta >>> 24]!;
    if (staysInPlace(needed, capacity)) {
      words[entry + ENTRY_VALUE] = (words[entry + ENTRY_VALUE]! & ~0xffff) | valueBytes;
      // A cold value may be coming back: when its parts expire is for the sweeper to look up.
      if (this.hasTimedParts(entry)) this.#expiry.note(entry, 0);
      return entry;
    }
    const sizeClass = classFor(needed);
    const moved = this.pool.allocate(shard, sizeClass);
    if (moved === 0) {
      if (needed > capacity) return 0;
      words[entry + ENTRY_VALUE] = (words[entry + ENTRY_VALUE]! & ~0xffff) | valueBytes;
      return entry;
    }
    const keepWords = (ENTRY_HEAD_BYTES + ((length + 3) & ~3) + ((keepBytes + 3) & ~3)) >> 2;
    if (keepWords > WORD_COPY_BYTES) words.copyWithin(moved + 1, entry + 1, entry + keepWords);
    else for (let i = 1; i < keepWords; i++) words[moved + i] = words[entry + i]!;
    words[moved + ENTRY_META] = (meta & 0xffffff) | (sizeClass << 24);
    words[moved + ENTRY_VALUE] = (words[entry + ENTRY_VALUE]! & ~0xffff) | valueBytes;
    this.index.replace(shard, entry, moved);
    const expireAtMs = this.floats[(moved + ENTRY_EXPIRE) >> 1]!;
    if (expireAtMs !== 0) this.#expiry.note(moved, expireAtMs);
    if (this.hasTimedParts(moved)) this.#expiry.note(moved, 0);
    words[entry + ENTRY_META] = TYPE_FREE;
    this.pool.free(shard, entry);
    return moved;
  }

  /** True when `resize` to so many bytes leaves the entry where it is, so that it cannot fail. */
  fitsInPlace(entry: number, valueBytes: number): boolean {
    const meta = this.words[entry + ENTRY_META]!;
    const keyBytes = ((meta & 0xffff) + 3) & ~3;
    const needed = ENTRY_HEAD_BYTES + keyBytes + ((valueBytes + 3) & ~3);
    return staysInPlace(needed, CLASS_BYTES[meta >>> 24]!);
  }

  /**
   * Removes a live entry of the selected key's shard and database. Where the store may still
   * hold the key a tombstone stays in its place, with the removal's LSN. The owner of a large
   * value frees it before.
   */
  remove(entry: number, lsn: number): void {
    this.removeFrom(this.#shard, this.#db, entry, lsn);
  }

  /** The same for an entry met on a walk: of any key of a shard and database. */
  removeFrom(shard: number, db: number, entry: number, lsn: number): void {
    this.countIn(shard, db, COUNTER_KEYS, -1);
    this.countBytes(shard, db, this.hashOf(entry), -this.datasetBytes(entry), 0);
    if (this.floats[(entry + ENTRY_EXPIRE) >> 1] !== 0) {
      this.countIn(shard, db, COUNTER_EXPIRES, -1);
    }
    const flags = this.words[entry + ENTRY_VALUE]! >>> 16;
    if (flags & FLAG_STORED) this.#bury(entry, lsn);
    else this.unlinkFrom(shard, entry);
  }

  /** Keys created in the selected key's shard so far, mod 2^32. */
  get created(): number {
    return this.#creations.count(this.#shard);
  }

  /** Times the selected database was swapped, mod 2^32. */
  get swaps(): number {
    return this.words[this.arena.swaps + this.#db]!;
  }

  /** True when the selected key was created since then, or that is too long ago to be known. */
  wasCreatedSince(created: number): boolean {
    return this.#creations.has(this.#shard, this.#hash, this.#db, created);
  }

  /** Takes an entry that no counter counts any more out of the index and frees its slot. */
  unlinkFrom(shard: number, entry: number): void {
    this.index.remove(shard, entry);
    this.words[entry + ENTRY_META] = TYPE_FREE;
    this.pool.free(shard, entry);
    this.countEntries(shard, -1);
  }

  /** Leaves a live, clean entry to its store, key and all. A large value's owner forgets it. */
  evict(shard: number, db: number, entry: number): void {
    this.countIn(shard, db, COUNTER_AWAY, 1);
    this.unlinkFrom(shard, entry);
  }

  #bury(entry: number, lsn: number): void {
    const words = this.words;
    const kept = (words[entry + ENTRY_VALUE]! >>> 16) & (FLAG_STORED_LARGE | FLAG_STORED_EXPIRES);
    this.setLsn(entry, lsn);
    words[entry + ENTRY_META] = (words[entry + ENTRY_META]! & ~0xff0000) | (TYPE_TOMBSTONE << 16);
    words[entry + ENTRY_VALUE] = (FLAG_STORED | FLAG_DIRTY | kept) << 16;
    this.floats[(entry + ENTRY_EXPIRE) >> 1] = 0;
  }

  /** Turns the selected key's tombstone back into a live entry of a type without a value. */
  revive(entry: number, type: number): void {
    const words = this.words;
    this.setLsn(entry, 0);
    words[entry + ENTRY_META] = (words[entry + ENTRY_META]! & ~0xff0000) | (type << 16);
    this.countIn(this.#shard, this.#db, COUNTER_KEYS, 1);
    this.#creations.note(this.#shard, this.#hash, this.#db);
    this.countBytes(this.#shard, this.#db, this.#hash, DATASET_KEY_BYTES + this.#keyLength, 0);
  }

  /**
   * Makes an entry of the selected key, just made or resized to LARGE_BYTES, that of a large
   * value.
   * @param length of the value, in bytes
   */
  setLarge(entry: number, id: number, length: number): void {
    const at = this.valueWord(entry);
    this.words[at] = id;
    this.words[at + 1] = length;
    this.setFlags(entry, FLAG_COLD, FLAG_LARGE);
    this.countBytes(this.#shard, this.#db, this.#hash, length - LARGE_BYTES, length);
  }

  /** The large value of the selected key has another length now, in bytes. */
  setLargeLength(entry: number, length: number): void {
    const at = this.valueWord(entry) + 1;
    const before = this.words[at]! >>> 0;
    this.words[at] = length;
    this.countBytes(this.#shard, this.#db, this.#hash, length - before, length);
  }

  /** Sets or, with 0, clears the expiry of a live entry of the selected key. */
  setExpireAtMs(entry: number, expireAtMs: number): void {
    const at = (entry + ENTRY_EXPIRE) >> 1;
    const before = this.floats[at]!;
    if (before === expireAtMs) return;
    this.floats[at] = expireAtMs;
    if (expireAtMs === 0) {
      this.countIn(this.#shard, this.#db, COUNTER_EXPIRES, -1);
      return;
    }
    if (before === 0) this.countIn(this.#shard, this.#db, COUNTER_EXPIRES, 1);
    this.#expiry.note(entry, expireAtMs);
  }

  /**
   * Notes that parts of an entry's value expire by themselves, the first at a time; 0: none does.
   * What is too early only costs the sweeper a look.
   */
  noteTimedParts(entry: number, earliestMs: number): void {
    this.setFlags(entry, FLAG_TIMED_PARTS, earliestMs === 0 ? 0 : FLAG_TIMED_PARTS);
    if (earliestMs !== 0) this.#expiry.note(entry, earliestMs);
  }

  /**
   * Leaves a clean entry's value to its store: only the length stays. The owner of a large value
   * forgets it afterwards. Works by shard and entry, as on a walk.
   * @returns false when there is no room for the smaller entry
   */
  chill(shard: number, entry: number, valueBytes: number): boolean {
    const word = this.words[entry + ENTRY_VALUE]!;
    const stays = this.fitsInPlace(entry, COLD_BYTES);
    const moved = this.resizeIn(shard, entry, COLD_BYTES, 0);
    if (moved === entry && !stays) {
      // In its old slot it would be cold and free nothing.
      this.words[entry + ENTRY_VALUE] = word;
      return false;
    }
    this.words[this.valueWord(moved)] = valueBytes;
    this.setFlags(moved, FLAG_LARGE, FLAG_COLD);
    return true;
  }

  /** Gives a changed entry of the selected key's shard its LSN and marks it dirty. */
  stamp(entry: number): void {
    this.setLsn(entry, this.nextLsn(this.#shard));
    this.words[entry + ENTRY_VALUE] = this.words[entry + ENTRY_VALUE]! | (FLAG_DIRTY << 16);
  }

  // --- values ---

  /** Copies `length` bytes into the entry's value at byte `at`, which is a multiple of 4. */
  writeValue(
    entry: number,
    at: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): void {
    this.#writeBytes(this.valueWord(entry) + (at >> 2), bytes, view, offset, length);
  }

  /** Copies to a word index; the last word is filled up with zeros. */
  #writeBytes(to: number, bytes: Buffer, view: DataView, offset: number, length: number): void {
    const words = this.words;
    const whole = length >> 2;
    const rest = length & 3;
    if (length <= WORD_COPY_BYTES) {
      for (let i = 0; i < whole; i++) words[to + i] = view.getInt32(offset + i * 4, true);
    } else {
      this.bytes.set(bytes.subarray(offset, offset + (whole << 2)), to * 4);
    }
    if (rest === 0) return;
    const tail = offset + (whole << 2);
    let word = bytes[tail]!;
    if (rest > 1) word |= bytes[tail + 1]! << 8;
    if (rest > 2) word |= bytes[tail + 2]! << 16;
    words[to + whole] = word;
  }

  // --- shards and databases ---

  /** Namespace of the selected key. */
  get namespace(): number {
    return this.#namespace;
  }

  /** True when the selected key, should it have no entry, does not exist. */
  get isComplete(): boolean {
    return this.isCompleteIn(this.#shard, this.#db);
  }
}
