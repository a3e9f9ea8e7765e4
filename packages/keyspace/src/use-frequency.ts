// How often and when entries are used: the use clock's word. Knows no entries.
//
// Under an LRU policy, and under those that do not ask, the word is the time of the last access in
// seconds since the arena's epoch. Under an LFU policy:
//
//   bit 31  0
//       30  1, which no time has: a word says itself what it is, whatever the policy was
//     29-8  seconds of the last access, modulo 2^22 (48 days)
//      7-0  logarithmic counter
//
// Redis keeps minutes; the seconds are for the hot table, which evicts by them whatever the policy.
// The counter is that of Redis: an access raises it with a probability that falls with its value
// and `lfu-log-factor`, and it falls by one for every `lfu-decay-time` minutes without an access.

import { Random } from '@forgekv/base';

const FREQUENCY_MARK = 0x40000000;
const SECONDS_MASK = 0x3fffff;
const COUNTER_MASK = 0xff;
const MOST = 255;
/** Counter of a new key, so that it is not the first to go. */
const FIRST = 5;
/** Threads read the clock once per batch: another's last access may be a little ahead. */
const AHEAD_SECONDS = 3600;

/** Seconds between the last access a word notes and `seconds`. */
function idleSeconds(word: number, seconds: number): number {
  if (word < FREQUENCY_MARK) return Math.max(0, seconds - word);
  const idle = (seconds - (word >>> 8)) & SECONDS_MASK;
  return idle > SECONDS_MASK - AHEAD_SECONDS ? 0 : idle;
}

/** When a word says the last access was, in seconds since the epoch (Unix milliseconds). */
export function lastUse(word: number, epochMs: number): number {
  if (word < FREQUENCY_MARK) return word;
  const seconds = Math.floor((Date.now() - epochMs) / 1000);
  return seconds - idleSeconds(word, seconds);
}

/** Counts accesses, for one thread. */
export class UseFrequency {
  /** `lfu-log-factor` */
  logFactor = 10;
  /** `lfu-decay-time` in minutes, 0 = never. */
  decayMinutes = 1;
  readonly #random: Random;

  constructor(random: Random = new Random(Math.floor(Math.random() * 2 ** 32))) {
    this.#random = random;
  }

  /** Returns the counter of a word at a time in seconds since the arena's epoch. */
  count(word: number, seconds: number): number {
    // A word of another policy knows nothing of frequency.
    const counter = word < FREQUENCY_MARK ? FIRST : word & COUNTER_MASK;
    if (this.decayMinutes === 0) return counter;
    const last = seconds - idleSeconds(word, seconds);
    const minutes = Math.floor(seconds / 60) - Math.floor(last / 60);
    return Math.max(0, counter - Math.floor(minutes / this.decayMinutes));
  }

  /** Returns the word after an access; 0 is that of a new entry. */
  used(word: number, seconds: number): number {
    if (word === 0) return this.word(FIRST, seconds);
    const counter = this.count(word, seconds);
    if (counter === MOST) return this.word(MOST, seconds);
    const above = Math.max(0, counter - FIRST);
    const rises = this.#random.chance(1 / (above * this.logFactor + 1));
    return this.word(rises ? counter + 1 : counter, seconds);
  }

  /** Returns the word of a counter (0..255) and an access at a time. */
  word(counter: number, seconds: number): number {
    return FREQUENCY_MARK | ((seconds & SECONDS_MASK) << 8) | counter;
  }
}
