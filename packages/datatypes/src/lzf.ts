// LZF compression as RDB strings use it: the format and the choices of liblzf 3.6 with a table of
// 2^16 places, so that the same string gives the same bytes as in Redis. Not a general compressor.
//
//   000LLLLL                     L + 1 literal bytes follow
//   LLLOOOOO OOOOOOOO            copy L + 2 bytes (L = 1..6) from O + 1 bytes before
//   111OOOOO LLLLLLLL OOOOOOOO   copy L + 9 bytes from O + 1 bytes before

const TABLE_SIZE = 1 << 16;
const MAX_LITERALS = 32;
const MAX_DISTANCE = 1 << 13;
const MAX_COPY = 264;
/** Up to this many bytes of a match are compared before its length is limited. */
const FREE_COPY = 18;

/** Place of the last three equal-hashing bytes: `base` of its string plus its offset in it. */
const table = new Int32Array(TABLE_SIZE);
/** What places of the string being compressed count from: older ones are all below. */
let base = 0;

/**
 * Compresses `length` bytes at `offset` to the beginning of `output`.
 * @param most bytes the outcome may have; `output` has at least so many
 * @returns the number of bytes written, or 0 when they would be more than `most`
 */
export function lzfCompress(
  input: Uint8Array,
  offset: number,
  length: number,
  output: Uint8Array,
  at: number,
  most: number,
): number {
  if (length === 0 || most <= 0) return 0;
  const places = beginPlaces(length) - offset;
  const end = offset + length;
  const outEnd = at + most;
  let ip = offset;
  let op = at + 1;
  let literals = 0;
  while (ip < end - 2) {
    const hash = hashAt(input, ip);
    const ref = table[hash]! - places;
    table[hash] = ip + places;
    // The first byte of a string is never copied from: its place looks like an empty one.
    if (ref > offset && ip - ref <= MAX_DISTANCE && sameThree(input, ref, ip)) {
      if (op + 4 - (literals === 0 ? 1 : 0) >= outEnd) return 0;
      if (literals === 0) op--;
      else output[op - literals - 1] = literals - 1;
      const copied = matchLength(input, ref, ip, end);
      const distance = ip - ref - 1;
      if (copied < 9) {
        output[op++] = (distance >>> 8) + ((copied - 2) << 5);
      } else {
        output[op++] = (distance >>> 8) + (7 << 5);
        output[op++] = copied - 9;
      }
      output[op++] = distance;
      literals = 0;
      op++;
      ip += copied;
      if (ip >= end - 2) break;
      table[hashAt(input, ip - 2)] = ip - 2 + places;
      table[hashAt(input, ip - 1)] = ip - 1 + places;
    } else {
      if (op >= outEnd) return 0;
      literals++;
      output[op++] = input[ip++]!;
      if (literals === MAX_LITERALS) {
        output[op - literals - 1] = literals - 1;
        literals = 0;
        op++;
      }
    }
  }
  if (op + 3 > outEnd) return 0;
  while (ip < end) {
    literals++;
    output[op++] = input[ip++]!;
    if (literals === MAX_LITERALS) {
      output[op - literals - 1] = literals - 1;
      literals = 0;
      op++;
    }
  }
  if (literals === 0) op--;
  else output[op - literals - 1] = literals - 1;
  return op - at;
}

/** Makes all places of earlier strings too small to be seen, without clearing the table. */
function beginPlaces(length: number): number {
  if (base + length >= 2 ** 31) {
    table.fill(0);
    base = 0;
  }
  const places = base;
  base += length;
  return places;
}

function hashAt(input: Uint8Array, at: number): number {
  const three = (input[at]! << 16) | (input[at + 1]! << 8) | input[at + 2]!;
  return ((three >>> 8) - three * 5) & (TABLE_SIZE - 1);
}

function sameThree(input: Uint8Array, a: number, b: number): boolean {
  return input[a] === input[b] && input[a + 1] === input[b + 1] && input[a + 2] === input[b + 2];
}

/** Length of a match of at least three bytes. */
function matchLength(input: Uint8Array, ref: number, ip: number, end: number): number {
  // liblzf leaves the last two bytes to literals, but looks at its first 18 bytes unlimited.
  const limit = Math.min(end - ip - 2, MAX_COPY);
  let length = 3;
  if (limit > 16) {
    while (length <= FREE_COPY && input[ref + length] === input[ip + length]) length++;
    if (length <= FREE_COPY) return length;
  }
  while (length < limit && input[ref + length] === input[ip + length]) length++;
  return length;
}

/**
 * Decompresses into exactly `outLength` bytes at `at`. Safe for any input: reads and writes stay
 * within the given ranges.
 * @returns false when the input is damaged or does not have that length
 */
export function lzfDecompress(
  input: Uint8Array,
  offset: number,
  length: number,
  output: Uint8Array,
  at: number,
  outLength: number,
): boolean {
  const end = offset + length;
  const outEnd = at + outLength;
  let ip = offset;
  let op = at;
  while (ip < end) {
    const control = input[ip++]!;
    if (control < MAX_LITERALS) {
      const count = control + 1;
      if (ip + count > end || op + count > outEnd) return false;
      for (let i = 0; i < count; i++) output[op++] = input[ip++]!;
      continue;
    }
    let count = (control >>> 5) + 2;
    if (count === 9) {
      if (ip >= end) return false;
      count += input[ip++]!;
    }
    if (ip >= end) return false;
    let ref = op - ((control & 0x1f) << 8) - input[ip++]! - 1;
    if (ref < at || op + count > outEnd) return false;
    // Byte by byte: a copy may reach into itself.
    for (let i = 0; i < count; i++) output[op++] = output[ref++]!;
  }
  return op === outEnd;
}

/** Most bytes that `length` compressed bytes can become. */
export function lzfMostBytes(length: number): number {
  return length * (MAX_COPY / 3);
}
