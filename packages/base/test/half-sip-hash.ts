// HalfSipHash written for the tests from its description, in BigInt and with the numbers of
// rounds as parameters: slow, and sharing nothing with the code it is compared with.

const MASK = 0xffffffffn;

interface State {
  v0: bigint;
  v1: bigint;
  v2: bigint;
  v3: bigint;
}

/**
 * Returns the 32-bit HalfSipHash-c-d of a message, unsigned.
 * @param k0 first four key bytes, little-endian @param k1 the other four
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", and its reference vectors.
 */
export function halfSipHash(
  c: number,
  d: number,
  k0: number,
  k1: number,
  message: Uint8Array,
): number {
  const [low, high] = [BigInt(k0 >>> 0), BigInt(k1 >>> 0)];
  const state = { v0: low, v1: high, v2: 0x6c796765n ^ low, v3: 0x74656462n ^ high };
  for (const word of wordsOf(message)) {
    state.v3 ^= word;
    for (let i = 0; i < c; i++) sipRound(state);
    state.v0 ^= word;
  }
  state.v2 ^= 0xffn;
  for (let i = 0; i < d; i++) sipRound(state);
  return Number(state.v1 ^ state.v3);
}

/** The message in little-endian words; the last one ends with the length's low byte. */
function wordsOf(message: Uint8Array): bigint[] {
  const padded = [...message];
  while (padded.length % 4 !== 3) padded.push(0);
  padded.push(message.length & 0xff);
  const words: bigint[] = [];
  for (let i = 0; i < padded.length; i += 4) {
    const [a, b, c, d] = padded.slice(i, i + 4).map(BigInt) as [bigint, bigint, bigint, bigint];
    words.push(a | (b << 8n) | (c << 16n) | (d << 24n));
  }
  return words;
}

function sipRound(s: State): void {
  s.v0 = (s.v0 + s.v1) & MASK;
  s.v1 = rotate(s.v1, 5n) ^ s.v0;
  s.v0 = rotate(s.v0, 16n);
  s.v2 = (s.v2 + s.v3) & MASK;
  s.v3 = rotate(s.v3, 8n) ^ s.v2;
  s.v0 = (s.v0 + s.v3) & MASK;
  s.v3 = rotate(s.v3, 7n) ^ s.v0;
  s.v2 = (s.v2 + s.v1) & MASK;
  s.v1 = rotate(s.v1, 13n) ^ s.v2;
  s.v2 = rotate(s.v2, 16n);
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (32n - by))) & MASK;
}
