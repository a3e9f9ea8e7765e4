// Which fronts may have clients that want to hear when a key changes: a set of fronts per hash of a
// key, in memory that all threads share. Knows no keys and no clients.
//
//   line 0   fronts that track anything, keys tracked on all fronts, then sets of two words each:
//            fronts with clients that track, fronts with clients that want all keys of a prefix
//   then     a set of fronts for each hash: two words, a bit each
//
// Nothing is lost: a front adds a key before the key is read for a client, so before the lock of
// the key's shard is taken for that; whoever changes the key later holds that lock, and looks then.
// A front adds and takes away its own bits only, so no others can be in the way. Hashes are shared
// by keys, so a front may be told of changes that concern nobody.

import { invariant } from '@forgekv/base';
import { MOST_FRONTS } from './channel-table.ts';

/** Sets of fronts: a power of two, much more than keys are tracked as a rule. */
const HASHES = 1 << 18;
const LINE_WORDS = 16;
const ON = 0;
const KEYS = 1;
const TRACKING = 2;
const BROADCAST = 4;
const HALF = 32;

/** Returns the memory; what is never used of it stays untouched. */
export function createTrackingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((LINE_WORDS + HASHES * 2) * 4);
}

/** One thread's view. */
export class TrackingFilter {
  readonly #words: Int32Array;
  readonly #half: number;
  readonly #bit: number;
  /** Keys of this front per hash; null until there are any. */
  #counts: Uint32Array | null = null;
  /** Fronts that the last `find` or `findAll` found, a bit each. */
  low = 0;
  high = 0;

  /** @param front index of this thread among the fronts, 0 for those that only look */
  constructor(memory: SharedArrayBuffer, front = 0) {
    invariant(front < MOST_FRONTS, 'there are 64 fronts at most');
    this.#words = new Int32Array(memory);
    this.#half = front < HALF ? 0 : 1;
    this.#bit = 1 << (front & (HALF - 1));
  }

  // --- for who changes keys ---

  /** False when nobody tracks anything. To be asked with the lock of a shard held. */
  get isOn(): boolean {
    return this.#words[ON] !== 0;
  }

  /** Finds the fronts to be told that a key has changed; false: there are none. */
  find(hash: number): boolean {
    const words = this.#words;
    const at = wordOf(hash);
    this.low = words[at]! | words[BROADCAST]!;
    this.high = words[at + 1]! | words[BROADCAST + 1]!;
    return (this.low | this.high) !== 0;
  }

  /** Finds the fronts to be told that all keys may have changed; false: there are none. */
  findAll(): boolean {
    this.low = this.#words[TRACKING]!;
    this.high = this.#words[TRACKING + 1]!;
    return (this.low | this.high) !== 0;
  }

  // --- for a front ---

  /** A key is tracked. */
  add(hash: number): void {
    this.#counts ??= new Uint32Array(HASHES);
    Atomics.add(this.#words, KEYS, 1);
    if (++this.#counts[hash & (HASHES - 1)]! === 1) this.#set(wordOf(hash), true);
  }

  /** A key is tracked no more. */
  remove(hash: number): void {
    const counts = this.#counts;
    const at = hash & (HASHES - 1);
    invariant(counts !== null && counts[at]! > 0, 'what is taken away was added');
    Atomics.sub(this.#words, KEYS, 1);
    if (--counts[at]! === 0) this.#set(wordOf(hash), false);
  }

  /** Keys tracked, counted once for each front. */
  get keys(): number {
    return Atomics.load(this.#words, KEYS);
  }

  /** Says whether this front tracks anything at all; `was` is what it said before. */
  setOn(is: boolean, was: boolean): void {
    if (is === was) return;
    this.#set(TRACKING, is);
    Atomics.add(this.#words, ON, is ? 1 : -1);
  }

  /** Says whether this front wants to be told of all keys. */
  setBroadcast(is: boolean): void {
    this.#set(BROADCAST, is);
  }

  #set(set: number, is: boolean): void {
    if (is) Atomics.or(this.#words, set + this.#half, this.#bit);
    else Atomics.and(this.#words, set + this.#half, ~this.#bit);
  }
}

function wordOf(hash: number): number {
  return LINE_WORDS + ((hash & (HASHES - 1)) << 1);
}
