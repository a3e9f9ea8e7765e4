// The generator behind `math.random`: drand48 (POSIX), 48 bits. As in Redis 7.0 it begins
// anywhere, and goes on from script to script.

/** Half of the state: 24 bits. */
const HALF = 2 ** 24;
const FACTOR_HIGH = 0x5de;
const FACTOR_LOW = 0xece66d;
const SUMMAND = 0xb;
const LOW_OF_SEED = 0x330e;
export const RANDOM_MAX = 2 ** 31 - 1;

export class ScriptRandom {
  #high = 0;
  #low = 0;

  constructor() {
    this.seed(Math.floor(Math.random() * 2 ** 32));
  }

  /** Starts the sequence of a seed, of which 32 bits count. */
  seed(seed: number): void {
    const bits = seed >>> 0;
    // state = seed * 2^16 + 0x330e
    this.#high = bits >>> 8;
    this.#low = (bits & 255) * 65536 + LOW_OF_SEED;
  }

  /** Returns the next number of 31 bits. */
  next(): number {
    const low = FACTOR_LOW * this.#low + SUMMAND;
    const high = FACTOR_HIGH * this.#low + FACTOR_LOW * this.#high + Math.floor(low / HALF);
    this.#low = low % HALF;
    this.#high = high % HALF;
    return this.#high * 128 + (this.#low >>> 17);
  }
}
