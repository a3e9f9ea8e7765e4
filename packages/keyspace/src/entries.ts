// What an entry says of itself: the accessors over the layout. Whoever reads or changes an entry
// holds its shard's lock; nothing here checks it.

import type { Arena } from './arena.ts';
import {
  ENTRY_EXPIRE,
  ENTRY_HASH,
  ENTRY_KEY,
  ENTRY_LOG,
  ENTRY_LOG_POSITION,
  ENTRY_LSN,
  ENTRY_META,
  ENTRY_NAMESPACE,
  ENTRY_USE,
  ENTRY_VALUE,
  FLAG_COLD,
  FLAG_LARGE,
  FLAG_TIMED_PARTS,
} from './layout.ts';
import { CLASS_BYTES } from './size-classes.ts';

export class Entries {
  /** The arena as words and as bytes, for readers of values. */
  readonly words: Int32Array;
  readonly bytes: Buffer;
  readonly view: DataView;
  protected readonly floats: Float64Array;

  constructor(arena: Arena) {
    this.words = arena.words;
    this.bytes = arena.bytes;
    this.view = new DataView(arena.bytes.buffer, arena.bytes.byteOffset, arena.bytes.byteLength);
    this.floats = arena.floats;
  }

  typeOf(entry: number): number {
    return (this.words[entry + ENTRY_META]! >>> 16) & 255;
  }

  flagsOf(entry: number): number {
    return this.words[entry + ENTRY_VALUE]! >>> 16;
  }

  setFlags(entry: number, clear: number, set: number): void {
    const word = this.words[entry + ENTRY_VALUE]!;
    this.words[entry + ENTRY_VALUE] = (word & ~(clear << 16)) | (set << 16);
  }

  setType(entry: number, type: number): void {
    const word = this.words[entry + ENTRY_META]!;
    this.words[entry + ENTRY_META] = (word & ~0xff0000) | (type << 16);
  }

  isLarge(entry: number): boolean {
    return (this.words[entry + ENTRY_VALUE]! & (FLAG_LARGE << 16)) !== 0;
  }

  isCold(entry: number): boolean {
    return (this.words[entry + ENTRY_VALUE]! & (FLAG_COLD << 16)) !== 0;
  }

  /** True for entries whose value is not here: large, or cold. */
  isElsewhere(entry: number): boolean {
    return (this.words[entry + ENTRY_VALUE]! & ((FLAG_LARGE | FLAG_COLD) << 16)) !== 0;
  }

  /** True for entries whose value may have parts that expire by themselves. */
  hasTimedParts(entry: number): boolean {
    return (this.words[entry + ENTRY_VALUE]! & (FLAG_TIMED_PARTS << 16)) !== 0;
  }

  keyLength(entry: number): number {
    return this.words[entry + ENTRY_META]! & 0xffff;
  }

  /** Word index of the entry's key bytes. */
  keyWord(entry: number): number {
    return entry + ENTRY_KEY;
  }

  /** Bytes of the slot the entry lies in. */
  slotBytesOf(entry: number): number {
    return CLASS_BYTES[this.words[entry + ENTRY_META]! >>> 24]!;
  }

  valueLength(entry: number): number {
    return this.words[entry + ENTRY_VALUE]! & 0xffff;
  }

  /** Word index of the entry's packed bytes. */
  valueWord(entry: number): number {
    return entry + ENTRY_KEY + (((this.words[entry + ENTRY_META]! & 0xffff) + 3) >> 2);
  }

  /** Signed. */
  hashOf(entry: number): number {
    return this.words[entry + ENTRY_HASH]!;
  }

  namespaceOf(entry: number): number {
    return this.words[entry + ENTRY_NAMESPACE]!;
  }

  /** Absolute expiry in Unix milliseconds, 0 = never. */
  expireAtMs(entry: number): number {
    return this.floats[(entry + ENTRY_EXPIRE) >> 1]!;
  }

  /** LSN of the last write; 0: none. */
  lsnOf(entry: number): number {
    return (
      (this.words[entry + ENTRY_LOG]! >>> 16) * 0x1_0000_0000 +
      (this.words[entry + ENTRY_LSN]! >>> 0)
    );
  }

  /** Sets the LSN, and that no log need be asked for the write. */
  setLsn(entry: number, lsn: number): void {
    this.words[entry + ENTRY_LSN] = lsn | 0;
    this.words[entry + ENTRY_LOG] = (lsn / 0x1_0000_0000) << 16;
    this.words[entry + ENTRY_LOG_POSITION] = 0;
  }

  /** Number of the log that has the last write, plus 1; 0: the log of an earlier run, or none. */
  logOf(entry: number): number {
    return this.words[entry + ENTRY_LOG]! & 0xffff;
  }

  /** Where the last write ends in its log, in units of 8 bytes, modulo 2^32, signed. */
  logPositionOf(entry: number): number {
    return this.words[entry + ENTRY_LOG_POSITION]!;
  }

  /** Notes which log has the last write, and where it ends there. */
  setLogged(entry: number, log: number, position: number): void {
    this.words[entry + ENTRY_LOG] = (this.words[entry + ENTRY_LOG]! & ~0xffff) | (log + 1);
    this.words[entry + ENTRY_LOG_POSITION] = position;
  }

  /** Seconds since the arena's epoch at the entry's last access. */
  usedAt(entry: number): number {
    return this.words[entry + ENTRY_USE]!;
  }

  /** Notes an access at `seconds` since the arena's epoch. */
  use(entry: number, seconds: number): void {
    if (this.words[entry + ENTRY_USE] !== seconds) this.words[entry + ENTRY_USE] = seconds;
  }
}
