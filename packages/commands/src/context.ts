// What a command function sees: its arguments, the keyspace, the clock, and the reply. The
// same class on fronts and workers; what differs is which values are within reach.
//
// The one rule: a command first opens every key it will touch, then acts. `open` and
// `openValue` answer NOT_HERE when this thread cannot serve the key (its shard is gated, the
// key may be cold, its value is large and elsewhere), and the function returns that outcome
// having changed nothing; the dispatcher sends the untouched request to the key's worker.
// Every shard a command touches is locked by the dispatcher before the function is called.

import { Random } from '@forgekv/base';
import type { Config } from '@forgekv/config';
import {
  Databases,
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  FLAG_LARGE,
  FLAG_STORED,
  type HotTable,
  LARGE_BYTES,
  MAX_KEY_BYTES,
  RoomPlan,
  Scanner,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import type { ReplyWriter } from '@forgekv/protocol';
import { ERR_KEY_TOO_LONG, WRONG_TYPE } from './errors.ts';
import { allocateLarge, type LargeValues } from './large-values.ts';
import { DONE, FULL, KEY_TOO_LONG, NOT_HERE, type Outcome } from './outcome.ts';
import { Request } from './request.ts';
import type { ThreadStats } from './stats.ts';

/** Keys of one command whose hash and shard are kept between locking and opening. */
const PREHASHED_ARGS = 4096;

export interface ContextModules {
  readonly table: HotTable;
  readonly reply: ReplyWriter;
  readonly large: LargeValues;
  readonly stats: ThreadStats;
  readonly config: Config;
}

/** One per thread, reused for every command. */
export class CommandContext {
  readonly request = new Request();
  readonly table: HotTable;
  readonly databases: Databases;
  readonly scanner: Scanner;
  readonly room: RoomPlan;
  readonly large: LargeValues;
  readonly stats: ThreadStats;
  readonly config: Config;
  reply: ReplyWriter;
  /** For RANDOMKEY and the like, not for secrets. */
  random = new Random(Math.floor(Math.random() * 2 ** 32));
  /** Database of the connection. */
  db = 0;
  /** Time of the command in Unix milliseconds; the same for a whole batch. */
  nowMs = 0;
  /** CLIENT NO-TOUCH: reading a key does not count as using it. */
  noTouch = false;
  /** Id of the transaction this thread runs, 0 = none: its own gates are open to it. */
  transaction = 0;
  /** Values longer than this, in bytes, do not live in the hot table. */
  hotValueMaxBytes = 16384;
  /** Largest string, in bytes. */
  maxStringBytes = 512 * 1024 * 1024;

  // The value opened last: `valueLength` bytes at `valueOffset` of `valueBytes`.
  valueBytes: Buffer = Buffer.alloc(0);
  valueOffset = 0;
  valueLength = 0;

  /** Shard and hash of keys by argument index, where `prehashed` says so. */
  readonly keyShards = new Uint8Array(PREHASHED_ARGS);
  readonly keyHashes = new Int32Array(PREHASHED_ARGS);
  readonly #prehashed = new Uint8Array(PREHASHED_ARGS);
  /** The tombstone of the selected key as far as `peek` and `remove` know, or 0. */
  #tombstone = 0;

  constructor(modules: ContextModules) {
    this.table = modules.table;
    this.reply = modules.reply;
    this.large = modules.large;
    this.stats = modules.stats;
    this.config = modules.config;
    this.databases = new Databases(modules.table);
    this.scanner = new Scanner(modules.table, this.databases);
    this.room = new RoomPlan(modules.table);
  }

  /** Hashes a key argument for `open`; returns its shard. */
  prehash(index: number): number {
    const { request, table } = this;
    const offset = request.offset(index);
    const length = request.length(index);
    const hash = table.hasher.digest(request.bytes, request.view, offset, length);
    const shard = table.hasher.digestShard;
    if (index < PREHASHED_ARGS) {
      this.setPrehashed(index, shard, hash);
    }
    return shard;
  }

  setPrehashed(index: number, shard: number, hash: number): void {
    this.keyShards[index] = shard;
    this.keyHashes[index] = hash;
    this.#prehashed[index] = 1;
  }

  /** Forgets what `prehash` kept for an argument. */
  clearPrehashed(index: number): void {
    if (index < PREHASHED_ARGS) this.#prehashed[index] = 0;
  }

  /** Selects the key at an argument index in a database, for the table calls that follow. */
  select(index: number, db: number): void {
    const { request } = this;
    this.#tombstone = 0;
    const offset = request.offset(index);
    const length = request.length(index);
    if (index < PREHASHED_ARGS && this.#prehashed[index] === 1) {
      this.table.selectHashed(
        request.bytes,
        request.view,
        offset,
        length,
        db,
        this.keyShards[index]!,
        this.keyHashes[index]!,
      );
    } else {
      this.table.selectKey(request.bytes, request.view, offset, length, db);
    }
  }

  /**
   * Opens the key at an argument index. Leaves it selected.
   * @returns its live entry, 0 when there is none, or NOT_HERE
   */
  open(index: number, db: number = this.db): number {
    const entry = this.peek(index, db);
    if (entry > 0 && !this.noTouch) this.table.use(entry, this.#useClock());
    return entry;
  }

  /** The same for commands that only ask about the key: it does not count as used. */
  peek(index: number, db: number = this.db): number {
    const { table } = this;
    if (this.request.length(index) > MAX_KEY_BYTES) return KEY_TOO_LONG;
    this.select(index, db);
    if (this.isGated(table.shard)) return NOT_HERE;
    const entry = table.find();
    if (entry === 0) return table.isComplete(table.shard) ? 0 : NOT_HERE;
    if (table.typeOf(entry) === TYPE_TOMBSTONE) {
      this.#tombstone = entry;
      return 0;
    }
    const expireAtMs = table.expireAtMs(entry);
    if (expireAtMs !== 0 && expireAtMs <= this.nowMs) return this.#expire(entry);
    return entry;
  }

  /** True when the shard belongs to a transaction that is not this thread's own. */
  isGated(shard: number): boolean {
    const gate = this.table.gateOf(shard);
    return gate !== 0 && gate !== this.transaction;
  }

  #useClock(): number {
    return ((this.nowMs - this.table.arena.epochMs) / 1000) | 0;
  }

  /** Opens a key and its value: NOT_HERE also when the value is large and out of reach. */
  openValue(index: number, db: number = this.db): number {
    const entry = this.open(index, db);
    if (entry <= 0) return entry;
    return this.loadValue(entry) ? entry : NOT_HERE;
  }

  /** Points valueBytes, valueOffset and valueLength to an entry's value; false: out of reach. */
  loadValue(entry: number): boolean {
    const { table } = this;
    const at = table.valueWord(entry);
    if (!table.isLarge(entry)) {
      this.valueBytes = table.bytes;
      this.valueOffset = at * 4;
      this.valueLength = table.valueLength(entry);
      return true;
    }
    if (!this.large.reaches(table.shard)) return false;
    this.valueBytes = this.large.get(table.words[at]!);
    this.valueOffset = 0;
    this.valueLength = table.words[at + 1]!;
    return true;
  }

  /** Length in bytes of an entry's value, within reach or not. */
  lengthOf(entry: number): number {
    const { table } = this;
    return table.isLarge(entry)
      ? table.words[table.valueWord(entry) + 1]!
      : table.valueLength(entry);
  }

  #expire(entry: number): number {
    if (!this.canRemove(entry)) return NOT_HERE;
    this.remove(entry);
    this.stats.expiredKeys++;
    return 0;
  }

  /** True when this thread can remove or replace an entry of the selected key. */
  canRemove(entry: number): boolean {
    return !this.table.isLarge(entry) || this.large.reaches(this.table.shard);
  }

  /** Removes the entry of the selected key, its large value included. */
  remove(entry: number): void {
    const { table } = this;
    this.#dropLarge(entry);
    this.#tombstone = table.flagsOf(entry) & FLAG_STORED ? entry : 0;
    table.nextLsn(table.shard);
    table.remove(entry);
    this.stats.changes++;
  }

  #dropLarge(entry: number): void {
    const { table } = this;
    if (!table.isLarge(entry)) return;
    this.large.drop(table.shard, table.words[table.valueWord(entry)]!);
  }

  /**
   * True when this thread can give the selected key a value of so many bytes, and adds that to
   * `room`: commands that change several keys ask for each, then claim the room, before the first
   * change, so that they are all or nothing.
   * @param entry the key's entry, or 0
   */
  canStore(entry: number, valueBytes: number): boolean {
    const { table } = this;
    const isLarge = valueBytes > this.hotValueMaxBytes;
    if ((isLarge || (entry !== 0 && table.isLarge(entry))) && !this.large.reaches(table.shard)) {
      return false;
    }
    this.room.add(entry, table.selectedKeyLength, isLarge ? LARGE_BYTES : valueBytes);
    return true;
  }

  /**
   * Makes `entry` (0: the selected key has none yet) hold a value of `valueBytes` bytes of a
   * type; the first `keepBytes` of its old value stay. Afterwards valueBytes, valueOffset and
   * valueLength point to the value, to be filled in. Expiry and flags but FLAG_LARGE stay.
   * @returns the entry, NOT_HERE, or FULL; in these two cases nothing has changed
   */
  reserve(entry: number, type: number, valueBytes: number, keepBytes: number): number {
    const { table } = this;
    // A tombstone's slot is used again: beside it a second entry of the key would be lost.
    if (entry === 0) entry = this.#tombstone;
    if (valueBytes > this.hotValueMaxBytes) {
      return this.#reserveLarge(entry, type, valueBytes, keepBytes);
    }
    if (entry === 0) {
      entry = table.create(type, valueBytes);
      if (entry === 0) return this.full();
      table.use(entry, this.#useClock());
    } else {
      if (table.isLarge(entry)) return this.#shrink(entry, type, valueBytes, keepBytes);
      const moved = table.resize(entry, valueBytes, keepBytes);
      if (moved === 0) return this.full();
      entry = moved;
      this.#settle(entry, type);
    }
    this.valueBytes = table.bytes;
    this.valueOffset = table.valueWord(entry) * 4;
    this.valueLength = valueBytes;
    return entry;
  }

  #settle(entry: number, type: number): void {
    const { table } = this;
    if (table.typeOf(entry) === TYPE_TOMBSTONE) table.revive(entry, type);
    else table.setType(entry, type);
  }

  /**
   * The answer when the pool has no room for the selected key: on a front NOT_HERE, the worker
   * may still reclaim something; on a worker full is full.
   */
  full(): number {
    return this.large.reaches(this.table.shard) ? FULL : NOT_HERE;
  }

  #reserveLarge(entry: number, type: number, valueBytes: number, keepBytes: number): number {
    const { table } = this;
    if (!this.large.reaches(table.shard)) return NOT_HERE;
    if (entry !== 0 && table.isLarge(entry)) {
      const at = table.valueWord(entry);
      const value = this.large.get(table.words[at]!);
      if (hasCapacityFor(value, valueBytes)) {
        table.words[at + 1] = valueBytes;
        table.setType(entry, type);
        this.valueBytes = value;
        this.valueOffset = 0;
        this.valueLength = valueBytes;
        return entry;
      }
    }
    // A value that grows gets spare bytes, so that appending to it stays linear in time.
    const spareBytes = keepBytes > 0 ? valueBytes >>> 1 : 0;
    const value = allocateLarge(valueBytes + spareBytes);
    if (value === null) return FULL;
    if (entry !== 0 && keepBytes > 0) {
      this.loadValue(entry);
      this.valueBytes.copy(value, 0, this.valueOffset, this.valueOffset + keepBytes);
    }
    return this.adoptLarge(entry, type, value, valueBytes);
  }

  /**
   * Makes `entry` (0: the selected key has none yet) hold the first `valueBytes` bytes of a
   * buffer that no other key uses, or that another key gives up in the same command.
   * @returns the entry, NOT_HERE, or FULL; in these two cases nothing has changed
   */
  adoptLarge(entry: number, type: number, value: Buffer, valueBytes: number): number {
    const { table } = this;
    if (!this.large.reaches(table.shard)) return NOT_HERE;
    if (entry === 0) entry = this.#tombstone;
    const made =
      entry === 0 ? table.create(type, LARGE_BYTES) : table.resize(entry, LARGE_BYTES, LARGE_BYTES);
    if (made === 0) return FULL;
    if (entry === 0) {
      table.use(made, this.#useClock());
    } else {
      this.#dropLarge(made);
      this.#settle(made, type);
    }
    const id = table.nextLargeId();
    const at = table.valueWord(made);
    table.words[at] = id;
    table.words[at + 1] = valueBytes;
    table.setFlags(made, 0, FLAG_LARGE);
    this.large.put(table.shard, id, value);
    this.valueBytes = value;
    this.valueOffset = 0;
    this.valueLength = valueBytes;
    return made;
  }

  /** A large value becomes a packed one. */
  #shrink(entry: number, type: number, valueBytes: number, keepBytes: number): number {
    const { table } = this;
    if (!this.large.reaches(table.shard)) return NOT_HERE;
    const old = this.large.get(table.words[table.valueWord(entry)]!);
    const id = table.words[table.valueWord(entry)]!;
    const moved = table.resize(entry, valueBytes, 0);
    if (moved === 0) return FULL;
    this.large.drop(table.shard, id);
    table.setFlags(moved, FLAG_LARGE, 0);
    table.setType(moved, type);
    this.valueBytes = table.bytes;
    this.valueOffset = table.valueWord(moved) * 4;
    this.valueLength = valueBytes;
    old.copy(table.bytes, this.valueOffset, 0, Math.min(keepBytes, valueBytes));
    return moved;
  }

  /** Gives a changed entry of the selected key its LSN. The last step of every change. */
  changed(entry: number): void {
    this.table.stamp(entry);
    this.stats.changes++;
  }

  /** Counts a read for the keyspace hits and misses; once per key, when nothing can refuse it. */
  countRead(entry: number): void {
    if (entry === 0) this.stats.misses++;
    else this.stats.hits++;
  }

  /** Two bits of an entry that mean what its type says: a string's encoding. */
  encodingOf(entry: number): number {
    return (this.table.flagsOf(entry) >>> FLAG_ENCODING_SHIFT) & FLAG_ENCODING_MASK;
  }

  setEncoding(entry: number, encoding: number): void {
    this.table.setFlags(
      entry,
      FLAG_ENCODING_MASK << FLAG_ENCODING_SHIFT,
      encoding << FLAG_ENCODING_SHIFT,
    );
  }

  /**
   * Ends a command whose `open` or `reserve` answered NOT_HERE, FULL or KEY_TOO_LONG; nothing
   * was written before.
   */
  refuse(answer: number): Outcome {
    if (answer === KEY_TOO_LONG) return this.fail(ERR_KEY_TOO_LONG);
    return answer === FULL ? FULL : NOT_HERE;
  }

  /** Writes an error reply and ends the command. */
  fail(text: string): Outcome {
    this.reply.error(text);
    return DONE;
  }

  wrongType(): Outcome {
    return this.fail(WRONG_TYPE);
  }
}

/** True when a buffer has room for a value and not much more room than that. */
function hasCapacityFor(value: Buffer, valueBytes: number): boolean {
  return valueBytes <= value.length && value.length <= 2 * valueBytes;
}
