// Payload of the record that describes a store: a checkpoint per shard. Its key, head and checksum
// are in record.ts.
//
//   checkpoint       durableLsn f64 | nextObjectId f64 | count u32 | count times
//                    { namespace u32, keys f64, expiring keys f64, bytes f64 } | 2 u32
//
// All little-endian. The last word says that the counts are those of the records, changed in the
// same batch as they are. Earlier versions left out the bytes and wrote 1, or left out the last
// word too, and wrote zeros.

export interface NamespaceCount {
  readonly namespace: number;
  readonly keys: number;
  readonly expiring: number;
  /** Of keys and values, whole and unpacked; NOT_COUNTED: nobody knows. */
  readonly bytes: number;
}

/** For `bytes`. */
export const NOT_COUNTED = -1;

/** Says that all writes of the shard up to an LSN are in the store. */
export interface Checkpoint {
  readonly shard: number;
  readonly durableLsn: number;
  /** Larger than the id of every object, and than the LSN of every record, the shard ever had. */
  readonly nextObjectId: number;
  /** Records per namespace, of dropped ones too until that is on record; null: not counted. */
  readonly counts: readonly NamespaceCount[] | null;
}

const CHECKPOINT_HEAD_BYTES = 20;
const COUNT_BYTES = 28;
const COUNTED = 2;
const OLD_COUNT_BYTES = 20;
const OLD_COUNTED = 1;

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  const counts = checkpoint.counts ?? [];
  const countBytes = counts.length * COUNT_BYTES;
  const bytes = Buffer.alloc(CHECKPOINT_HEAD_BYTES + countBytes + (checkpoint.counts ? 4 : 0));
  bytes.writeDoubleLE(checkpoint.durableLsn, 0);
  bytes.writeDoubleLE(checkpoint.nextObjectId, 8);
  bytes.writeUInt32LE(counts.length, 16);
  for (const [i, { namespace, keys, expiring, bytes: counted }] of counts.entries()) {
    const at = CHECKPOINT_HEAD_BYTES + i * COUNT_BYTES;
    bytes.writeUInt32LE(namespace, at);
    bytes.writeDoubleLE(keys, at + 4);
    bytes.writeDoubleLE(expiring, at + 12);
    bytes.writeDoubleLE(counted, at + 20);
  }
  if (checkpoint.counts !== null) {
    bytes.writeUInt32LE(COUNTED, CHECKPOINT_HEAD_BYTES + countBytes);
  }
  return bytes;
}

/** Returns null when the bytes are no checkpoint. */
export function decodeCheckpoint(shard: number, payload: Uint8Array): Checkpoint | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes.length < CHECKPOINT_HEAD_BYTES) return null;
  const count = bytes.readUInt32LE(16);
  const isCurrent = endsWith(bytes, count * COUNT_BYTES, COUNTED);
  const countBytes = isCurrent ? COUNT_BYTES : OLD_COUNT_BYTES;
  const isCounted = isCurrent || endsWith(bytes, count * countBytes, OLD_COUNTED);
  const end = CHECKPOINT_HEAD_BYTES + count * countBytes;
  if (!isCounted && bytes.length !== end) return null;
  const counts = Array.from({ length: count }, (_, i) => {
    const at = CHECKPOINT_HEAD_BYTES + i * countBytes;
    return {
      namespace: bytes.readUInt32LE(at),
      keys: bytes.readDoubleLE(at + 4),
      expiring: bytes.readDoubleLE(at + 12),
      bytes: isCurrent ? bytes.readDoubleLE(at + 20) : NOT_COUNTED,
    };
  });
  return {
    shard,
    durableLsn: bytes.readDoubleLE(0),
    nextObjectId: bytes.readDoubleLE(8),
    counts: isCounted ? counts : null,
  };
}

/** True when behind the counts there is one word more, and what it is. */
function endsWith(bytes: Buffer, countBytes: number, word: number): boolean {
  const end = CHECKPOINT_HEAD_BYTES + countBytes;
  return bytes.length === end + 4 && bytes.readUInt32LE(end) === word;
}
