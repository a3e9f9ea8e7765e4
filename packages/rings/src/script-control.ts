// What all threads know of the scripts that workers execute at the moment: which of them have gone
// on for long, which may be killed, and who wants more gates than it has. Nothing is written for a
// script that ends within a few milliseconds. Executes nothing.
//
//   state of a worker   IDLE -> LONG -> BUSY -> BUSY_DIRTY
//                                         \---> KILLED
//
// A script may be killed only before it has changed something, and may change something only while
// it was not killed: both are one compare-and-swap of the same word, so one of them comes first.

import { invariant } from '@forgekv/base';

const LINE_WORDS = 16;
const STOPPING = 0;
/** Worker + 1 of the script that asks for more gates; 0: none does. */
const EXTENDER = 1;
/** Shard + 1 that it waits for. */
const WANTED = 2;
const GATE_WAITERS = 3;

const STATE = 0;
const KIND = 1;
/** Bytes of what FUNCTION STATS shows. */
const SHOWN = 2;
/** In float64 of the worker's line: Unix milliseconds. */
const STARTED_F = 2;
const SHOWN_BYTES = 8 * 1024;

const IDLE = 0;
const LONG = 1;
const BUSY = 2;
const BUSY_DIRTY = 3;
const KILLED = 4;

export const KIND_SCRIPT = 0;
export const KIND_FUNCTION = 1;
export type ScriptKind = typeof KIND_SCRIPT | typeof KIND_FUNCTION;

/** What became of a wish to kill what runs. */
export type KillAnswer = 'killed' | 'not busy' | 'unkillable' | 'script' | 'function';

/** A function that runs. */
export interface RunningFunction {
  readonly name: string;
  /** The command that called it; the last arguments may be missing. */
  readonly words: readonly Buffer[];
  readonly startedAtMs: number;
}

/** Returns the memory of a ScriptControl. */
export function createScriptControlMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + workers) * LINE_WORDS * 4 + workers * SHOWN_BYTES);
}

