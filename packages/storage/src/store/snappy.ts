// Decompression of Snappy's raw format, for blocks of the engine's files that we verify
// ourselves. No compression, no framing. Source: Snappy's published format description.

/**
 * Returns the decompressed bytes, or null when the input is not what a compressor makes or would
 * be longer than `maxBytes`.
 */
export function unsnappy(input: Uint8Array, maxBytes: number): Uint8Array | null {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    if (at >= input.length || shift > 28) return null;
    const byte = input[at++]!;
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  if (length > maxBytes) return null;
  const output = new Uint8Array(length);
  let out = 0;
  while (at < input.length) {
    const tag = input[at++]!;
    let count: number;
    if ((tag & 3) === 0) {
      count = (tag >>> 2) + 1;
      if (count > 60) {
        const lengthBytes = count - 60;
        count = littleEndian(input, at, lengthBytes) + 1;
        at += lengthBytes;
      }
      if (at + count > input.length || out + count > length) return null;
      output.set(input.subarray(at, at + count), out);
      at += count;
      out += count;
      continue;
    }
    let distance: number;
    if ((tag & 3) === 1) {
      count = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | littleEndian(input, at, 1);
      at += 1;
    } else {
      const distanceBytes = (tag & 3) === 2 ? 2 : 4;
      count = (tag >>> 2) + 1;
      distance = littleEndian(input, at, distanceBytes);
      at += distanceBytes;
    }
    if (at > input.length || distance === 0 || distance > out || out + count > length) return null;
    // Byte by byte: a copy may overlap what it writes.
    for (let i = 0; i < count; i++, out++) output[out] = output[out - distance]!;
  }
  return out === length ? output : null;
}

/** Bytes beyond the end count as zero; the caller compares the position with the end. */
function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value += (bytes[at + i] ?? 0) * 2 ** (8 * i);
  return value;
}
