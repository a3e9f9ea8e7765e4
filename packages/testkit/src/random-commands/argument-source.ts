/**
 * Where recipes get their arguments from: keys, values, numbers, times, options. One source serves
 * one run; everything it returns follows from the seed.
 *
 * Times. Two servers see a command at slightly different moments, so nothing here may let a reply
 * depend on which moment it was:
 *   relative  never short (at least 500 s), and no two of a run are the same: they differ by 500 s
 *             or more, so EXPIRE ... GT/LT decides alike on both sides as long as a run is shorter.
 *   absolute  after the year 2100, beyond every relative one, often the same again: exact replies.
 *   past      long past.
 */
import type { Comparison } from '../compare-replies.ts';
import { groupOf, type KeyGroup, keyOf, smallKey } from './key-pool.ts';
import { Prng } from './prng.ts';
import { BAD_INTEGERS, EDGE_INTEGERS, valueFor } from './value-texts.ts';

/** 2100-01-01 in seconds: absolute times start here. */
export const YEAR_2100 = 4_102_444_800;
const RELATIVE_STEP_SECONDS = 500;
/** Relative times are unique for this many draws, then repeat. */
const RELATIVE_STEPS = 1 << 20;
const RELATIVE_STRIDE = 654_321;
const CLOCK_SKEW_SECONDS = 5;

/** For replies in seconds that depend on when the server saw the command. */
export const SECONDS: Comparison = {
  how: 'within',
  tolerance: CLOCK_SKEW_SECONDS,
  exactFrom: YEAR_2100,
};
/** The same in milliseconds. */
export const MILLISECONDS: Comparison = {
  how: 'within',
  tolerance: CLOCK_SKEW_SECONDS * 1000,
  exactFrom: YEAR_2100 * 1000,
};
/** Remaining time has no exact range: it always depends on the clock. */
export const SECONDS_LEFT: Comparison = { how: 'within', tolerance: CLOCK_SKEW_SECONDS };
/** The same in milliseconds. */
export const MILLISECONDS_LEFT: Comparison = {
  how: 'within',
  tolerance: CLOCK_SKEW_SECONDS * 1000,
};

const GROUP_SHARES: readonly (readonly [number, KeyGroup])[] = [
  [28, 'counter'],
  [12, 'float'],
  [8, 'dna'],
  [50, 'text'],
  [2, 'big'],
];

/** Seconds or milliseconds, from now or absolute, in the words of SET. */
export type ExpiryUnit = 'EX' | 'PX' | 'EXAT' | 'PXAT';
export const EXPIRY_UNITS: readonly ExpiryUnit[] = ['EX', 'PX', 'EXAT', 'PXAT'];

/** The random arguments of one run. */
export class ArgumentSource {
  readonly prng: Prng;
  #relativeDraws = 0;

  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  /** A key of any group; rarely a big one. */
  key(): Buffer {
    return keyOf(this.prng, this.prng.weighted(GROUP_SHARES));
  }

  /** Mostly a key of this group, sometimes any small one. */
  keyOf(group: KeyGroup): Buffer {
    return this.prng.chance(0.88) ? keyOf(this.prng, group) : smallKey(this.prng);
  }

  /** Two keys a value may travel between, sometimes the same one; big values stay on big keys. */
  keyPair(): [Buffer, Buffer] {
    const first = this.key();
    const second = groupOf(first) === 'big' ? keyOf(this.prng, 'big') : smallKey(this.prng);
    return this.prng.chance(0.04) ? [first, first] : [first, second];
  }

  /** One to `most` keys, now and then with a repetition. */
  keys(most: number): Buffer[] {
    return Array.from({ length: this.prng.between(1, most) }, () => this.key());
  }

  /** A value that suits the key, mostly. */
  value(key: Buffer): string | Buffer {
    return valueFor(this.prng, groupOf(key));
  }

  /** A small integer; at an edge in 1 of 12 cases, no integer at all in 1 of 12. */
  integer(low: number, high: number): string | Buffer {
    const dice = this.prng.below(12);
    if (dice === 0) return this.prng.pick(EDGE_INTEGERS);
    if (dice === 1) return this.prng.pick(BAD_INTEGERS);
    return String(this.prng.between(low, high));
  }

  /** True in `percent` of 100 cases. */
  percent(percent: number): boolean {
    return this.prng.chance(percent / 100);
  }

  /** Some of the words, in any order. */
  some(words: readonly string[], percentEach: number): string[] {
    return this.prng.shuffle(words.filter(() => this.percent(percentEach)));
  }

  /** A time from now in seconds, unlike any other of this run. */
  relativeSeconds(): number {
    const step = (++this.#relativeDraws * RELATIVE_STRIDE) % RELATIVE_STEPS;
    return (step + 1) * RELATIVE_STEP_SECONDS;
  }

  /** A time from now in milliseconds, unlike any other of this run. */
  relativeMs(): number {
    return this.relativeSeconds() * 1000 + this.prng.below(1000);
  }

  /** A unix time in seconds after the year 2100; a few values come often. */
  absoluteSeconds(): number {
    const offset = this.percent(70) ? this.prng.below(8) * 1000 : this.prng.below(1_000_000_000);
    return YEAR_2100 + offset;
  }

  /** The same in milliseconds, with odd milliseconds half of the time. */
  absoluteMs(): number {
    return this.absoluteSeconds() * 1000 + (this.percent(50) ? 0 : this.prng.below(1000));
  }

  /**
   * The number after EX, PX, EXAT or PXAT: mostly a fine one, sometimes one that is refused.
   * 9223372036854775807 is left out for PXAT, where Redis 7.0 overflows when asked in seconds.
   */
  expiry(unit: ExpiryUnit): string {
    if (this.percent(6)) return String(this.prng.pick(BAD_INTEGERS));
    const isMs = unit.startsWith('PX');
    if (this.percent(4)) {
      const edges = ['0', '-1', '-9223372036854775808', isMs ? '-5' : '9223372036854775'];
      return this.prng.pick(unit === 'PXAT' ? edges : [...edges, '9223372036854775807']);
    }
    if (unit.endsWith('AT')) return String(isMs ? this.absoluteMs() : this.absoluteSeconds());
    return String(isMs ? this.relativeMs() : this.relativeSeconds());
  }

  /** A unix time long ago, for the unit. */
  pastTime(unit: 'EXAT' | 'PXAT'): string {
    const seconds = this.prng.pick([1, 1000, 1_000_000_000, 1_600_000_000]);
    return String(unit === 'EXAT' ? seconds : seconds * 1000 + this.prng.below(1000));
  }
}
