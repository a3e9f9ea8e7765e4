// A large collection on its way to another worker: its records in shared memory. Not what DUMP
// gives: nothing is compressed, and a list keeps its chunks.
//
//   key length u32 LE | payload length u32 LE | key | payload | ... in pieces of whole records

import { invariant } from '@forgekv/base';
import type { LargeCollection } from '@forgekv/commands';
import type { LargeValueOptions } from '@forgekv/datatypes';
import { emptyElements } from './element-forms.ts';
import type { CollectionElements } from './element-records.ts';

/** Pieces grow from that to this length, about. */
const LEAST_BYTES = 8 << 10;
const PIECE_BYTES = 4 << 20;
const HEAD_BYTES = 8;
const WALK_RECORDS = 4096;

export interface CollectionTransfer {
  /** Of its entry. */
  readonly type: number;
  readonly pieces: readonly SharedArrayBuffer[];
}

/** Returns null when there is no memory for a copy. */
export function packCollection(elements: CollectionElements): CollectionTransfer | null {
  const pieces: SharedArrayBuffer[] = [];
  let piece = Buffer.allocUnsafe(LEAST_BYTES);
  let used = 0;
  const finish = (): void => {
    if (used === 0) return;
    const memory = new SharedArrayBuffer(used);
    piece.copy(Buffer.from(memory), 0, 0, used);
    pieces.push(memory);
    used = 0;
  };
  const take = (key: Uint8Array, payload: Uint8Array | null): void => {
    invariant(payload !== null, 'a walk meets what is there');
    const bytes = HEAD_BYTES + key.length + payload.length;
    if (used + bytes > piece.length) {
      finish();
      if (bytes > piece.length || piece.length < PIECE_BYTES) {
        piece = Buffer.allocUnsafe(Math.max(bytes, Math.min(PIECE_BYTES, 4 * piece.length)));
      }
    }
    used = piece.writeUInt32LE(key.length, used);
    used = piece.writeUInt32LE(payload.length, used);
    piece.set(key, used);
    piece.set(payload, used + key.length);
    used += key.length + payload.length;
  };
  try {
    const walk = elements.walk();
    while (walk.next(WALK_RECORDS, take));
    finish();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return { type: elements.type, pieces };
}

/** Returns the collection of a transfer. */
export function unpackCollection(
  { type, pieces }: CollectionTransfer,
  options: LargeValueOptions,
): LargeCollection {
  const elements = emptyElements(type, options);
  invariant(elements !== null, 'what is sent is a collection');
  for (const memory of pieces) {
    const piece = Buffer.from(memory);
    for (let at = 0; at < piece.length; ) {
      const keyAt = at + HEAD_BYTES;
      const payloadAt = keyAt + piece.readUInt32LE(at);
      const end = payloadAt + piece.readUInt32LE(at + 4);
      const isAdded = elements.add(
        piece.subarray(keyAt, payloadAt),
        piece.subarray(payloadAt, end),
      );
      invariant(isAdded, 'what was a collection can be made again');
      at = end;
    }
  }
  return elements.collection;
}
