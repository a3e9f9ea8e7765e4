// Glob matching over bytes, as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET use it. Not a path
// glob: `*` crosses every byte, and nothing here knows about text encodings.

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/**
 * True when `pattern` matches all of `text`. The pattern language (bytes, not characters):
 *
 * - `*` any run of bytes, `?` exactly one byte, `\x` the byte x itself;
 * - `[abc]`, `[a-z]`, `[^a]` one byte in or not in a class. A class that is never closed ends with
 *   the pattern; `[]` matches nothing and `[^]` every byte; reversed ends of a range are swapped.
 *
 * `nocase` folds ASCII letters only. Time: at most pattern × text byte comparisons, never
 * exponential; no allocation. The source of the semantics is the behaviour of redis-server 7.0.15.
 *
 * Redis: a pattern of stars only does not match the empty text here (`PSUBSCRIBE *` does not see
 * the channel ""). KEYS and SCAN take the single `*` as "everything" before they come here.
 */
export function globMatch(pattern: Uint8Array, text: Uint8Array, nocase: boolean): boolean {
  if (text.length === 0) return pattern.length === 0;
  let p = 0;
  let t = 0;
  // Where to resume after a mismatch: behind the last star, one byte further on in the text. One
  // level is enough, because whatever an earlier star could still try, the last one can too.
  let retryPattern = -1;
  let retryText = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === STAR) {
      retryPattern = ++p;
      retryText = t;
      if (p === pattern.length) return true;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, text[t] as number, nocase) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (retryPattern >= 0) {
      p = retryPattern;
      t = ++retryText;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern[p] === STAR) p++;
  return p === pattern.length;
}

/** Comparisons of bytes that matching a pattern of a client may take: some 50 ms. */
const MOST_STEPS = 2 ** 26;

/**
 * The same for patterns and names that clients choose at any length.
 *
 * Redis: there is no bound. Here nothing matches when the two lengths multiplied exceed 2^26; a
 * pattern of 64 bytes is tried on names of up to a megabyte.
 */
export function globMatchBounded(pattern: Uint8Array, text: Uint8Array): boolean {
  return pattern.length * text.length <= MOST_STEPS && globMatch(pattern, text, false);
}

/** Matches the one element at `p` (not a star) with `byte`: the index behind it, or -1. */
function matchOne(pattern: Uint8Array, p: number, byte: number, nocase: boolean): number {
  const head = pattern[p] as number;
  if (head === QUESTION) return p + 1;
  if (head === OPEN) return matchClass(pattern, p + 1, byte, nocase);
  const escaped = head === BACKSLASH && p + 1 < pattern.length;
  const literal = escaped ? (pattern[p + 1] as number) : head;
  return same(literal, byte, nocase) ? p + (escaped ? 2 : 1) : -1;
}

/** Matches a class whose content starts at `p`, right behind the bracket. */
function matchClass(pattern: Uint8Array, p: number, byte: number, nocase: boolean): number {
  const end = pattern.length;
  const negated = p < end && pattern[p] === CARET;
  if (negated) p++;
  let found = false;
  while (p < end && pattern[p] !== CLOSE) {
    const low = pattern[p] as number;
    if (low === BACKSLASH && p + 1 < end) {
      // Redis: inside a class an escaped byte is compared as it is, even when case is ignored.
      if (pattern[p + 1] === byte) found = true;
      p += 2;
    } else if (p + 2 < end && pattern[p + 1] === DASH) {
      if (inRange(low, pattern[p + 2] as number, byte, nocase)) found = true;
      p += 3;
    } else {
      if (same(low, byte, nocase)) found = true;
      p++;
    }
  }
  if (p < end) p++; // the closing bracket
  return found !== negated ? p : -1;
}

/**
 * As in Redis, the ends are put in order first and folded after, so `[Z-a]` is empty under
 * nocase, and bytes above 127 count as negative, as the characters of x86 compilers do.
 */
function inRange(from: number, to: number, byte: number, nocase: boolean): boolean {
  const low = fold(Math.min(signed(from), signed(to)), nocase);
  const high = fold(Math.max(signed(from), signed(to)), nocase);
  const folded = fold(signed(byte), nocase);
  return folded >= low && folded <= high;
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

function same(a: number, b: number, nocase: boolean): boolean {
  return a === b || (nocase && fold(a, true) === fold(b, true));
}

function fold(byte: number, nocase: boolean): number {
  return nocase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
