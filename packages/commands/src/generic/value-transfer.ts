// Takes a value of any type from one key to another as it is: packed bytes, type, encoding and
// expiry. Shared by COPY, RENAME and MOVE; knows nothing of what the bytes mean.

import type { CommandContext } from '../context.ts';

/** A value that is about to be copied or moved; valid until its own entry changes. */
export interface SourceValue {
  readonly entry: number;
  readonly type: number;
  readonly encoding: number;
  readonly expireAtMs: number;
  readonly isLarge: boolean;
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** Describes the value opened last, by `openValue`. */
export function sourceValue(c: CommandContext, entry: number): SourceValue {
  const { table } = c;
  return {
    entry,
    type: table.typeOf(entry),
    encoding: c.encodingOf(entry),
    expireAtMs: table.expireAtMs(entry),
    isLarge: table.isLarge(entry),
    bytes: c.valueBytes,
    offset: c.valueOffset,
    length: c.valueLength,
  };
}

/**
 * Gives the selected key a copy of a value.
 * @param entry its entry, whose value is replaced, or 0
 * @returns its entry, NOT_HERE or FULL (nothing has changed)
 */
export function storeCopy(c: CommandContext, entry: number, source: SourceValue): number {
  const { offset, length } = source;
  const stored = c.reserve(entry, source.type, length, 0);
  if (stored > 0) {
    source.bytes.copy(c.valueBytes, c.valueOffset, offset, offset + length);
    finish(c, stored, source);
  }
  return stored;
}

/**
 * Moves a value to the selected key; the same as a copy but for large values, whose buffer changes
 * hands. The caller then removes the source's entry.
 */
export function storeMoved(c: CommandContext, entry: number, source: SourceValue): number {
  if (!source.isLarge || source.length <= c.hotValueMaxBytes) return storeCopy(c, entry, source);
  const stored = c.adoptLarge(entry, source.type, source.bytes, source.length);
  if (stored > 0) finish(c, stored, source);
  return stored;
}

function finish(c: CommandContext, stored: number, source: SourceValue): void {
  c.setEncoding(stored, source.encoding);
  c.table.setExpireAtMs(stored, source.expireAtMs);
  c.changed(stored);
}
