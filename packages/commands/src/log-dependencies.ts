// What the replies of a thread's tick depend on in the logs of other threads, and what all threads
// tell each other for that in shared memory: how far each log has come, and what it builds on.
//
// Dependencies are transitive. B's INCR may build on A's, which A has not sealed, and C's on B's: C
// reads B's log as the entry's last, and has to wait for A too, or its own effect has a hole before
// it after a crash. So each thread tells in its row of `needs` what its effects depend on, before
// others can see them, and whoever waits for a log also waits for what that log's row says. The row
// is that of now, not of when the effect was made: it can only ask for more.
//
// Who may touch what, all as positions (below):
// - `appended` of a log: behind the last effect others can see. Written by the log's thread before
//   it releases the shard's lock, so who has seen an effect finds its position here.
// - `sealed` of a log: behind the last frame that ended a tick. Written by the log's thread, never
//   within a group: what lies before it is replayed if the kernel has it.
// - `awaited` of a log: 1 when a thread may sleep until `sealed` moves. Set by who goes to sleep,
//   before it looks at `sealed` for the last time; looked at by the log's thread behind its write.
// - `settled` of a log: what replies may show of it, together with all it depends on. Written by
//   whoever handed it over. Two threads may write it in the wrong order; then it is too low, and a
//   reader only takes care of what is done already.
// - `removed` of a log and a shard: written by the log's thread with the shard's lock held, read
//   under the same lock.
// - what others must have for this thread's effects to count is also told in its log, before the
//   effect: see need-notes.ts. There it also matters what is settled, as long as it may not be on
//   the disk. `told` is the thread's own.
// - `needs` of two logs: the last position of the second that an effect of the first may depend on.
//   Written by the first's thread with the lock held under which it saw the second's effect, and
//   before it appends its own. A smaller position overwrites a larger one only in a later tick, and
//   by then the larger one is settled.
// Positions are 32 bits in units of 8 bytes and compared by their difference. They come round after
// 32 GB: what is ahead of `settled` but was not appended yet is of long ago.

import { SHARD_COUNT } from '@forgekv/base';

// The shared memory: the code of what refuses writes, the words of each log, the `removed` of each
// shard, the rows of `needs`.
const LINE_WORDS = 16;
const HEAD_WORDS = LINE_WORDS;
/** Why writes are refused: see `refuseWrites`. */
export const REFUSED_WORD = 0;
/** A line that everybody writes and reads, and one that is the log's thread's. */
const LOG_WORDS = 2 * LINE_WORDS;
const APPENDED = LINE_WORDS;
const SEALED = LINE_WORDS + 1;
const AWAITED = 1;

/** Bytes. */
export const POSITION_UNIT = 8;

/** A position as entries note it. Frames begin and end at whole units. */
export function toUnits(position: number): number {
  return Math.ceil(position / POSITION_UNIT) | 0;
}

/** Makes the memory that all effect logs of a process share. */
export function createEffectMemory(logs: number): SharedArrayBuffer {
  const row = rowWords(logs);
  return new SharedArrayBuffer((HEAD_WORDS + logs * (LOG_WORDS + SHARD_COUNT + row)) * 4);
}

export class LogDependencies {
  /** Logs that this tick's replies depend on; without the thread's own. */
  readonly logs: number[] = [];
  readonly #words: Int32Array;
  readonly #logCount: number;
  readonly #own: number;
  /** Where `removed` and the rows of `needs` begin. */
  readonly #removedWord: number;
  readonly #needsWord: number;
  /** Per log the largest position, while it is among `logs`. */
  readonly #needed: Int32Array;
  readonly #isNeeded: Uint8Array;
  /** Per log how far this thread's log tells, or is about to tell, that it needs it. */
  readonly #told: Int32Array;
  /** Logs about which it has to tell before its next effect. */
  readonly untold: number[] = [];
  /** What the logs depend on in turn is there too. */
  #isGathered = true;

  /**
   * @param memory from createEffectMemory
   * @param logCount of the process
   * @param own number of the thread's own log
   */
  constructor(memory: SharedArrayBuffer, logCount: number, own: number) {
    this.#words = new Int32Array(memory);
    this.#logCount = logCount;
    this.#own = own;
    this.#removedWord = HEAD_WORDS + logCount * LOG_WORDS;
    this.#needsWord = this.#removedWord + logCount * SHARD_COUNT;
    this.#needed = new Int32Array(logCount);
    this.#isNeeded = new Uint8Array(logCount);
    this.#told = new Int32Array(logCount);
  }

  // --- what this thread did ---

  /** An effect ends there that others are about to see. */
  appended(position: number): void {
    this.#words[wordOf(this.#own) + APPENDED] = position;
  }

  /** An effect that ends there removed a key. With the shard's lock held. */
  removed(shard: number, position: number): void {
    this.#words[this.#removedAt(this.#own, shard)] = position;
  }

