// The keys a front meets most: a sketch of one front, of keys sampled from what it is asked for,
// that every thread can read. Space-saving (Metwally, Agrawal and El Abbadi, 2005) with counts that
// fade: a key that is not there takes the place of the one with the least count, and inherits that.
// So whichever key has more than a share of 1 / KEYS of all accesses is in it.
//
//   words    when counts were faded last
//   keys     count | hash | database | bytes of the key | version, odd while it is written
//            | the key, cut
//
// One thread writes. A reader copies a key, and does so again when its version has changed
// meanwhile, or was odd: the stores of the writer lie between two atomic additions, which no other
// memory access passes. What cannot be copied, because it changes all the time, is not hot.

const KEYS = 64;
const KEY_BYTES = 128;
/** float64 at words 0-1, in Unix milliseconds. */
const FADED_AT = 0;
const HEAD_WORDS = 2;
/** float64 at words 0-1. */
const COUNT_AT = 0;
const HASH = 2;
const DATABASE = 3;
const LENGTH = 4;
const VERSION = 5;
const TEXT = 6;
const KEY_WORDS = TEXT + KEY_BYTES / 4;
const BYTES = (HEAD_WORDS + KEYS * KEY_WORDS) * 4;
/** What is left of a count after a second: counts tell of the last ten seconds or so. */
const FADE = 0.9;
/** A count below that has faded away. */
const LEAST_COUNT = 0.05;
const MOST_TRIES = 1000;

export interface HotKey {
  /** Its first bytes, where it is long. */
  readonly key: Buffer;
  readonly db: number;
  readonly perSecond: number;
}

export function createHotKeyMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

/** The writer's side, of one front. */
export class HotKeySketch {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #bytes: Buffer;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#floats = new Float64Array(memory);
    this.#bytes = Buffer.from(memory);
  }

  /** Counts one access to the key in bytes[offset..offset + length). */
  add(
    bytes: Buffer,
    offset: number,
    length: number,
    hash: number,
    db: number,
    nowMs: number,
  ): void {
    const words = this.#words;
    const floats = this.#floats;
    if (nowMs - floats[FADED_AT]! >= 1000) this.#fade(nowMs);
    let least = Number.POSITIVE_INFINITY;
    let place = HEAD_WORDS;
    for (let at = HEAD_WORDS; at < HEAD_WORDS + KEYS * KEY_WORDS; at += KEY_WORDS) {
      const count = floats[(at + COUNT_AT) >> 1]!;
      if (
        words[at + HASH] === hash &&
        words[at + DATABASE] === db &&
        words[at + LENGTH] === length
      ) {
        floats[(at + COUNT_AT) >> 1] = count + 1;
        return;
      }
      if (count >= least) continue;
      least = count;
      place = at;
    }
    Atomics.add(words, place + VERSION, 1);
    floats[(place + COUNT_AT) >> 1] = least + 1;
    words[place + HASH] = hash;
    words[place + DATABASE] = db;
    words[place + LENGTH] = length;
    const kept = Math.min(length, KEY_BYTES);
    bytes.copy(this.#bytes, (place + TEXT) * 4, offset, offset + kept);
    Atomics.add(words, place + VERSION, 1);
  }

  #fade(nowMs: number): void {
    const floats = this.#floats;
    const seconds = Math.floor((nowMs - floats[FADED_AT]!) / 1000);
    floats[FADED_AT] = nowMs;
    const left = FADE ** seconds;
    for (let at = HEAD_WORDS; at < HEAD_WORDS + KEYS * KEY_WORDS; at += KEY_WORDS) {
      const count = floats[(at + COUNT_AT) >> 1]! * left;
      floats[(at + COUNT_AT) >> 1] = count < LEAST_COUNT ? 0 : count;
    }
  }
}

/**
 * Reads the sketches of all fronts.
 * @param sampled one access of so many was counted
 * @returns the hottest keys first
 */
export function readHotKeys(
  memories: readonly SharedArrayBuffer[],
  sampled: number,
  most: number,
  nowMs = Date.now(),
): HotKey[] {
  const sums = new Map<string, { key: Buffer; db: number; count: number }>();
  const words = new Int32Array(KEY_WORDS);
  const floats = new Float64Array(words.buffer);
  for (const memory of memories) {
    const fadedMs = new Float64Array(memory)[FADED_AT]!;
    const left = FADE ** Math.max(0, (nowMs - fadedMs) / 1000);
    for (let i = 0; i < KEYS; i++) {
      if (!copyKey(memory, i, words)) continue;
      const count = floats[COUNT_AT]! * left;
      if (count < LEAST_COUNT) continue;
      const kept = Math.min(words[LENGTH]!, KEY_BYTES);
      const key = Buffer.from(Buffer.from(words.buffer, TEXT * 4, kept));
      const db = words[DATABASE]!;
      const name = `${db} ${words[HASH]} ${words[LENGTH]} ${key.toString('latin1')}`;
      const known = sums.get(name);
      if (known === undefined) sums.set(name, { key, db, count });
      else known.count += count;
    }
  }
  // A steady stream of n samples a second adds up to n / (1 - FADE).
  return [...sums.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, most)
    .map(({ key, db, count }) => ({ key, db, perSecond: count * sampled * (1 - FADE) }));
}

/** Copies the words of a key; false: it changes all the time. */
function copyKey(memory: SharedArrayBuffer, i: number, to: Int32Array): boolean {
  const at = HEAD_WORDS + i * KEY_WORDS;
  const words = new Int32Array(memory);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const version = Atomics.load(words, at + VERSION);
    if ((version & 1) === 1) continue;
    to.set(words.subarray(at, at + KEY_WORDS));
    // An exchange, not a load: what was copied may not be read behind it.
    if (Atomics.or(words, at + VERSION, 0) === version) return true;
  }
  return false;
}
