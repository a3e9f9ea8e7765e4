// How one thread wakes another. A doorbell belongs to the thread that sleeps on it; anybody
// may ring it after publishing work.
//
//   word 0  count: raised by every ring that found the owner asleep
//   word 1  the owner sleeps, or is about to
//
// No wake-up is lost: the sleeper sets word 1, then looks at its work once more, then sleeps
// while the count is what it read before setting word 1. The ringer publishes its work, then
// looks at word 1. One of the two must see the other (both orders are sequentially
// consistent). Every sleep has a timeout all the same.

const COUNT = 0;
const SLEEPING = 1;
/** Words of a doorbell, a cache line of its own. */
export const DOORBELL_WORDS = 16;

/** Returns memory for `count` doorbells. */
export function createDoorbellMemory(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * DOORBELL_WORDS * 4);
}

export class Doorbell {
  readonly #words: Int32Array;
  readonly #count: number;
  readonly #sleeping: number;

  /** @param index which doorbell of the memory */
  constructor(memory: SharedArrayBuffer, index: number) {
    this.#words = new Int32Array(memory);
    this.#count = index * DOORBELL_WORDS + COUNT;
    this.#sleeping = index * DOORBELL_WORDS + SLEEPING;
  }

  /** Wakes the owner if it sleeps. Call after the work was published. */
  ring(): void {
    if (Atomics.load(this.#words, this.#sleeping) === 0) return;
    // One of several ringers makes the call; the others' work is seen by the same wake-up.
    if (Atomics.exchange(this.#words, this.#sleeping, 0) === 0) return;
    Atomics.add(this.#words, this.#count, 1);
    Atomics.notify(this.#words, this.#count);
  }

  /**
   * Blocks the owner until rung or the timeout; for threads without an event loop to serve.
   * @param hasWork looked at after the intention to sleep was announced
   */
  sleep(timeoutMs: number, hasWork: () => boolean): void {
    const seen = Atomics.load(this.#words, this.#count);
    Atomics.store(this.#words, this.#sleeping, 1);
    if (!hasWork()) Atomics.wait(this.#words, this.#count, seen, timeoutMs);
    Atomics.store(this.#words, this.#sleeping, 0);
  }

  /**
   * Lets the owner's event loop run on and calls `woken` when rung or at the timeout.
   * @returns false when there is work already (then `woken` is not called)
   */
  sleepAsync(timeoutMs: number, hasWork: () => boolean, woken: () => void): boolean {
    const seen = Atomics.load(this.#words, this.#count);
    Atomics.store(this.#words, this.#sleeping, 1);
    if (hasWork()) {
      Atomics.store(this.#words, this.#sleeping, 0);
      return false;
    }
    const wait = Atomics.waitAsync(this.#words, this.#count, seen, timeoutMs);
    if (!wait.async) {
      Atomics.store(this.#words, this.#sleeping, 0);
      return false;
    }
    void wait.value.then(woken);
    return true;
  }

  /** The owner says that it is awake, after `woken`. */
  awake(): void {
    Atomics.store(this.#words, this.#sleeping, 0);
  }
}