  /** All before it can be handed over, and is whole groups. */
  sealed(position: number): void {
    const words = this.#words;
    const own = wordOf(this.#own);
    Atomics.store(words, own + SEALED, position);
    if (Atomics.load(words, own + AWAITED) === 0) return;
    Atomics.store(words, own + AWAITED, 0);
    Atomics.notify(words, own + SEALED);
  }

  // --- what it saw ---

  /** Replies may show an effect of another log, which ends there. With the shard's lock held. */
  need(log: number, position: number): void {
    const words = this.#words;
    const word = wordOf(log);
    const appended = words[word + APPENDED]!;
    if (((position - appended) | 0) > 0) return;
    const told = this.#told[log]!;
    // Ahead of the log's end: that was before the positions came round.
    if (((position - told) | 0) > 0 || ((appended - told) | 0) < 0) this.#tell(log, position);
    if (((position - words[word]!) | 0) <= 0) return;
    if (this.#isNeeded[log] === 0) {
      this.#isNeeded[log] = 1;
      this.logs.push(log);
    } else if (((position - this.#needed[log]!) | 0) <= 0) {
      return;
    }
    this.#needed[log] = position;
    this.#isGathered = false;
    Atomics.store(words, this.#needsAt(this.#own, log), position);
  }

  /** Tells of what is settled at once: it will not be asked again for any of that. */
  #tell(log: number, position: number): void {
    const settled = Atomics.load(this.#words, wordOf(log));
    this.#told[log] = ((settled - position) | 0) > 0 ? settled : position;
    if (!this.untold.includes(log)) this.untold.push(log);
  }

  /** How far to tell that a log is needed. */
  toldUpTo(log: number): number {
    return this.#told[log]!;
  }

  /** Replies may show that a key of the shard is missing. With the shard's lock held. */
  needRemovals(shard: number): void {
    for (let log = 0; log < this.#logCount; log++) {
      if (log !== this.#own) this.need(log, this.#words[this.#removedAt(log, shard)]!);
    }
  }

  /** Replies may show anything. */
  needAll(): void {
    for (let log = 0; log < this.#logCount; log++) {
      if (log !== this.#own) this.need(log, Atomics.load(this.#words, wordOf(log) + APPENDED));
    }
  }

  // --- the end of the tick; its effects are sealed ---

  /** True while another thread has not ended a tick that replies depend on. */
  mustWait(): boolean {
    while (!this.#isGathered) this.#gather();
    for (const log of this.logs) if (this.isOpen(log, this.#needed[log]!)) return true;
    return false;
  }

  /**
   * Sleeps while `mustWait`, until one of the ticks has ended: the core is better left to a thread
   * that is in the middle of one.
   */
  sleep(timeoutMs: number): void {
    const words = this.#words;
    for (const log of this.logs) {
      const word = wordOf(log);
      const sealed = Atomics.load(words, word + SEALED);
      Atomics.store(words, word + AWAITED, 1);
      if (!this.isOpen(log, this.#needed[log]!)) continue;
      Atomics.wait(words, word + SEALED, sealed, timeoutMs);
      return;
    }
  }

  /** Adds what the logs depend on in turn, until a round finds nothing: rows grow meanwhile. */
  #gather(): void {
    this.#isGathered = true;
    for (const from of this.logs) {
      for (let log = 0; log < this.#logCount; log++) {
        if (log !== this.#own) this.need(log, Atomics.load(this.#words, this.#needsAt(from, log)));
      }
    }
  }

  /**
   * True while a log's thread has not ended the tick of an effect.
   * @param position where it ends, as entries note it
   */
  isOpen(log: number, position: number): boolean {
    const word = wordOf(log);
    if (((position - Atomics.load(this.#words, word + SEALED)) | 0) <= 0) return false;
    return ((position - Atomics.load(this.#words, word + APPENDED)) | 0) <= 0;
  }

  /** How far in another log the effects of a log may build on it, or more. */
  needOf(from: number, log: number): number {
    const words = this.#words;
    const need = Atomics.load(words, this.#needsAt(from, log));
    const word = wordOf(log);
    const settled = Atomics.load(words, word);
    if (((need - settled) | 0) <= 0) return settled;
    return ((need - Atomics.load(words, word + APPENDED)) | 0) > 0 ? settled : need;
  }

  /** True when somebody else has handed over meanwhile what is needed of a log. */
  isSettled(log: number): boolean {
    return ((this.#needed[log]! - Atomics.load(this.#words, wordOf(log))) | 0) <= 0;
  }

  /**
   * All that was needed is handed over.
   * @param withOwn and all of this thread that is sealed
   */
  settle(withOwn: boolean): void {
    const words = this.#words;
    for (const log of this.logs) {
      if (!this.isSettled(log)) Atomics.store(words, wordOf(log), this.#needed[log]!);
    }
    const own = wordOf(this.#own);
    if (withOwn) Atomics.store(words, own, words[own + SEALED]!);
  }

  /** Begins the next tick. */
  clear(): void {
    for (const log of this.logs) this.#isNeeded[log] = 0;
    this.logs.length = 0;
    this.#isGathered = true;
  }

  #removedAt(log: number, shard: number): number {
    return this.#removedWord + shard * this.#logCount + log;
  }

  #needsAt(log: number, other: number): number {
    return this.#needsWord + log * rowWords(this.#logCount) + other;
  }
}

/** The word of a log's `settled`; APPENDED and SEALED lie behind it. */
function wordOf(log: number): number {
  return HEAD_WORDS + log * LOG_WORDS;
}

/** A row of `needs`, in whole lines. */
function rowWords(logs: number): number {
  return Math.ceil(logs / LINE_WORDS) * LINE_WORDS;
}
