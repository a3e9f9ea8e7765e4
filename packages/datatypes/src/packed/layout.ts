// How the bytes of a packed value lie: the only file that knows, but that the loops of lookups
// repeat how a length in front is read. It neither finds nor orders anything; the forms do that
// through the functions here and the cursor of packed-value.ts.
//
//   every form   +------+-------+-----------+
//   but intset   | form | flags | count u16 | ...records, to the end of the value
//                +------+-------+-----------+
//   list         | form |   0   | count u16 | slack u16 | listpack u16 | slack bytes | records
//   intset       | form | width | count u16 | integers of `width` bytes, ascending
//
//   record       | length | payload | length |        read from either side
//   length       0xxxxxxx                              0..127 in front and behind
//                1hhhhhhh llllllll                     128..32767 in front
//                llllllll 1hhhhhhh                     128..32767 behind
//
//   payload of   list, set     the element
//                hash          field length (as in front), field, value
//                hash, timed   float64 expireAtMs (0 = never), then as hash
//                sorted set    float64 score, member
//
// `slack` are unused bytes before a list's first record, so that its head is as cheap as its
// tail. `listpack` are the bytes Redis's listpack would take, which decide when it gives up a
// packed list. Numbers are little-endian. A value starts at a multiple of 4.

/** Bytes in front of the records of all forms but lists. */
export const HEAD_BYTES = 4;
/** Bytes in front of the slack of a list. */
export const LIST_HEAD_BYTES = 8;
/** Longest packed value in bytes; any payload in it has a length of at most 15 bits. */
export const MAX_PACKED_BYTES = 32764;

/** Form numbers: also on disk, never reused. */
export const FORM_HASH = 1;
export const FORM_LIST = 2;
export const FORM_SET = 3;
export const FORM_INTSET = 4;
export const FORM_SORTED_SET = 5;

/** Flag of a hash: its payloads start with an expiry. */
export const FLAG_TIMED = 1;
/** Bytes of an expiry or a score. */
export const FLOAT_BYTES = 8;

/** Returns the form of a value of at least HEAD_BYTES bytes. */
export function packedForm(bytes: Uint8Array, offset: number): number {
  return bytes[offset]!;
}

/** Returns the number of elements: pairs, members or list elements. */
export function packedCount(bytes: Uint8Array, offset: number): number {
  return bytes[offset + 2]! | (bytes[offset + 3]! << 8);
}

/** Returns the flags of a hash, the width in bytes of an intset, else 0. */
export function packedFlags(bytes: Uint8Array, offset: number): number {
  return bytes[offset + 1]!;
}

/** Writes the first four bytes of a value. */
export function writeHead(
  bytes: Uint8Array,
  offset: number,
  form: number,
  flags: number,
  count: number,
): void {
  bytes[offset] = form;
  bytes[offset + 1] = flags;
  writeUint16(bytes, offset + 2, count);
}

/** Returns the unused bytes before a list's first record. */
export function listSlack(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset + 4);
}

/** Returns the bytes a list would take as a listpack of Redis. */
export function listListpackBytes(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset + 6);
}

/** Writes what only lists have in their head. */
export function writeListHead(
  bytes: Uint8Array,
  offset: number,
  slack: number,
  listpackBytes: number,
): void {
  writeUint16(bytes, offset + 4, slack);
  writeUint16(bytes, offset + 6, listpackBytes);
}

/** Returns the bytes of one length: 1 or 2. */
export function lengthBytes(length: number): number {
  return length < 128 ? 1 : 2;
}

/** Returns the bytes of a record with a payload of so many bytes (0..32767). */
export function recordBytes(payloadBytes: number): number {
  return payloadBytes < 128 ? payloadBytes + 2 : payloadBytes + 4;
}

/** Reads a length that stands in front. */
export function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  return first < 128 ? first : ((first & 127) << 8) | bytes[at + 1]!;
}

/** Reads the length whose last byte is the one before `end`. */
export function lengthBefore(bytes: Uint8Array, end: number): number {
  const last = bytes[end - 1]!;
  return last < 128 ? last : ((last & 127) << 8) | bytes[end - 2]!;
}

/** Writes a length in front and returns where what follows it starts. */
export function writeLength(bytes: Uint8Array, at: number, length: number): number {
  if (length < 128) {
    bytes[at] = length;
    return at + 1;
  }
  bytes[at] = (length >>> 8) | 128;
  bytes[at + 1] = length & 255;
  return at + 2;
}

/** Writes both lengths of a record and returns where its payload starts. */
export function writeRecordFrame(bytes: Uint8Array, at: number, payloadBytes: number): number {
  const payload = writeLength(bytes, at, payloadBytes);
  const end = payload + payloadBytes;
  if (payloadBytes < 128) {
    bytes[end] = payloadBytes;
  } else {
    bytes[end] = payloadBytes & 255;
    bytes[end + 1] = (payloadBytes >>> 8) | 128;
  }
  return payload;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 255;
  bytes[at + 1] = value >>> 8;
}
