// What an entry says of itself: the accessors over the layout. Whoever reads or changes an entry
// holds its shard's lock; nothing here checks it.

import type { Arena } from './arena.ts';
import {
  ENTRY_EXPIRE,
  ENTRY_KEY,
  ENTRY_LSN,
  ENTRY_META,
  ENTRY_NAMESPACE,
  ENTRY_USE,
  ENTRY_VALUE,
  FLAG_LARGE,
} from './layout.ts';

export class Entries {
  /** The arena as words and as bytes, for readers of values. */
  readonly words: Int32Array;
  readonly bytes: Buffer;
  protected readonly floats: Float64Array;

  constructor(arena: Arena) {
    this.words = arena.words;
    this.bytes = arena.bytes;
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

  keyLength(entry: number): number {
    return this.words[entry + ENTRY_META]! & 0xffff;
  }

  /** Word index of the entry's key bytes. */
  keyWord(entry: number): number {
    return entry + ENTRY_KEY;
  }

  valueLength(entry: number): number {
    return this.words[entry + ENTRY_VALUE]! & 0xffff;
  }

  /** Word index of the entry's packed bytes. */
  valueWord(entry: number): number {
    return entry + ENTRY_KEY + (((this.words[entry + ENTRY_META]! & 0xffff) + 3) >> 2);
  }

  namespaceOf(entry: number): number {
    return this.words[entry + ENTRY_NAMESPACE]!;
  }

  /** Absolute expiry in Unix milliseconds, 0 = never. */
  expireAtMs(entry: number): number {
    return this.floats[(entry + ENTRY_EXPIRE) >> 1]!;
  }

  lsnOf(entry: number): number {
    return this.floats[(entry + ENTRY_LSN) >> 1]!;
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
