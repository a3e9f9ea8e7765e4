// The latency monitor, for all threads: of each kind of event the latest samples, one a second at
// most, and the longest of all, in shared memory. Who is late says so; who is asked reads. What
// is late says a threshold that is the same for all.
//
//   words    lock | threshold in milliseconds, 0 = nobody adds anything
//   events   longest ever | place of the next sample | (Unix second, milliseconds) x 160
//
// The samples are read and written with the lock held, for about a microsecond.

import { ShortLock } from './short-lock.ts';

/**
 * Redis has the same names for: `command`, `fast-command`, `expire-cycle`, `eviction-cycle`,
 * `aof-write` (the log handed to the kernel) and `aof-fsync-always`. Ours are `command-batch`, a
 * few commands of constant time in a row, `checkpoint-batch`, records handed to a store, and
 * `background-sync`, a sync of all logs that nobody waits for.
 */
export const LATENCY_EVENTS = [
  'command',
  'fast-command',
  'command-batch',
  'expire-cycle',
  'eviction-cycle',
  'aof-write',
  'aof-fsync-always',
  'background-sync',
  'checkpoint-batch',
] as const;
export type LatencyEvent = (typeof LATENCY_EVENTS)[number];

const LOCK = 0;
const THRESHOLD = 1;
const HEAD_WORDS = 16;
/** As in Redis. */
export const LATENCY_SAMPLES = 160;
const LONGEST = 0;
const NEXT = 1;
const SAMPLES = 2;
const EVENT_WORDS = SAMPLES + 2 * LATENCY_SAMPLES;
const MOST_MS = 2 ** 31 - 1;

export interface LatencySample {
  readonly unixSeconds: number;
  readonly milliseconds: number;
}

/** An event that has happened. */
export interface LatencySeries {
  readonly event: string;
  readonly longestMs: number;
  /** Oldest first, at least one. */
  readonly samples: readonly LatencySample[];
}

export function createLatencyMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD_WORDS + LATENCY_EVENTS.length * EVENT_WORDS) * 4);
}

export class LatencyLog {
  readonly #words: Uint32Array;
  readonly #lock: ShortLock;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
    this.#lock = new ShortLock(new Int32Array(memory), LOCK);
  }

  /** Sets `latency-monitor-threshold`, for all threads. */
  setThreshold(milliseconds: number): void {
    Atomics.store(this.#words, THRESHOLD, milliseconds);
  }

  /** True while anything is to be timed. */
  get isOn(): boolean {
    return this.#words[THRESHOLD]! > 0;
  }

  /** Adds what took too long. */
  took(event: LatencyEvent, microseconds: number): void {
    if (this.isOn && microseconds >= this.#words[THRESHOLD]! * 1000) this.add(event, microseconds);
  }

  /** Adds a sample; of those of one second the longest stays. */
  add(event: LatencyEvent, microseconds: number, nowMs = Date.now()): void {
    const words = this.#words;
    const at = placeOf(event);
    const ms = Math.min(Math.floor(microseconds / 1000), MOST_MS);
    const second = Math.floor(nowMs / 1000);
    this.#lock.within(() => {
      words[at + LONGEST] = Math.max(words[at + LONGEST]!, ms);
      const next = words[at + NEXT]!;
      const last = at + SAMPLES + 2 * ((next + LATENCY_SAMPLES - 1) % LATENCY_SAMPLES);
      if (words[last] === second) {
        words[last + 1] = Math.max(words[last + 1]!, ms);
        return;
      }
      words[at + SAMPLES + 2 * next] = second;
      words[at + SAMPLES + 2 * next + 1] = ms;
      words[at + NEXT] = (next + 1) % LATENCY_SAMPLES;
    });
  }

  /** Returns an event by its name in any letter case, null: it has not happened. */
  series(name: string): LatencySeries | null {
    const event = eventOf(name);
    if (event === undefined) return null;
    const at = placeOf(event);
    const copy = new Uint32Array(EVENT_WORDS);
    this.#lock.within(() => copy.set(this.#words.subarray(at, at + EVENT_WORDS)));
    const samples: LatencySample[] = [];
    for (let i = 0; i < LATENCY_SAMPLES; i++) {
      const sample = SAMPLES + 2 * ((copy[NEXT]! + i) % LATENCY_SAMPLES);
      if (copy[sample] === 0) continue;
      samples.push({ unixSeconds: copy[sample]!, milliseconds: copy[sample + 1]! });
    }
    return samples.length === 0 ? null : { event, longestMs: copy[LONGEST]!, samples };
  }

  /** All events that have happened. */
  all(): LatencySeries[] {
    return LATENCY_EVENTS.map((event) => this.series(event)).filter((series) => series !== null);
  }

  /** Forgets an event; false: there was nothing to forget. */
  reset(name: string): boolean {
    const event = eventOf(name);
    if (event === undefined || this.series(event) === null) return false;
    const at = placeOf(event);
    this.#lock.within(() => this.#words.fill(0, at, at + EVENT_WORDS));
    return true;
  }
}

function placeOf(event: LatencyEvent): number {
  return HEAD_WORDS + LATENCY_EVENTS.indexOf(event) * EVENT_WORDS;
}

function eventOf(name: string): LatencyEvent | undefined {
  return LATENCY_EVENTS.find((event) => event === name);
}
