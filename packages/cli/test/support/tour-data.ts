// What the tours of the client libraries store.

/** Commands in one pipeline. */
export const PIPELINE = 10_000;

/** Values around the border between packed and large (hot-value-max-bytes, 16384), and big ones. */
export const VALUE_SIZES = [100, 4096, 16_384, 16_385, 100_000, 1_000_000, 5_000_000] as const;

/** Every byte there is, CR, LF and NUL among them. */
export const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** A value that shows misplaced bytes: no period of it is a power of two. */
export function bytesOf(size: number): Buffer {
  return Buffer.alloc(size, `${size}:${'abcdefghijklmnopqrstuvwxyz'.repeat(3)}\r\n\0`);
}
