// The function libraries, for all threads: one payload, as FUNCTION DUMP gives it, and how often it
// was replaced. Who changes it has the only right to do so for as long as that takes; who reads it
// asks for its generation first. Knows nothing of what the payload says.

import { ShortLock } from './short-lock.ts';

const LOCK = 0;
const CHANGER = 1;
const GENERATION = 2;
const LENGTH = 3;
const LIBRARIES = 4;
const FUNCTIONS = 5;
const HEAD_BYTES = 64;
/** Most bytes of all libraries together, in the form of FUNCTION DUMP. */
export const MOST_LIBRARY_BYTES = 32 * 1024 * 1024;

export function createLibraryMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + MOST_LIBRARY_BYTES);
}

export class LibraryStore {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #lock: ShortLock;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, HEAD_BYTES / 4);
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

  /** Returns a copy of the payload, empty when there are no libraries, and its generation. */
  read(): { readonly payload: Buffer; readonly generation: number } {
    return this.#locked(() => ({
      payload: Buffer.from(this.#bytes.subarray(0, this.#words[LENGTH]!)),
      generation: this.#words[GENERATION]!,
    }));
  }

  /** Takes the right to change the libraries; false: somebody has it. @param thread from 1 */
  tryBegin(thread: number): boolean {
    return Atomics.compareExchange(this.#words, CHANGER, 0, thread) === 0;
  }

  end(): void {
    Atomics.store(this.#words, CHANGER, 0);
  }

  /** Replaces the payload, of MOST_LIBRARY_BYTES at most. */
  publish(payload: Uint8Array, libraries: number, functions: number): void {
    this.#locked(() => {
      const words = this.#words;
      this.#bytes.set(payload);
      words[LENGTH] = payload.length;
      words[LIBRARIES] = libraries;
      words[FUNCTIONS] = functions;
      Atomics.add(words, GENERATION, 1);
    });
  }

  #locked<T>(work: () => T): T {
    this.#lock.lock();
    try {
      return work();
    } finally {
      this.#lock.unlock();
    }
  }
}
