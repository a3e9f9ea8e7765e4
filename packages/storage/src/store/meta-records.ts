// Payloads of the records that describe a store: checkpoints per shard and the table of
// namespaces. Their keys, heads and checksums are in record.ts.
//
//   checkpoint       durableLsn f64 | nextObjectId f64 | count u32 | count times
//                    { namespace u32, keys f64, expiring keys f64 }
//   namespace table  version f64 | count u32 | count times { database u32, namespace u32 }
//
// All little-endian.

export interface NamespaceCount {
  readonly namespace: number;
  readonly keys: number;
  readonly expiring: number;
}

/** Says that all writes of the shard up to an LSN are in the store. */
export interface Checkpoint {
  readonly shard: number;
  readonly durableLsn: number;
  /** Larger than the id of every object the shard ever had. */
  readonly nextObjectId: number;
  readonly counts: readonly NamespaceCount[];
}

/** Which namespace a database number means. The table with the highest version counts. */
export interface NamespaceTable {
  readonly version: number;
  /** Database number to namespace. */
  readonly namespaces: ReadonlyMap<number, number>;
}

const CHECKPOINT_HEAD_BYTES = 20;
const COUNT_BYTES = 20;
const TABLE_HEAD_BYTES = 12;
const TABLE_ENTRY_BYTES = 8;

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  const { counts } = checkpoint;
  const bytes = Buffer.alloc(CHECKPOINT_HEAD_BYTES + counts.length * COUNT_BYTES);
  bytes.writeDoubleLE(checkpoint.durableLsn, 0);
  bytes.writeDoubleLE(checkpoint.nextObjectId, 8);
  bytes.writeUInt32LE(counts.length, 16);
  for (const [i, { namespace, keys, expiring }] of counts.entries()) {
    const at = CHECKPOINT_HEAD_BYTES + i * COUNT_BYTES;
    bytes.writeUInt32LE(namespace, at);
    bytes.writeDoubleLE(keys, at + 4);
    bytes.writeDoubleLE(expiring, at + 12);
  }
  return bytes;
}

/** Returns null when the bytes are no checkpoint. */
export function decodeCheckpoint(shard: number, payload: Uint8Array): Checkpoint | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes.length < CHECKPOINT_HEAD_BYTES) return null;
  const count = bytes.readUInt32LE(16);
  if (bytes.length !== CHECKPOINT_HEAD_BYTES + count * COUNT_BYTES) return null;
  const counts = Array.from({ length: count }, (_, i) => {
    const at = CHECKPOINT_HEAD_BYTES + i * COUNT_BYTES;
    return {
      namespace: bytes.readUInt32LE(at),
      keys: bytes.readDoubleLE(at + 4),
      expiring: bytes.readDoubleLE(at + 12),
    };
  });
  return {
    shard,
    durableLsn: bytes.readDoubleLE(0),
    nextObjectId: bytes.readDoubleLE(8),
    counts,
  };
}

export function encodeNamespaces({ version, namespaces }: NamespaceTable): Buffer {
  const bytes = Buffer.alloc(TABLE_HEAD_BYTES + namespaces.size * TABLE_ENTRY_BYTES);
  bytes.writeDoubleLE(version, 0);
  bytes.writeUInt32LE(namespaces.size, 8);
  let at = TABLE_HEAD_BYTES;
  for (const [database, namespace] of namespaces) {
    bytes.writeUInt32LE(database, at);
    bytes.writeUInt32LE(namespace, at + 4);
    at += TABLE_ENTRY_BYTES;
  }
  return bytes;
}

/** Returns null when the bytes are no table. */
export function decodeNamespaces(payload: Uint8Array): NamespaceTable | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes.length < TABLE_HEAD_BYTES) return null;
  const count = bytes.readUInt32LE(8);
  if (bytes.length !== TABLE_HEAD_BYTES + count * TABLE_ENTRY_BYTES) return null;
  const namespaces = new Map<number, number>();
  for (let at = TABLE_HEAD_BYTES; at < bytes.length; at += TABLE_ENTRY_BYTES) {
    namespaces.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
  }
  return { version: bytes.readDoubleLE(0), namespaces };
}
