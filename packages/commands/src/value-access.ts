// Values as a command function reads and writes them: as bytes, wherever they are. Packed ones lie
// in the hot table, large ones in their worker; a string moves between the two as it grows and
// shrinks. How collections do is in collection-access.ts.

import {
  FLAG_COLD,
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  FLAG_LARGE,
  LARGE_BYTES,
  RoomPlan,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import { Blocking } from './blocking.ts';
import { type ColdValues, NO_COLD_VALUES } from './cold-values.ts';
import { KeyAccess, type KeyModules } from './key-access.ts';
import { EVENT_NEW } from './key-events.ts';
import { allocateLarge, type LargeCollection, type LargeValue } from './large-values.ts';
import { AWAITS, FULL, NOT_HERE } from './outcome.ts';
import { NOTHING_STAGED, type StagedArgument } from './staged-argument.ts';

const NO_BYTES = Buffer.alloc(0);

/** A key whose value is wanted. */
export interface WantedKey {
  readonly key: Buffer;
  readonly db: number;
}

export class ValueAccess extends KeyAccess {
  readonly room: RoomPlan;
  /** Values longer than this, in bytes, do not live in the hot table. */
  hotValueMaxBytes = 16384;
  /** Largest string, in bytes. */
  maxStringBytes = 512 * 1024 * 1024;

  /** More bytes of a string than this are not copied in one go; on workers that serve clients. */
  get mostCopiedBytes(): number {
    return Infinity;
  }

  /** About keys that others wait for. */
  readonly blocking = new Blocking();
  /** Where values come from that are not in the hot table. */
  cold: ColdValues = NO_COLD_VALUES;
  /** Arguments of the command that runs that were taken in before. */
  staged: readonly StagedArgument[] = NOTHING_STAGED;
  /** Bytes of the request that its effects need not bring to the log. */
  bytesElsewhere: () => number = () => 0;
  /**
   * In the first run of a transaction: where a command notes the keys whose values lie elsewhere,
   * mostly such as it does not name. Then it answers NOT_HERE, and runs again when they are within
   * reach. Null: everything is, or NOT_HERE is the answer at once.
   */
  wanted: WantedKey[] | null = null;
  /** Why a value could not be read, as an error reply, after UNREADABLE. */
  unreadable = '';

  // The value opened last: `valueLength` bytes at `valueOffset` of `valueBytes`.
  valueBytes: Buffer = NO_BYTES;
  valueOffset = 0;
  valueLength = 0;
  /** The value opened last when it is a large collection, else null: then it is bytes. */
  collection: LargeCollection | null = null;

  constructor(modules: KeyModules) {
    super(modules);
    this.room = new RoomPlan(modules.table);
  }

  /**
   * Opens a key and its value: NOT_HERE also when the value is out of reach, and what `loadValue`
   * answers.
   */
  openValue(index: number, db: number = this.db): number {
    const entry = this.open(index, db);
    return entry <= 0 ? entry : this.loadValue(entry);
  }

  /**
   * Points valueBytes, valueOffset and valueLength to the value of the selected key's entry, or
   * `collection` to a large one.
   * @returns the entry, which may have moved, NOT_HERE, FULL, UNREADABLE or AWAITS
   */
  loadValue(entry: number): number {
    const { table } = this;
    if (!table.isElsewhere(entry)) {
      this.valueBytes = table.bytes;
      this.valueOffset = table.valueWord(entry) * 4;
      this.valueLength = table.valueLength(entry);
      this.collection = null;
      return entry;
    }
    return this.#loadElsewhere(entry);
  }

  #loadElsewhere(entry: number): number {
    const { table } = this;
    if (table.isCold(entry)) {
      const warm = this.#warm(entry);
      return warm < 0 ? warm : this.loadValue(warm);
    }
    if (!this.large.reaches(table.shard)) return NOT_HERE;
    const at = table.valueWord(entry);
    const id = table.words[at]!;
    if (this.transaction !== 0 && !this.large.has(id)) {
      this.want();
      return NOT_HERE;
    }
    const value = this.large.get(id);
    // A string is changed behind `reserve`, which asks then.
    if (this.mayChange && !Buffer.isBuffer(value) && this.large.awaitRelease(value)) return AWAITS;
    this.#pointTo(value, table.words[at + 1]!);
    return entry;
  }

  /** Notes that the selected key's value is wanted and lies elsewhere. */
  protected want(): void {
    const { table } = this;
    this.wanted?.push({ key: Buffer.from(table.selectedKey), db: table.selectedDb });
  }

  #pointTo(value: LargeValue, valueBytes: number): void {
    const isString = Buffer.isBuffer(value);
    this.collection = isString ? null : value;
    this.valueBytes = isString ? value : NO_BYTES;
    this.valueOffset = 0;
    this.valueLength = valueBytes;
  }

  #warm(entry: number): number {
    return this.cold.reaches(this.table.shard) ? this.cold.warm(this, entry) : NOT_HERE;
  }

  protected override fetch(): number {
    return this.cold.reaches(this.table.shard) ? this.cold.fetch(this) : NOT_HERE;
  }

  /** Length in bytes of an entry's value, within reach or not; of a large collection in memory. */
  lengthOf(entry: number): number {
    return this.table.lengthOf(entry);
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
   * type; the first `keepBytes` of its old value, which is no large collection, stay. Afterwards
   * valueBytes, valueOffset and valueLength point to the value, to be filled in. Expiry and flags
   * but FLAG_LARGE stay.
   * @returns the entry, NOT_HERE, FULL, or, where bytes stay, AWAITS; in these cases nothing has
   *   changed
   */
  reserve(entry: number, type: number, valueBytes: number, keepBytes: number): number {
    const { table } = this;
    const isNew = entry === 0;
    // A tombstone's slot is used again: beside it a second entry of the key would be lost.
    if (isNew) entry = this.tombstone;
    if (type !== TYPE_STRING && !this.#mayTurn(entry, type)) return NOT_HERE;
    if (entry !== 0 && keepBytes > 0 && table.isCold(entry)) {
      entry = this.#warm(entry);
      if (entry < 0) return entry;
    }
    if (valueBytes > this.hotValueMaxBytes) {
      const made = this.#reserveLarge(entry, type, valueBytes, keepBytes);
      if (isNew && made > 0) this.noteSelected(EVENT_NEW, 'new', false);
      return made;
    }
    if (entry === 0) {
      entry = table.create(type, valueBytes);
      if (entry === 0) return this.full();
      table.use(entry, this.useClock());
    } else {
      if (table.isLarge(entry)) return this.#shrink(entry, type, valueBytes, keepBytes);
      const moved = table.resize(entry, valueBytes, keepBytes);
      if (moved === 0) return this.full();
      entry = moved;
      // Not before there is room: until then the value is what its store has.
      table.setFlags(entry, FLAG_COLD, 0);
      this.#settle(entry, type);
    }
    this.valueBytes = table.bytes;
    this.valueOffset = table.valueWord(entry) * 4;
    this.valueLength = valueBytes;
    this.collection = null;
    if (isNew) this.noteSelected(EVENT_NEW, 'new', false);
    return entry;
  }

  /** False when others may wait for the key to be of that type: then that is not made here. */
  #mayTurn(entry: number, type: number): boolean {
    const { table } = this;
    // Another stream may have what the one before had not.
    const isSame = entry !== 0 && table.typeOf(entry) === type && type !== TYPE_STREAM;
    return isSame || this.blocking.mayTurn(table, type);
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
    // The large value of another worker may be there still; where all of it is replaced it stays.
    const loaded = keepBytes > 0 && entry !== 0 ? this.loadValue(entry) : entry;
    if (loaded < 0) return loaded;
    if (entry !== 0 && table.isLarge(entry) && this.large.owns(table.shard)) {
      const at = table.valueWord(entry);
      const value = this.large.get(table.words[at]!);
      if (Buffer.isBuffer(value) && this.#mayFill(value, valueBytes, keepBytes)) {
        if (keepBytes > 0 && this.large.awaitRelease(value)) return AWAITS;
        table.setLargeLength(entry, valueBytes);
        table.setType(entry, type);
        this.#pointTo(value, valueBytes);
        return entry;
      }
    }
    // A value that grows gets spare bytes, so that appending to it stays linear in time.
    const spareBytes = keepBytes > 0 ? valueBytes >>> 1 : 0;
    if (entry !== 0 && this.#growsSlowly(entry, valueBytes, keepBytes, spareBytes)) return AWAITS;
    const value = allocateLarge(valueBytes + spareBytes);
    if (value === null) return FULL;
    if (entry !== 0 && keepBytes > 0) {
      this.loadValue(entry);
      this.valueBytes.copy(value, 0, this.valueOffset, this.valueOffset + keepBytes);
    }
    return this.#adopt(entry, type, value, valueBytes);
  }

  /** True when a string is given room part by part, since that takes long. */
  #growsSlowly(entry: number, valueBytes: number, keepBytes: number, spareBytes: number): boolean {
    const { table } = this;
    if (keepBytes <= this.mostCopiedBytes || !table.isLarge(entry)) return false;
    if (!this.large.owns(table.shard)) return false;
    const id = table.words[table.valueWord(entry)]!;
    const value = this.large.get(id);
    if (!Buffer.isBuffer(value) || hasCapacityFor(value, valueBytes)) return false;
    return this.large.grow(id, value, valueBytes, spareBytes);
  }

  /** True when a large string may be changed where it is, once nobody holds it. */
  #mayFill(value: Buffer, valueBytes: number, keepBytes: number): boolean {
    // Of one that is borrowed nobody here knows who reads it.
    if (!hasCapacityFor(value, valueBytes) || !this.large.owns(this.table.shard)) return false;
    return keepBytes > 0 || (!this.large.isHeld(value) && !this.isBeingRead(value));
  }

  /** True when the command that runs has put off reading a large value. */
  protected isBeingRead(_value: LargeValue): boolean {
    return false;
  }

  /**
   * Makes `entry` (0: the selected key has none yet) hold the first `valueBytes` bytes of a
   * buffer, or a collection of about so many, that no other key uses, or that another key gives up
   * in the same command.
   * @returns the entry, NOT_HERE, or FULL; in these two cases nothing has changed
   */
  adoptLarge(entry: number, type: number, value: LargeValue, valueBytes: number): number {
    const made = this.#adopt(entry, type, value, valueBytes);
    if (entry === 0 && made > 0) this.noteSelected(EVENT_NEW, 'new', false);
    return made;
  }

  #adopt(entry: number, type: number, value: LargeValue, valueBytes: number): number {
    const { table } = this;
    if (!this.large.reaches(table.shard)) return NOT_HERE;
    if (entry === 0) entry = this.tombstone;
    if (type !== TYPE_STRING && !this.#mayTurn(entry, type)) return NOT_HERE;
    const made =
      entry === 0 ? table.create(type, LARGE_BYTES) : table.resize(entry, LARGE_BYTES, LARGE_BYTES);
    if (made === 0) return FULL;
    if (entry === 0) {
      table.use(made, this.useClock());
    } else {
      this.dropLarge(made);
      this.#settle(made, type);
    }
    const id = table.nextLargeId();
    table.setLarge(made, id, valueBytes);
    this.large.put(table.shard, id, value);
    this.#pointTo(value, valueBytes);
    return made;
  }

  /** A large value becomes a packed one. */
  #shrink(entry: number, type: number, valueBytes: number, keepBytes: number): number {
    const { table } = this;
    if (!this.large.reaches(table.shard)) return NOT_HERE;
    const loaded = keepBytes > 0 ? this.loadValue(entry) : entry;
    if (loaded < 0) return loaded;
    const id = table.words[table.valueWord(entry)]!;
    const old = keepBytes > 0 ? this.large.get(id) : null;
    const moved = table.resize(entry, valueBytes, 0);
    if (moved === 0) return FULL;
    this.large.drop(table.shard, id);
    table.setFlags(moved, FLAG_LARGE, 0);
    table.setType(moved, type);
    this.valueBytes = table.bytes;
    this.valueOffset = table.valueWord(moved) * 4;
    this.valueLength = valueBytes;
    this.collection = null;
    if (old !== null && Buffer.isBuffer(old)) {
      old.copy(table.bytes, this.valueOffset, 0, Math.min(keepBytes, valueBytes));
    }
    return moved;
  }

  /**
   * Gives a changed entry of the selected key its LSN and logs its new value. The last step of
   * every change, unless one of the next two says the same in fewer bytes.
   */
  changed(entry: number): void {
    const previousLsn = this.stamp(entry);
    const { log, table } = this;
    if (log === null) return;
    this.loadValue(entry);
    if (table.typeOf(entry) === TYPE_STRING) {
      const { valueBytes, valueOffset, valueLength } = this;
      log.stored(entry, table.shard, previousLsn, valueBytes, valueOffset, valueLength);
    } else {
      log.restored(entry, table.shard, previousLsn, this.serialized(entry));
    }
  }

  /** The same for a value whose payload, as RESTORE takes it, is there already. */
  changedTo(entry: number, payload: Buffer): void {
    const previousLsn = this.stamp(entry);
    this.log?.restored(entry, this.table.shard, previousLsn, payload);
  }

  /**
   * The same for a string that is now the argument behind its key, the argument at `key`, and does
   * not expire.
   */
  changedToArgument(entry: number, key: number): void {
    const previousLsn = this.stamp(entry);
    this.log?.storedArgument(entry, this.table.shard, previousLsn, this.request, key);
  }

  /** The value opened last as RESTORE takes it; good until the next call. */
  protected serialized(_entry: number): Buffer {
    throw new Error('no value but a string is known here');
  }

  /**
   * The same for a change that the client's own command makes again when it is replayed on the
   * value before it: it names one key, and neither the clock nor chance has a part in it.
   * @param isBlind it makes the value whatever it was before
   */
  changedAsAsked(entry: number, isBlind = false): void {
    const previousLsn = this.stamp(entry);
    this.log?.asked(entry, this.table.shard, previousLsn, this.request, isBlind);
  }

  /** The same for a change of nothing but the expiry. */
  expiryChanged(entry: number): void {
    const previousLsn = this.stamp(entry);
    this.log?.expires(entry, this.table.shard, previousLsn);
  }

  /** Gives a changed entry its LSN; returns the one it had. */
  protected stamp(entry: number): number {
    const previousLsn = this.table.lsnOf(entry);
    this.table.stamp(entry);
    this.stats.changes++;
    if (this.changes.isOn) this.changes.noteSelected(this.table);
    return previousLsn;
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
}

/** True when a buffer has room for a value and not much more room than that. */
function hasCapacityFor(value: Buffer, valueBytes: number): boolean {
  return valueBytes <= value.length && value.length <= 2 * valueBytes;
}
