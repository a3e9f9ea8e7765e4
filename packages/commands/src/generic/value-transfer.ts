// Takes a value of any type from one key to another as it is: packed bytes, type, encoding and
// expiry. Shared by COPY, RENAME and MOVE; knows nothing of what the bytes mean. What is long is
// made ahead: see sliced-transfer.ts.

import { SOON_MS } from '../collection-access.ts';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { NOT_HERE } from '../outcome.ts';
import { CollectionCopy } from './collection-copy.ts';
import type { SlicedTransfer } from './sliced-transfer.ts';

/** A value that is about to be copied or moved; valid until its own entry changes. */
export interface SourceValue {
  readonly entry: number;
  readonly type: number;
  readonly encoding: number;
  readonly expireAtMs: number;
  readonly isLarge: boolean;
  readonly hasTimedParts: boolean;
  /** Null: it is bytes. */
  readonly collection: LargeCollection | null;
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
    hasTimedParts: table.hasTimedParts(entry),
    collection: c.collection,
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
  if (source.collection !== null) {
    // A front has none; who may not keep the copy need not make it.
    if (!c.mayBeLarge) return NOT_HERE;
    const copying = new CollectionCopy(source.collection, c.largeOptions);
    while (!copying.step());
    const stored = c.storeLarge(entry, source.type, copying.copy);
    if (stored > 0) finish(c, stored, source);
    return stored;
  }
  const stored = c.storeNew(entry, { ...source, collection: null });
  if (stored > 0) finish(c, stored, source);
  return stored;
}

/**
 * Moves a value to the selected key; the same as a copy but for large values, whose buffer changes
 * hands. The caller then removes the source's entry.
 */
export function storeMoved(c: CommandContext, entry: number, source: SourceValue): number {
  const { collection, length } = source;
  const stays = source.isLarge && (collection !== null || length > c.hotValueMaxBytes);
  if (!stays) return storeCopy(c, entry, source);
  const stored = c.adoptLarge(entry, source.type, collection ?? source.bytes, length);
  if (stored > 0) finish(c, stored, source);
  return stored;
}

/** Gives the selected key what was made of a large source ahead, as the two above do. */
export function storePrepared(
  c: CommandContext,
  entry: number,
  source: SourceValue,
  { collection, payload }: SlicedTransfer,
): number {
  const stored = c.storeLarge(entry, source.type, collection);
  if (stored > 0) finish(c, stored, source, payload?.bytes);
  return stored;
}

function finish(c: CommandContext, stored: number, source: SourceValue, payload?: Buffer): void {
  c.setEncoding(stored, source.encoding);
  c.table.setExpireAtMs(stored, source.expireAtMs);
  if (source.hasTimedParts) c.table.noteTimedParts(stored, SOON_MS);
  if (payload === undefined) c.changed(stored);
  else c.changedTo(stored, payload);
}
