// Hashes as the commands of the family open and change them. Which form a hash has is known here
// and in what this builds on, and to no command. Expired fields are gone once a hash is open.
//
//   entry = hash.open(c, 1)                     for commands that write; openRead for the others
//   entry = hash.beginSet(c, entry, 2, pairs)   for set: makes room, or the large form; may fail
//   hash.set(c, ...), hash.delete(c, ...), hash.setTime(c, ...)
//   entry = hash.end(c, entry)                  0: it had no field left, and the key is removed
//   c.changedAsAsked(entry), or another of the kind

import {
  ElementBytes,
  hashCountStaysPacked,
  hashMayStayPacked,
  KEEP_TIME,
  LargeHash,
} from '@forgekv/datatypes';
import { TYPE_HASH } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { NOT_HERE } from '../outcome.ts';
import { OpenedHash } from './opened-hash.ts';

class HashValue extends OpenedHash {
  readonly #value = new ElementBytes();
  // What the fields that are about to be set come to at most.
  #mostCount = 0;
  #mostBytes = 0;
  /** The argument whose field was looked for last, with nothing changed since; -1: none. */
  #foundIndex = -1;
  #isFound = false;

  override attach(c: CommandContext): void {
    this.#foundIndex = -1;
    super.attach(c);
  }

  protected override attachNone(): void {
    this.#foundIndex = -1;
    super.attachNone();
  }

  override find(c: CommandContext, index: number): boolean {
    this.#isFound = super.find(c, index);
    this.#foundIndex = index;
    return this.#isFound;
  }

  /**
   * Makes room for pairs of arguments that are about to be set, and decides whether the hash stays
   * packed, as Redis would.
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  beginSet(c: CommandContext, entry: number, first: number, pairs: number): number {
    if (this.large !== null) return entry;
    const { request } = c;
    let longest = 0;
    for (let i = first; i < first + 2 * pairs; i++) longest = Math.max(longest, request.length(i));
    if (!hashMayStayPacked(pairs, longest, c.limits.hash)) return this.#enlarge(c, entry);
    this.#measure(c, first, pairs, null);
    if (!this.#fits(c) && pairs > 1) this.#measure(c, first, pairs, new Map());
    return this.#fits(c) ? this.#grow(c, entry, this.#mostBytes) : this.#enlarge(c, entry);
  }

  /** The same for one field that gets a value of so many bytes, which is no argument. */
  beginSetOne(c: CommandContext, entry: number, fieldIndex: number, valueBytes: number): number {
    if (this.large !== null) return entry;
    const longest = Math.max(c.request.length(fieldIndex), valueBytes);
    if (!hashMayStayPacked(1, longest, c.limits.hash)) return this.#enlarge(c, entry);
    this.#mostCount = this.packed.count;
    this.#mostBytes = this.packed.baseBytes;
    this.#add(c, fieldIndex, valueBytes, null);
    return this.#fits(c) ? this.#grow(c, entry, this.#mostBytes) : this.#enlarge(c, entry);
  }

