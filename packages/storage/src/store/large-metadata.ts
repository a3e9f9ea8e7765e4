// What the main record of a large value says about it: which object holds its elements, and what
// its type wants to know without reading them. The elements are records of their own.

import { Packr } from 'msgpackr';
import type { RecordView } from './record.ts';

export interface LargeMetadata {
  /** The elements' object id, of the same shard. */
  readonly objectId: number;
  /** Elements, as HLEN and its like count them. */
  readonly count: number;
  /** Bytes of all elements, about; of a string, exactly. */
  readonly byteCount: number;
  /** What else the type keeps: numbers, strings, bytes, arrays of them. */
  readonly extra: unknown;
}

const packr = new Packr({ useRecords: false, moreTypes: false });

/** Returns the payload of a main record with FLAG_LARGE; a MessagePack array of four. */
export function encodeLarge({ objectId, count, byteCount, extra }: LargeMetadata): Buffer {
  return packr.pack([objectId, count, byteCount, extra ?? null]);
}

/** Returns null when the bytes are no metadata. */
export function decodeLarge(payload: Uint8Array): LargeMetadata | null {
  let fields: unknown;
  try {
    fields = packr.unpack(payload);
  } catch {
    return null;
  }
  if (!Array.isArray(fields) || fields.length !== 4) return null;
  const [objectId, count, byteCount, extra] = fields as unknown[];
  if (!isCount(objectId) || !isCount(count) || !isCount(byteCount)) return null;
  return { objectId, count, byteCount, extra };
}

/** Length in bytes of a main record's value, wherever it is; 0: its metadata is damaged. */
export function byteCountOf({ isLarge, payload }: RecordView): number {
  return isLarge ? (decodeLarge(payload)?.byteCount ?? 0) : payload.length;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
