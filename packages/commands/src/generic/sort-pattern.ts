// The patterns of SORT BY and GET: a key, and perhaps a field of a hash in it, named by an element
// in the place of a star. The keys are none that the command names; who runs it has locked all
// shards.

import { ByteRange } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { hash } from '../hash/hash-value.ts';
import { KEY_TOO_LONG, NOT_HERE, OTHER_TYPE } from '../outcome.ts';

const ARROW = '->';

// What a lookup answers; NOT_HERE, FULL and UNREADABLE are below these.
export const NO_VALUE = 0;
export const HAS_VALUE = 1;

/** The keys looked up are hits or misses when the command has ended. */
export class LookupCounts {
  hits = 0;
  misses = 0;

  begin(): void {
    this.hits = 0;
    this.misses = 0;
  }

  end(c: CommandContext): void {
    c.stats.hits += this.hits;
    c.stats.misses += this.misses;
  }
}

export const counts = new LookupCounts();

// The key and the field as arguments 0 and 1 of a request of their own.
let keyBytes = Buffer.alloc(256);
let keyView = viewOf(keyBytes);
const keyArgs = new Int32Array(4);

export class SortPattern {
  /** True for `#`, which stands for the element itself. */
  readonly isElement: boolean;
  /** True when there is a star in it; without one there is never a value. */
  readonly namesKeys: boolean;
  /** The value found last; valid until something changes. */
  readonly value: ByteRange = new ByteRange();
  readonly #before: Buffer;
  readonly #behind: Buffer;
  readonly #field: Buffer | null;

  constructor(pattern: Buffer) {
    this.isElement = pattern.length === 1 && pattern[0] === 35;
    // Redis: looks for the star and the arrow only up to a zero byte.
    const zero = pattern.indexOf(0);
    const text = zero < 0 ? pattern : pattern.subarray(0, zero);
    const star = text.indexOf('*');
    this.namesKeys = star >= 0;
    const arrow = star < 0 ? -1 : text.indexOf(ARROW, star + 1);
    const fieldAt = arrow + ARROW.length;
    const hasField = arrow >= 0 && fieldAt < text.length;
    this.#before = pattern.subarray(0, Math.max(0, star));
    this.#behind = pattern.subarray(star + 1, hasField ? arrow : pattern.length);
    this.#field = hasField ? pattern.subarray(fieldAt) : null;
  }

  /**
   * Looks up what an element names; the value is in `value`. What lies elsewhere is noted in
   * `c.wanted`, where there is that, and then counts as missing.
   * @returns HAS_VALUE, NO_VALUE, NOT_HERE, FULL or UNREADABLE
   */
  lookUp(c: CommandContext, bytes: Buffer, offset: number, length: number): number {
    if (this.isElement) {
      this.value.point(bytes, offset, length);
      return HAS_VALUE;
    }
    if (!this.namesKeys) return NO_VALUE;
    const { request } = c;
    const { bytes: ownBytes, view, args, first, argc } = request;
    this.#compose(bytes, offset, length);
    request.source(keyBytes, keyView, keyArgs);
    request.first = 0;
    request.argc = 2;
    const found = isWanted(c) ? NO_VALUE : this.#open(c);
    request.source(ownBytes, view, args);
    request.first = first;
    request.argc = argc;
    return found;
  }

  #compose(bytes: Buffer, offset: number, length: number): void {
    const before = this.#before.length;
    const keyLength = before + length + this.#behind.length;
    const fieldLength = this.#field?.length ?? 0;
    // A few bytes more: words may be read beyond the last byte.
    const needed = keyLength + fieldLength + 8;
    if (keyBytes.length < needed || keyBytes.length > 65_536) {
      keyBytes = Buffer.alloc(Math.max(256, needed));
      keyView = viewOf(keyBytes);
    }
    this.#before.copy(keyBytes, 0);
    bytes.copy(keyBytes, before, offset, offset + length);
    this.#behind.copy(keyBytes, before + length);
    this.#field?.copy(keyBytes, keyLength);
    keyArgs[0] = 0;
    keyArgs[1] = keyLength;
    keyArgs[2] = keyLength;
    keyArgs[3] = fieldLength;
  }

  #open(c: CommandContext): number {
    return this.#field === null ? this.#openString(c) : this.#openField(c);
  }

  #openString(c: CommandContext): number {
    let entry = c.open(0);
    if (entry <= 0) return counted(c, entry);
    if (c.table.typeOf(entry) !== TYPE_STRING) return counted(c, OTHER_TYPE);
    entry = c.loadValue(entry);
    if (entry < 0) return entry;
    this.value.point(c.valueBytes, c.valueOffset, c.valueLength);
    return counted(c, entry);
  }

  #openField(c: CommandContext): number {
    const entry = hash.open(c, 0);
    if (entry <= 0) return counted(c, entry);
    counts.hits++;
    if (!hash.find(c, 1)) return NO_VALUE;
    this.value.point(hash.valueBytes, hash.valueAt, hash.valueLength);
    return HAS_VALUE;
  }
}

/** Notes the key of the lookup if its value lies elsewhere. */
function isWanted(c: CommandContext): boolean {
  const { wanted } = c;
  if (wanted === null) return false;
  const entry = c.open(0);
  // NOT_HERE: only its store has the key, which is another worker's.
  const isElsewhere = entry > 0 ? c.table.isElsewhere(entry) : entry === NOT_HERE;
  if (!isElsewhere) return false;
  wanted.push({ key: c.request.copy(0), db: c.db });
  return true;
}

/** Counts what `open` has answered as a hit or a miss, and says whether there is a value. */
function counted(c: CommandContext, entry: number): number {
  if (entry > 0 || entry === OTHER_TYPE) {
    counts.hits++;
    return entry > 0 ? HAS_VALUE : NO_VALUE;
  }
  // There can be no key that is longer than keys can be.
  if (entry !== 0 && entry !== KEY_TOO_LONG) return entry;
  counts.misses++;
  c.noteMiss(0);
  return NO_VALUE;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