  /** @param seen null: a field that is given twice is counted twice */
  #measure(
    c: CommandContext,
    first: number,
    pairs: number,
    seen: Map<string, number> | null,
  ): void {
    this.#mostCount = this.packed.count;
    this.#mostBytes = this.packed.baseBytes;
    for (let i = first; i < first + 2 * pairs; i += 2)
      this.#add(c, i, c.request.length(i + 1), seen);
  }

  /** What shrinks is not counted: it may grow again in the same command. */
  #add(
    c: CommandContext,
    fieldIndex: number,
    valueBytes: number,
    seen: Map<string, number> | null,
  ): void {
    const { packed, field } = this;
    const isFound = this.#foundIndex === fieldIndex ? this.#isFound : this.find(c, fieldIndex);
    let grows = isFound
      ? Math.max(0, packed.planSet(true, field, valueBytes) - packed.length)
      : packed.pairBytes(c.request.length(fieldIndex), valueBytes);
    let isNew = !isFound;
    if (seen !== null) {
      const name = c.request.text(fieldIndex);
      const before = seen.get(name);
      seen.set(name, Math.max(grows, before ?? 0));
      if (before !== undefined) {
        grows = Math.max(0, grows - before);
        isNew = false;
      }
    }
    if (isNew) this.#mostCount++;
    this.#mostBytes += grows;
  }

  #fits(c: CommandContext): boolean {
    return (
      hashCountStaysPacked(this.#mostCount, c.limits.hash) && this.#mostBytes <= c.mostPackedBytes
    );
  }

  #grow(c: CommandContext, entry: number, bytes: number): number {
    const { packed } = this;
    if (bytes <= packed.length) return entry;
    const grown = c.growPacked(entry, TYPE_HASH, bytes);
    if (grown > 0) packed.rebase(c.valueBytes, c.table.view, c.valueOffset);
    return grown;
  }

  /** Makes the packed hash a large one; returns the entry, NOT_HERE or FULL. */
  #enlarge(c: CommandContext, entry: number): number {
    if (!c.mayBeLarge) return NOT_HERE;
    const { packed } = this;
    const large = new LargeHash(c.largeOptions);
    packed.rewind();
    while (packed.next()) {
      packed.read();
      const { bytes, fieldAt, fieldBytes, valueAt, valueBytes, expireAtMs } = packed;
      large.set(bytes, fieldAt, fieldBytes, bytes, valueAt, valueBytes, expireAtMs);
    }
    const stored = c.storeLarge(entry, TYPE_HASH, large);
    if (stored > 0) this.large = large;
    return stored;
  }

  /** Sets the field an argument names to the value another is; true when it is new. */
  set(c: CommandContext, fieldIndex: number, valueIndex: number): boolean {
    const { request } = c;
    const value = this.#value.set(
      request.bytes,
      request.view,
      request.offset(valueIndex),
      request.length(valueIndex),
    );
    return this.setTo(c, fieldIndex, value, false);
  }

  /**
   * Sets the field an argument names; room was made by `beginSet` or `beginSetOne`.
   * @param value no bytes of the hash itself
   * @param keepsTime a field that expires goes on to do so
   */
  setTo(c: CommandContext, fieldIndex: number, value: ElementBytes, keepsTime: boolean): boolean {
    const { large, packed, field } = this;
    if (large !== null) {
      const { request } = c;
      const at = request.offset(fieldIndex);
      const bytes = request.length(fieldIndex);
      const time = keepsTime ? KEEP_TIME : 0;
      return large.set(request.bytes, at, bytes, value.bytes, value.offset, value.length, time);
    }
    const isFound = this.#foundIndex === fieldIndex ? this.#isFound : this.find(c, fieldIndex);
    this.#foundIndex = -1;
    const expireAtMs = isFound && keepsTime ? packed.expireAtMs : 0;
    packed.planSet(isFound, field, value.length);
    packed.applySet(field, value, expireAtMs);
    return !isFound;
  }

  /** Removes the field an argument names; false when there is none. */
  delete(c: CommandContext, index: number): boolean {
    const { request } = c;
    if (this.large !== null) {
      return this.large.delete(request.bytes, request.offset(index), request.length(index));
    }
    if (!this.find(c, index)) return false;
    this.#foundIndex = -1;
    this.packed.planRemove();
    this.packed.applyRemove();
    return true;
  }

  /**
   * Makes room for the times of fields.
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  beginTimes(c: CommandContext, entry: number): number {
    const { packed } = this;
    if (this.large !== null || packed.isTimed) return entry;
    this.#foundIndex = -1;
    const bytes = packed.planTimed();
    if (bytes > c.mostPackedBytes) return this.#enlarge(c, entry);
    const grown = this.#grow(c, entry, bytes);
    if (grown > 0) packed.applyTimed();
    return grown;
  }

  /**
   * Sets or, with 0, clears the time of the field that an argument names and `find` has just found.
   * `noteTimes` comes when all are set.
   */
  setTime(c: CommandContext, index: number, expireAtMs: number): void {
    const { request } = c;
    if (this.large === null) this.packed.setExpiry(expireAtMs);
    else {
      const at = request.offset(index);
      this.large.setExpireAtMs(expireAtMs, request.bytes, at, request.length(index));
    }
  }

  /** Tells the sweeper when the first field expires. */
  noteTimes(c: CommandContext, entry: number): void {
    c.table.noteTimedParts(entry, this.earliestExpiry);
  }

  /**
   * Ends the changes of a command; one of `changed...` comes next.
   * @returns the entry, or 0: the last field is gone, the key with it, and that is logged
   */
  end(c: CommandContext, entry: number): number {
    if (this.count === 0) {
      c.remove(entry);
      return 0;
    }
    if (this.large === null) return this.fit(c, entry);
    c.touchLarge(entry, this.large);
    return entry;
  }
}

/** The hash of this thread's command. */
export const hash = new HashValue();
