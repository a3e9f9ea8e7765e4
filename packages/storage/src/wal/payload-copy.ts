// Copies payloads into a log's buffer. Knows where they go, not what they are.
//
// A native copy costs more than a loop does for the payloads of most effects: it needs a view of
// the source, and it moves shared memory word by word itself.

/** Up to here a loop copies faster than a call does: by bytes, and by words. */
const LOOP_COPY_BYTES = 96;
const WORD_COPY_BYTES = 512;

/** Copies `length` bytes of `bytes` from `offset` to any index of `to`. */
export function copyBytes(
  to: Uint8Array,
  index: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): void {
  if (length > LOOP_COPY_BYTES) {
    to.set(bytes.subarray(offset, offset + length), index);
    return;
  }
  const end = offset + length;
  let at = index;
  for (let i = offset; i < end; i++) to[at++] = bytes[i]!;
}

/**
 * The same from and to any address by words, while nothing but the source is read and nothing but
 * the target written.
 * @param to, toView the same memory
 * @param bytes, view the same memory
 */
export function copyByWords(
  to: Uint8Array,
  toView: DataView,
  index: number,
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  length: number,
): void {
  if (length > WORD_COPY_BYTES) {
    to.set(bytes.subarray(offset, offset + length), index);
    return;
  }
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    toView.setInt32(index + at, view.getInt32(offset + at, true), true);
  }
  for (; at < length; at++) to[index + at] = bytes[offset + at]!;
}

/**
 * Copies a whole payload to the start of a word, with zeros behind it up to the next one. The
 * source lies anywhere: the machine reads words at every address, a typed array does not.
 * @param to, toWords the same memory
 * @param index of a byte of `to`, a multiple of 4
 * @param bytes, view the same memory; read from `offset`
 */
export function copyPadded(
  to: Uint8Array,
  toWords: Int32Array,
  index: number,
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  length: number,
): void {
  const rest = length & 3;
  const wholeEnd = offset + length - rest;
  let at = index >> 2;
  if (length > WORD_COPY_BYTES) {
    to.set(bytes.subarray(offset, wholeEnd), index);
    at += length >> 2;
  } else {
    let from = offset;
    for (; from + 16 <= wholeEnd; from += 16) {
      toWords[at] = view.getInt32(from, true);
      toWords[at + 1] = view.getInt32(from + 4, true);
      toWords[at + 2] = view.getInt32(from + 8, true);
      toWords[at + 3] = view.getInt32(from + 12, true);
      at += 4;
    }
    for (; from < wholeEnd; from += 4) toWords[at++] = view.getInt32(from, true);
  }
  if (rest === 0) return;
  // Not one byte behind the payload is read: the source may end there.
  let word = bytes[wholeEnd]!;
  if (rest > 1) word |= bytes[wholeEnd + 1]! << 8;
  if (rest > 2) word |= bytes[wholeEnd + 2]! << 16;
  toWords[at] = word;
}
