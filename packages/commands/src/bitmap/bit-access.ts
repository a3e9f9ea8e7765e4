// What the bit commands share: offsets as arguments, opened values as bits, strings that grow by
// zeros.

import { type BitString, parseInt64, parseSafeInteger, STRING_RAW } from '@forgekv/datatypes';
import { FLAG_DIRTY, TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';

export const ERR_BIT_OFFSET = 'ERR bit offset is not an integer or out of range';
const HASH = 35;

/**
 * Reads a bit offset at an argument index.
 * @param width of the field in bits where `#n` means the n-th field, else 0
 * @returns the offset, below 8 times the largest string; -1: it is not valid
 */
export function readBitOffset(c: CommandContext, index: number, width: number): number {
  const { request } = c;
  const at = request.offset(index);
  const length = request.length(index);
  const counted = width > 0 && length > 0 && request.bytes[at] === HASH ? 1 : 0;
  let given = parseSafeInteger(request.bytes, at + counted, length - counted);
  if (Number.isNaN(given)) {
    const exact = parseInt64(request.bytes, at + counted, length - counted);
    if (exact === null) return -1;
    given = Number(exact);
  }
  // Redis: a product beyond 64 bits wraps around and may come out valid.
  const offset = counted === 1 ? given * width : given;
  return offset >= 0 && offset < c.maxStringBytes * 8 ? offset : -1;
}

/** Points `text` to the value opened last, or to the empty string when there is no entry. */
export function pointTo(c: CommandContext, entry: number, text: BitString): void {
  const { table } = c;
  if (entry === 0) {
    text.set(table.bytes, table.words, 0, 0);
  } else if (table.isLarge(entry)) {
    const { buffer, byteOffset, length } = c.valueBytes;
    text.set(c.valueBytes, new Int32Array(buffer, byteOffset, length >> 2), 0, c.valueLength);
  } else {
    text.set(table.bytes, table.words, c.valueOffset, c.valueLength);
  }
}

/**
 * Makes the string opened last at least `length` bytes long, zeros at its end, ready to be changed
 * in place; its encoding becomes raw.
 * @param entry the selected key's entry, or 0
 * @returns the entry, NOT_HERE or FULL (nothing has changed)
 */
export function growString(c: CommandContext, entry: number, length: number): number {
  const before = entry === 0 ? 0 : c.valueLength;
  const old = entry === 0 ? null : c.valueBytes;
  const needed = Math.max(before, length);
  const stored = c.reserve(entry, TYPE_STRING, needed, before);
  if (stored < 0) return stored;
  // A large value that got a new buffer: that one is all zeros, and may have hundreds of MB.
  const isNew = c.table.isLarge(stored) && c.valueBytes !== old;
  if (needed > before && !isNew) {
    c.valueBytes.fill(0, c.valueOffset + before, c.valueOffset + needed);
  }
  c.setEncoding(stored, STRING_RAW);
  return stored;
}

/**
 * Redis: a string whose bits are set to what they are becomes raw, but that is no change to anybody
 * who watches it, and not worth an effect. The store keeps it like the encodings that are.
 */
export function becomeRaw(c: CommandContext, entry: number): void {
  // Those are too long to be anything else.
  if (c.table.isLarge(entry)) return;
  c.setEncoding(entry, STRING_RAW);
  c.table.setFlags(entry, 0, FLAG_DIRTY);
}
