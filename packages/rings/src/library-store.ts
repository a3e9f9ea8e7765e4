// The function libraries, for all threads: one payload, as FUNCTION DUMP gives it, how often it was
// replaced, and the effect in the logs that led to it. Who changes it has the only right to do so
// for as long as that takes; who reads it asks for its generation first. Knows nothing of what the
// payload says.
//
// The right comes behind gates: a transaction that holds it has all gates, and asks for nothing but
// answers of its peers; anybody else holds it without waiting for anything.

import { ShortLock } from './short-lock.ts';

const LOCK = 0;
const CHANGER = 1;
const GENERATION = 2;
const LENGTH = 3;
const LIBRARIES = 4;
const FUNCTIONS = 5;
const LOG = 6;
const POSITION = 7;
/** Index of a float64. */
const LSN_F = 4;
const HEAD_BYTES = 64;
/** As a log: the effect is of an earlier run. */
export const LOG_OF_EARLIER = -1;
/** Most bytes of all libraries together, in the form of FUNCTION DUMP. */
export const MOST_LIBRARY_BYTES = 32 * 1024 * 1024;

/** What led to the libraries. */
export interface LibraryEffect {
  /** In the shard that all changes of libraries are logged under; 0: there never was one. */
  readonly lsn: number;
  /** The log it is in, or LOG_OF_EARLIER. */
  readonly log: number;
  /** Where it ends there, as entries note it. */
  readonly position: number;
}

/** The libraries after an effect. */
export interface LibraryState extends LibraryEffect {
  /** Of MOST_LIBRARY_BYTES at most; empty: there never were libraries. */
  readonly payload: Buffer;
  /** How many the payload has, and how many functions they have. */
  readonly libraries: number;
  readonly functions: number;
}

export function createLibraryMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + MOST_LIBRARY_BYTES);
}

export class LibraryStore {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #bytes: Buffer;
  readonly #lock: ShortLock;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, HEAD_BYTES / 4);
    this.#floats = new Float64Array(memory, 0, HEAD_BYTES / 8);
    this.#bytes = Buffer.from(memory, HEAD_BYTES);
    this.#lock = new ShortLock(this.#words, LOCK);
  }

  /** Changes with every `publish`. */
  get generation(): number {
    return Atomics.load(this.#words, GENERATION);
  }

  get libraries(): number {
    return Atomics.load(this.#words, LIBRARIES);
  }

  get functions(): number {
    return Atomics.load(this.#words, FUNCTIONS);
  }

  get usedBytes(): number {
    return Atomics.load(this.#words, LENGTH);
  }

  /** Of the effect that led to what there is; for who has the right to change it. */
  get lsn(): number {
    return this.#floats[LSN_F]!;
  }

  /** Returns a copy of what there is, and its generation. */
  read(): LibraryState & { readonly generation: number } {
    const words = this.#words;
    return this.#lock.within(() => ({
      payload: Buffer.from(this.#bytes.subarray(0, words[LENGTH]!)),
      libraries: words[LIBRARIES]!,
      functions: words[FUNCTIONS]!,
      lsn: this.#floats[LSN_F]!,
      log: words[LOG]!,
      position: words[POSITION]!,
      generation: words[GENERATION]!,
    }));
  }

  /** Takes the right to change the libraries; false: somebody has it. @param thread from 1 */
  tryBegin(thread: number): boolean {
    return Atomics.compareExchange(this.#words, CHANGER, 0, thread) === 0;
  }

  end(): void {
    Atomics.store(this.#words, CHANGER, 0);
  }

  /** Replaces what there is: for who has the right to, or before other threads are there. */
  publish({ payload, libraries, functions, lsn, log, position }: LibraryState): void {
    this.#lock.within(() => {
      const words = this.#words;
      this.#bytes.set(payload);
      words[LENGTH] = payload.length;
      words[LIBRARIES] = libraries;
      words[FUNCTIONS] = functions;
      words[LOG] = log;
      words[POSITION] = position;
      this.#floats[LSN_F] = lsn;
      Atomics.add(words, GENERATION, 1);
    });
  }
}
