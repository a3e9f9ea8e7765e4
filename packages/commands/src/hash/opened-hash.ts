// The hash of the command that runs, as it is opened: without the fields that have expired, whose
// removal is logged before anything the command does. How it is changed is in hash-value.ts.

import { invariant } from '@forgekv/base';
import { LargeHash } from '@forgekv/datatypes';
import { TYPE_HASH } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { EVENT_GENERIC, EVENT_HASH } from '../key-events.ts';
import { AWAITS, OTHER_TYPE, UNREADABLE } from '../outcome.ts';
import { HashFields } from './hash-fields.ts';

/** Expired fields of a large hash that go in one effect. */
const EXPIRED_BATCH = 1000;

export class OpenedHash extends HashFields {
  /**
   * Opens a key that should hold a hash, and removes what has expired.
   * @returns its entry, 0 when there is none, NOT_HERE, FULL, UNREADABLE or OTHER_TYPE
   */
  open(c: CommandContext, index: number): number {
    const entry = c.openCollection(index, TYPE_HASH);
    if (entry <= 0) {
      this.attachNone();
      return entry;
    }
    this.attach(c);
    if (this.large === null ? !this.packed.isTimed : this.large.timedCount === 0) return entry;
    return this.#expire(c, entry);
  }

  /** The same for commands that only read: counts the keyspace hit or miss. */
  openRead(c: CommandContext, index: number): number {
    const entry = this.open(c, index);
    if (entry >= 0) c.countRead(entry, index);
    else if (entry === OTHER_TYPE) c.stats.hits++;
    return entry;
  }

  /**
   * When the first field of an entry met on a walk expires, in Unix milliseconds: 0 = never, or it
   * holds no hash. The shard is locked, large values are within reach; it changes nothing.
   */
  earliestOf(c: CommandContext, entry: number): number {
    const { table, large } = c;
    if (table.typeOf(entry) !== TYPE_HASH) return 0;
    const word = table.valueWord(entry);
    if (table.isLarge(entry)) {
      const value = large.get(table.words[word]!);
      return value instanceof LargeHash ? value.nextExpireAtMs : 0;
    }
    this.packed.open(table.bytes, table.view, word * 4, table.valueLength(entry));
    return this.packed.earliestExpiry();
  }

  #expire(c: CommandContext, entry: number): number {
    const earliestMs = this.earliestExpiry;
    // Where the entry came from elsewhere, the sweeper does not know of it yet.
    if (!c.table.hasTimedParts(entry)) c.table.noteTimedParts(entry, earliestMs);
    if (earliestMs === 0 || earliestMs > c.nowMs) return entry;
    if (c.writeRefusal !== '') return this.#hide(c, entry);
    // Those of a large one go in spite of a pause.
    if (c.keepsExpired && this.large === null) return this.#hide(c, entry);
    if (this.large !== null && c.large.awaitRelease(this.large)) return AWAITS;
    const left = this.large === null ? this.#expirePacked(c, entry) : this.#expireLarge(c, entry);
    c.noteSelected(EVENT_HASH, 'hexpired', true);
    if (left > 0) return left;
    c.noteSelected(EVENT_GENERIC, 'del', true);
    c.remove(entry);
    c.stats.expiredKeys++;
    this.attachNone();
    return 0;
  }

  /**
   * Hides expired fields whose removal cannot be logged now, from commands that only read: they
   * get a copy without. A large hash is too much to copy.
   */
  #hide(c: CommandContext, entry: number): number {
    const { packed } = this;
    if (this.large !== null) {
      c.unreadable = c.writeRefusal;
      return UNREADABLE;
    }
    const at = c.valueOffset;
    const copy = Buffer.from(c.table.bytes.subarray(at, at + c.table.valueLength(entry)));
    const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
    packed.rebase(copy, view, 0);
    packed.rewind();
    while (packed.next()) {
      if (!this.#isDue(c)) continue;
      packed.planRemove();
      packed.applyRemove();
    }
    if (packed.count > 0) return entry;
    this.attachNone();
    return 0;
  }

  /** Removes expired fields; returns the entry, or 0, with nothing changed, when all have. */
  #expirePacked(c: CommandContext, entry: number): number {
    const { packed } = this;
    let due = 0;
    packed.rewind();
    while (packed.next()) if (this.#isDue(c)) due++;
    c.stats.expiredFields += due;
    if (due === packed.count) return 0;
    const log = c.changedAs(entry, 'HDEL', due);
    packed.rewind();
    while (packed.next()) {
      if (!this.#isDue(c)) continue;
      log?.argument(packed.bytes, packed.fieldAt, packed.fieldBytes);
      packed.planRemove();
      packed.applyRemove();
    }
    const fitted = this.fit(c, entry);
    log?.endTold(fitted);
    return fitted;
  }

  #isDue(c: CommandContext): boolean {
    this.packed.read();
    const { expireAtMs } = this.packed;
    return expireAtMs !== 0 && expireAtMs <= c.nowMs;
  }

  /** Removes expired fields, in effects of bounded size; returns the entry, or 0: none is left. */
  #expireLarge(c: CommandContext, entry: number): number {
    const large = this.large!;
    for (;;) {
      const gone: Buffer[] = [];
      large.removeExpired(c.nowMs, EXPIRED_BATCH, (field) => void gone.push(field.copy()));
      c.stats.expiredFields += gone.length;
      if (large.count === 0) return 0;
      if (gone.length === 0) return entry;
      c.touchLarge(entry, large);
      const log = c.changedAs(entry, 'HDEL', gone.length);
      for (const field of gone) log?.argument(field, 0, field.length);
      log?.endTold(entry);
    }
  }

  /** Sets the packed hash's length after its edits; returns the entry. */
  protected fit(c: CommandContext, entry: number): number {
    const { packed } = this;
    const fitted = c.fitPacked(entry, packed.length);
    invariant(fitted > 0, 'a value that shrinks has room');
    packed.rebase(c.valueBytes, c.table.view, c.valueOffset);
    return fitted;
  }
}
