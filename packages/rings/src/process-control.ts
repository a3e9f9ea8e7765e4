// The few words that all threads share outside the hot table: counters that must be exact
// across fronts, and what holds commands back.

const NEXT_CLIENT_ID = 0;
const CONNECTIONS = 1;
const PAUSE_MODE = 2;
const STOPPING = 3;
const LOADING = 6;
const HELD = 7;
const SLEEPS = 10;
const KEEPS_EXPIRED = 11;
const HISTORIES = 12;
const PAUSE_UNTIL_AT = 2;
const SLEEP_UNTIL_AT = 4;
const BYTES = 64;

export const PAUSE_NONE = 0;
export const PAUSE_WRITES = 1;
export const PAUSE_ALL = 2;

/** Returns the memory of a ProcessControl. */
export function createControlMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

export class ProcessControl {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#floats = new Float64Array(memory);
  }

  /** Returns the next client id, from 1. */
  nextClientId(): number {
    return (Atomics.add(this.#words, NEXT_CLIENT_ID, 1) + 1) >>> 0;
  }

  /** Open connections of all fronts. */
  get connections(): number {
    return Atomics.load(this.#words, CONNECTIONS);
  }

  /** Counts a connection in; false, and nothing counted, when there are `limit` already. */
  enter(limit: number): boolean {
    if (Atomics.add(this.#words, CONNECTIONS, 1) < limit) return true;
    Atomics.sub(this.#words, CONNECTIONS, 1);
    return false;
  }

  /** Counts a connection out. */
  leave(): void {
    Atomics.sub(this.#words, CONNECTIONS, 1);
  }

  /** True once the process stops: no new connections, no new commands. */
  get stopping(): boolean {
    return this.#words[STOPPING] === 1;
  }

  stop(): void {
    Atomics.store(this.#words, STOPPING, 1);
  }

  /** True until the data of earlier runs is there. */
  get loading(): boolean {
    return this.#words[LOADING] === 1;
  }

  set loading(loading: boolean) {
    Atomics.store(this.#words, LOADING, loading ? 1 : 0);
  }

  /**
   * Holds every command back for a moment, whatever CLIENT PAUSE says. Who lets go tells the
   * fronts.
   */
  set held(held: boolean) {
    Atomics.store(this.#words, HELD, held ? 1 : 0);
  }

  /** What is held back at `nowMs`: PAUSE_NONE, PAUSE_WRITES or PAUSE_ALL. */
  pauseMode(nowMs: number): number {
    if (this.#words[HELD] === 1) return PAUSE_ALL;
    if (this.#words[SLEEPS] === 1 && nowMs < this.#floats[SLEEP_UNTIL_AT]!) return PAUSE_ALL;
    const mode = this.#words[PAUSE_MODE]!;
    if (mode === PAUSE_NONE) return PAUSE_NONE;
    return nowMs < this.#floats[PAUSE_UNTIL_AT]! ? mode : PAUSE_NONE;
  }

  /** True while any are held back. */
  get isPaused(): boolean {
    // Asked before every command of a worker: the clock is only read for a pause that was begun.
    const words = this.#words;
    if (words[PAUSE_MODE] === PAUSE_NONE && words[SLEEPS] === 0) return words[HELD] === 1;
    return this.pauseMode(Date.now()) !== PAUSE_NONE;
  }

  /**
   * Holds commands back until a time (Unix milliseconds). Redis: a pause that is on is never
   * shortened, and ALL is never weakened to WRITE. Two fronts at once: the later call wins.
   */
  pause(mode: number, untilMs: number, nowMs: number): void {
    const current = this.pauseMode(nowMs);
    if (current !== PAUSE_NONE) untilMs = Math.max(untilMs, this.#floats[PAUSE_UNTIL_AT]!);
    this.#floats[PAUSE_UNTIL_AT] = untilMs;
    Atomics.store(this.#words, PAUSE_MODE, Math.max(mode, current));
  }

  /** Holds every command back until a time (Unix milliseconds), and nobody can end that. */
  sleep(untilMs: number): void {
    this.#floats[SLEEP_UNTIL_AT] = untilMs;
    Atomics.store(this.#words, SLEEPS, 1);
  }

  /** False while what has expired stays until somebody looks at it. */
  get expires(): boolean {
    return this.#words[KEEPS_EXPIRED] === 0;
  }

  set expires(expires: boolean) {
    Atomics.store(this.#words, KEEPS_EXPIRED, expires ? 0 : 1);
  }

  /** How many histories of replication this run has ended: that is which one is under way. */
  get histories(): number {
    return Atomics.load(this.#words, HISTORIES);
  }

  /** Ends the history that is under way and begins another; any thread may. */
  beginHistory(): void {
    Atomics.add(this.#words, HISTORIES, 1);
  }

  unpause(): void {
    Atomics.store(this.#words, PAUSE_MODE, PAUSE_NONE);
  }
}
