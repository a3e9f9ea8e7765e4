// Splits an inline command into arguments, with the quoting rules of redis-cli and telnet users.

const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

/** Redis: a vertical tab or form feed is blank between arguments and not inside one. */
function endsWord(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const ESCAPES = new Map([
  [110, 10],
  [114, 13],
  [116, 9],
  [98, 8],
  [97, 7],
]);

/**
 * Splits `bytes[start..end)` at blanks. "..." knows \xHH, \n, \r, \t, \b, \a and \c = c;
 * '...' knows only \'. Unescaped arguments are written over their own source, which is never
 * shorter.
 * @param add called with offset and length of each argument, in order
 * @returns the number of arguments, or -1 when a quote is open or glued to what follows
 */
export function splitInline(
  bytes: Uint8Array,
  start: number,
  end: number,
  add: (offset: number, length: number) => void,
): number {
  // Redis: never sees the end of a line with a NUL byte in it, and waits. Here the NUL ends it.
  const nul = bytes.subarray(start, end).indexOf(0);
  if (nul >= 0) end = start + nul;
  let count = 0;
  let i = start;
  for (;;) {
    while (i < end && isSpace(bytes[i]!)) i++;
    if (i >= end) return count;
    const from = i;
    let to = i;
    let quote = 0;
    for (;;) {
      if (i >= end) {
        if (quote !== 0) return -1;
        break;
      }
      const byte = bytes[i]!;
      if (quote === 0) {
        if (endsWord(byte)) break;
        if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
        else bytes[to++] = byte;
        i++;
        continue;
      }
      if (byte === quote) {
        if (i + 1 < end && !isSpace(bytes[i + 1]!)) return -1;
        i++;
        break;
      }
      if (byte === BACKSLASH && i + 1 < end) {
        const used = quote === QUOTE ? decodeEscape(bytes, i, end) : apostrophe(bytes, i);
        bytes[to++] = used & 0xff;
        i += used >> 8;
        continue;
      }
      bytes[to++] = byte;
      i++;
    }
    add(from, to - from);
    count++;
  }
}

/** Decodes the escape at `at`; returns the byte, plus 256 times the number of source bytes. */
function decodeEscape(bytes: Uint8Array, at: number, end: number): number {
  const next = bytes[at + 1]!;
  if (next === 120 && at + 3 < end) {
    const high = hexDigit(bytes[at + 2]);
    const low = hexDigit(bytes[at + 3]);
    if (high >= 0 && low >= 0) return (4 << 8) | (high * 16 + low);
  }
  return (2 << 8) | (ESCAPES.get(next) ?? next);
}

function apostrophe(bytes: Uint8Array, at: number): number {
  return bytes[at + 1] === APOSTROPHE ? (2 << 8) | APOSTROPHE : (1 << 8) | BACKSLASH;
}
