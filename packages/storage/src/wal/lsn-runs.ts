// A growing list of lsns in ascending order, as runs: a shard that one log writes alone is one
// run, and two logs in turn take two numbers per lsn at worst.

/** First and last lsn of each run, one after the other. */
export class LsnRuns {
  #runs = new Float64Array(8);
  #length = 0;
  /** The lsn the cursor is at, Infinity behind the end. */
  current = Number.POSITIVE_INFINITY;
  #cursor = 0;

  /** The largest lsn so far, 0 when empty. */
  get last(): number {
    return this.#length === 0 ? 0 : this.#runs[this.#length - 1]!;
  }

  /** Adds an lsn that is not below the last one. */
  push(lsn: number): void {
    if (this.#length > 0 && lsn === this.last + 1) {
      this.#runs[this.#length - 1] = lsn;
      return;
    }
    if (this.#length === this.#runs.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#runs);
      this.#runs = grown;
    }
    this.#runs[this.#length++] = lsn;
    this.#runs[this.#length++] = lsn;
    if (this.#length === 2) this.current = lsn;
  }

  /** Moves the cursor to the next lsn. */
  advance(): void {
    if (this.current < this.#runs[this.#cursor + 1]!) {
      this.current++;
      return;
    }
    this.#cursor += 2;
    this.current =
      this.#cursor < this.#length ? this.#runs[this.#cursor]! : Number.POSITIVE_INFINITY;
  }
}
