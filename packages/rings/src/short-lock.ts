// A lock for a few words that all threads share: held for about a microsecond, never across a
// wait, and by one thread at a time that takes no other lock meanwhile.
//
// The word: 0 free, 1 held, 2 held and somebody may sleep on it. Who has slept takes it as 2, since
// it cannot know whether others still do; the release then wakes one more than needed at worst.

/** Tries before a thread sleeps: longer than it is held unless the holder has lost its core. */
const SPINS = 400;
/** A wake-up cannot be lost by the argument above; the timeout bounds it all the same. */
const SLEEP_MS = 20;

export class ShortLock {
  readonly #words: Int32Array;
  readonly #word: number;

  constructor(words: Int32Array, word: number) {
    this.#words = words;
    this.#word = word;
  }

  lock(): void {
    const words = this.#words;
    const word = this.#word;
    for (let spin = 0; spin < SPINS; spin++) {
      if (words[word] === 0 && Atomics.compareExchange(words, word, 0, 1) === 0) return;
    }
    while (Atomics.exchange(words, word, 2) !== 0) Atomics.wait(words, word, 2, SLEEP_MS);
  }

  /** Does something that is short under the lock, and returns what it returns. */
  within<T>(work: () => T): T {
    this.lock();
    try {
      return work();
    } finally {
      this.unlock();
    }
  }

  unlock(): void {
    if (Atomics.exchange(this.#words, this.#word, 0) === 2) {
      Atomics.notify(this.#words, this.#word, 1);
    }
  }
}
