// What the main record of a large value says about it: which object holds its elements, and what
// its type wants to know without reading them. The elements are records of their own.

import { Packr } from 'msgpackr';

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

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
