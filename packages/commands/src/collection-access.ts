// Collections as command functions open and change them: packed ones in the hot table, in place,
// large ones as objects in their worker. What the elements are is for the families to know.
//
// How a packed one is changed, so that nothing has happened yet when there is no room for it:
//   entry = c.growPacked(entry, type, most)    `most` bytes at the end of all edits, at most
//   edits, one after the other, in place
//   entry = c.fitPacked(entry, bytes)          as long as it is now
//   c.changedAsAsked(entry), or another of the kind
// A collection that loses its last element is removed: c.remove(entry) instead of the last two.

import { type LargeValueOptions, MAX_PACKED_BYTES } from '@forgekv/datatypes';
import type { EffectLog } from './effect-log.ts';
import type { KeyModules } from './key-access.ts';
import type { LargeCollection } from './large-values.ts';
import type { NewBytes, NewValue } from './new-value.ts';
import { OTHER_TYPE } from './outcome.ts';
import { ValueAccess } from './value-access.ts';

/** Most bytes that the length of a large collection is noted as. */
const MOST_NOTED_BYTES = 2 ** 31 - 1;
/** A time in the past: the sweeper looks up when the first part of a value expires. */
export const SOON_MS = 1;

export class CollectionAccess extends ValueAccess {
  /** For new large collections. */
  readonly largeOptions: LargeValueOptions;

  constructor(modules: KeyModules, largeOptions: LargeValueOptions) {
    super(modules);
    this.largeOptions = largeOptions;
  }

  /**
   * Opens a key that should hold a collection of a type: afterwards `collection` is a large one, or
   * valueBytes, valueOffset and valueLength point to a packed one.
   * @returns its entry, 0 when there is none, NOT_HERE, FULL, UNREADABLE, AWAITS or OTHER_TYPE
   */
  openCollection(index: number, type: number, db: number = this.db): number {
    const entry = this.open(index, db);
    if (entry <= 0) return entry;
    return this.table.typeOf(entry) === type ? this.loadValue(entry) : OTHER_TYPE;
  }

  /** The same for a collection that the command will not change, whatever else it does. */
  openSource(index: number, type: number): number {
    const entry = this.open(index);
    if (entry <= 0) return entry;
    return this.table.typeOf(entry) === type ? this.loadSource(entry) : OTHER_TYPE;
  }

  /** As `loadValue`, for a value that the command will not change. */
  loadSource(entry: number): number {
    const { mayChange } = this;
    this.mayChange = false;
    const loaded = this.loadValue(entry);
    this.mayChange = mayChange;
    return loaded;
  }

  /** True when this thread may make the selected key's collection a large one. */
  get mayBeLarge(): boolean {
    return this.large.reaches(this.table.shard);
  }

  /** Longest packed collection, in bytes. */
  get mostPackedBytes(): number {
    return Math.min(this.hotValueMaxBytes, MAX_PACKED_BYTES);
  }

  /**
   * Makes room in a packed collection that was opened last, or for a new one; its bytes stay.
   * valueBytes and valueOffset are where it is then.
   * @param entry the key's entry, or 0
   * @param bytes the whole length it may come to, at most `mostPackedBytes`
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  growPacked(entry: number, type: number, bytes: number): number {
    return this.reserve(entry, type, bytes, entry === 0 ? 0 : this.valueLength);
  }

  /** Sets the length a packed collection has after its edits, which cannot fail. */
  fitPacked(entry: number, bytes: number): number {
    return this.valueLength === bytes
      ? entry
      : this.reserve(entry, this.table.typeOf(entry), bytes, bytes);
  }

  /**
   * Makes the selected key hold a large collection; what it held is dropped.
   * @param entry the key's entry, or 0
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  storeLarge(entry: number, type: number, collection: LargeCollection): number {
    const stored = this.adoptLarge(entry, type, collection, notedBytes(collection));
    if (stored > 0) this.setEncoding(stored, 0);
    return stored;
  }

  /** Notes that the large collection of an entry was changed in place; `changed...` comes next. */
  touchLarge(entry: number, collection: LargeCollection): void {
    const { table } = this;
    table.setLargeLength(entry, notedBytes(collection));
    this.large.touch(table.shard, table.words[table.valueWord(entry)]!);
  }

  /**
   * Makes the selected key hold a new value of any type; its expiry stays.
   * @param entry the key's entry, or 0
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  storeNew(entry: number, value: NewValue): number {
    const stored = value.collection
      ? this.storeLarge(entry, value.type, value.collection)
      : this.#storeBytes(entry, value);
    if (stored > 0 && value.hasTimedParts) this.table.noteTimedParts(stored, SOON_MS);
    return stored;
  }

  #storeBytes(entry: number, value: NewBytes): number {
    const { bytes, offset, length } = value;
    const stored = this.reserve(entry, value.type, length, 0);
    if (stored < 0) return stored;
    bytes.copy(this.valueBytes, this.valueOffset, offset, offset + length);
    this.setEncoding(stored, value.encoding);
    return stored;
  }

  /**
   * Like `changed`, for a change that another command than the client's makes again when it is
   * replayed on the value before it: `name` key, and `rest` arguments, which the caller gives to
   * the log that is returned (null: nowhere), and then `endTold`.
   * @param sub its subcommand, which comes before the key
   */
  changedAs(entry: number, name: string, rest: number, sub = ''): EffectLog | null {
    const previousLsn = this.stamp(entry);
    this.log?.beginTold(entry, this.table.shard, previousLsn, name, rest, sub);
    return this.log;
  }

  /**
   * Why effects of so many bytes cannot be logged, as an error reply, or ''. To be asked before the
   * first change by commands whose effects may be much longer than they are.
   */
  refusalOf(bytes: number): string {
    return this.log === null ? '' : this.log.refusalOf(bytes);
  }
}

function notedBytes(collection: LargeCollection): number {
  return Math.min(collection.memoryBytes, MOST_NOTED_BYTES);
}