export class ScriptControl {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #memory: SharedArrayBuffer;
  readonly workers: number;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#words = new Int32Array(memory);
    this.#floats = new Float64Array(memory);
    const bytes = memory.byteLength - LINE_WORDS * 4;
    this.workers = bytes / (LINE_WORDS * 4 + SHOWN_BYTES);
    invariant(Number.isInteger(this.workers), 'the memory of a ScriptControl');
  }

  // --- the worker that executes ---

  /** A script has gone on for some milliseconds: nobody should sleep for its gates. */
  becomesLong(worker: number): void {
    Atomics.store(this.#words, lineOf(worker) + STATE, LONG);
  }

  /**
   * A script has gone on for longer than busy-reply-threshold.
   * @param isDirty it has changed something
   * @param words the command that called it, of which those are shown that fit
   */
  becomesBusy(
    worker: number,
    kind: ScriptKind,
    isDirty: boolean,
    startedAtMs: number,
    name: string,
    words: readonly Uint8Array[],
  ): void {
    const line = lineOf(worker);
    this.#words[line + KIND] = kind;
    this.#floats[line / 2 + STARTED_F] = startedAtMs;
    this.#words[line + SHOWN] = this.#show(worker, [Buffer.from(name, 'latin1'), ...words]);
    Atomics.store(this.#words, line + STATE, isDirty ? BUSY_DIRTY : BUSY);
  }

  /** A busy script is about to change something; false: it was killed before. */
  becomesDirty(worker: number): boolean {
    const word = lineOf(worker) + STATE;
    return Atomics.compareExchange(this.#words, word, BUSY, BUSY_DIRTY) !== KILLED;
  }

  isKilled(worker: number): boolean {
    return Atomics.load(this.#words, lineOf(worker) + STATE) === KILLED;
  }

  /** A script that was long has ended. */
  ended(worker: number): void {
    Atomics.store(this.#words, lineOf(worker) + STATE, IDLE);
  }

  #show(worker: number, parts: readonly Uint8Array[]): number {
    const bytes = this.#shownOf(worker);
    let at = 0;
    for (const part of parts) {
      if (at + 4 + part.length > bytes.length) break;
      at = bytes.writeUInt32LE(part.length, at);
      bytes.set(part, at);
      at += part.length;
    }
    return at;
  }

  #shownOf(worker: number): Buffer {
    const at = (1 + this.workers) * LINE_WORDS * 4 + worker * SHOWN_BYTES;
    return Buffer.from(this.#memory, at, SHOWN_BYTES);
  }

  // --- everybody else ---

  /** True for a worker whose script goes on for long, or is busy. */
  isLong(worker: number): boolean {
    return Atomics.load(this.#words, lineOf(worker) + STATE) !== IDLE;
  }

  isBusy(worker: number): boolean {
    return this.#words[lineOf(worker) + STATE]! >= BUSY;
  }

  /** What a busy worker executes. */
  kindOf(worker: number): ScriptKind {
    return this.#words[lineOf(worker) + KIND] === KIND_FUNCTION ? KIND_FUNCTION : KIND_SCRIPT;
  }

  /** True while any worker is busy. */
  get anyBusy(): boolean {
    for (let worker = 0; worker < this.workers; worker++) if (this.isBusy(worker)) return true;
    return false;
  }

  /** A worker whose script goes on for long, -1: there is none. */
  get longWorker(): number {
    for (let worker = 0; worker < this.workers; worker++) if (this.isLong(worker)) return worker;
    return -1;
  }

  /** Kills every busy script of a kind that has changed nothing. */
  kill(kind: ScriptKind): KillAnswer {
    let answer: KillAnswer = 'not busy';
    for (let worker = 0; worker < this.workers; worker++) {
      if (!this.isBusy(worker)) continue;
      const word = lineOf(worker) + STATE;
      const state = Atomics.load(this.#words, word);
      if (state === BUSY_DIRTY) {
        if (answer !== 'killed') answer = 'unkillable';
      } else if (this.kindOf(worker) !== kind) {
        if (answer === 'not busy') answer = kind === KIND_SCRIPT ? 'function' : 'script';
      } else if (
        state === KILLED ||
        Atomics.compareExchange(this.#words, word, BUSY, KILLED) === BUSY
      ) {
        answer = 'killed';
      } else if (answer !== 'killed') {
        answer = 'unkillable';
      }
    }
    return answer;
  }

  /** A busy function, or null. */
  runningFunction(): RunningFunction | null {
    for (let worker = 0; worker < this.workers; worker++) {
      if (!this.isBusy(worker) || this.kindOf(worker) !== KIND_FUNCTION) continue;
      const line = lineOf(worker);
      const bytes = Buffer.from(this.#shownOf(worker).subarray(0, this.#words[line + SHOWN]!));
      const parts: Buffer[] = [];
      for (let at = 0; at + 4 <= bytes.length; ) {
        const end = at + 4 + bytes.readUInt32LE(at);
        parts.push(bytes.subarray(at + 4, end));
        at = end;
      }
      const [name = Buffer.alloc(0), ...words] = parts;
      const startedAtMs = this.#floats[line / 2 + STARTED_F]!;
      return { name: name.toString('latin1'), words, startedAtMs };
    }
    return null;
  }

  /** The process stops: scripts that have changed nothing end. */
  stop(): void {
    Atomics.store(this.#words, STOPPING, 1);
  }

  get isStopping(): boolean {
    return this.#words[STOPPING] === 1;
  }

  // --- gates ---

  /** A worker begins, or (-1) ceases, to wait for a gate. */
  countGateWaiter(step: 1 | -1): void {
    Atomics.add(this.#words, GATE_WAITERS, step);
  }

  get hasGateWaiters(): boolean {
    return Atomics.load(this.#words, GATE_WAITERS) > 0;
  }

  /** The only one that may ask for gates beyond those it has, from now on; false: another is. */
  beginExtension(worker: number): boolean {
    const before = Atomics.compareExchange(this.#words, EXTENDER, 0, worker + 1);
    return before === 0 || before === worker + 1;
  }

  /** The gate that the extender waits for; -1: none. */
  setWanted(shard: number): void {
    Atomics.store(this.#words, WANTED, shard + 1);
  }

  endExtension(): void {
    this.setWanted(-1);
    Atomics.store(this.#words, EXTENDER, 0);
  }

  /** True while somebody else asks for more gates. */
  isExtending(worker: number): boolean {
    const extender = Atomics.load(this.#words, EXTENDER);
    return extender !== 0 && extender !== worker + 1;
  }

  /** The shard whose gate the extender waits for, -1: none. */
  get wanted(): number {
    return Atomics.load(this.#words, WANTED) - 1;
  }
}

/** The first word of a worker's line. */
function lineOf(worker: number): number {
  return (1 + worker) * LINE_WORDS;
}
