// The bytes of runs that outlive the turn in which they came.

/** More than the run: the parser may look behind it. */
export const SPARE_BYTES = 8;

export interface RunBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/**
 * Keeps the rest of a run: copied, unless it lies in memory of its own, as large ones do, and
 * fills most of that. Memory of a ring is shared, and used again.
 */
export function keepBytes(rest: Buffer): RunBytes {
  const { buffer, byteOffset, length } = rest;
  const behind = buffer.byteLength - byteOffset - length;
  const isOwn = !(buffer instanceof SharedArrayBuffer) && behind >= SPARE_BYTES;
  if (isOwn && length > buffer.byteLength / 2) {
    return { bytes: rest, view: new DataView(buffer, byteOffset, length + SPARE_BYTES) };
  }
  const memory = Buffer.alloc(length + SPARE_BYTES);
  rest.copy(memory);
  return {
    bytes: memory.subarray(0, length),
    view: new DataView(memory.buffer, memory.byteOffset, memory.length),
  };
}
