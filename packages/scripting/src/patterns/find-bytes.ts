// Finds bytes in bytes in linear time.

/** Up to so many comparisons the search of Node.js is used, which may be quadratic. */
const NATIVE_COMPARISONS = 1e7;
const SHORT_BYTES = 64;

/** Returns where `what` begins in bytes[from..end), or -1; both lie in `bytes`. */
export function findBytes(
  bytes: Buffer,
  from: number,
  end: number,
  what: number,
  length: number,
): number {
  if (length > end - from) return -1;
  if (end - from <= SHORT_BYTES) return findInShort(bytes, from, end - length, what, length);
  if ((end - from) * length <= NATIVE_COMPARISONS) {
    const at = bytes.subarray(from, end).indexOf(bytes.subarray(what, what + length));
    return at < 0 ? -1 : from + at;
  }
  return knuthMorrisPratt(bytes, from, end, bytes.subarray(what, what + length));
}

/** Compares at every place: a native call costs more for a few bytes. */
function findInShort(
  bytes: Buffer,
  from: number,
  last: number,
  what: number,
  length: number,
): number {
  for (let at = from; at <= last; at++) {
    let i = 0;
    while (i < length && bytes[at + i] === bytes[what + i]) i++;
    if (i === length) return at;
  }
  return -1;
}

/** D. E. Knuth, J. H. Morris, V. R. Pratt: Fast Pattern Matching in Strings (1977). */
function knuthMorrisPratt(bytes: Buffer, from: number, end: number, what: Buffer): number {
  // By prefix: the longest part that both begins and ends it.
  const borders = new Int32Array(what.length);
  for (let i = 1, border = 0; i < what.length; i++) {
    while (border > 0 && what[i] !== what[border]) border = borders[border - 1]!;
    if (what[i] === what[border]) border++;
    borders[i] = border;
  }
  for (let at = from, matched = 0; at < end; at++) {
    while (matched > 0 && bytes[at] !== what[matched]) matched = borders[matched - 1]!;
    if (bytes[at] === what[matched]) matched++;
    if (matched === what.length) return at - what.length + 1;
  }
  return -1;
}
