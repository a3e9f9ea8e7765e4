// Reads the memory that the commands of a batch, or one command with many keys, are about to need,
// so that their cache misses overlap: they are half of what a command on a large table costs.
//
// Two short loops, because a processor looks only some hundred instructions ahead: all buckets
// first, then all entries. Without locks: what is read is trusted by nobody.

import type { HotTable } from './hot-table.ts';

/** One per user; `shards` and `hashes` are those of keys, by an index. */
export class TouchPass {
  readonly #table: HotTable;
  readonly #most: number;
  readonly #heads: Int32Array;
  #touched = 0;

  /** @param most keys of one call; those beyond are left alone */
  constructor(table: HotTable, most: number) {
    this.#table = table;
    this.#most = most;
    this.#heads = new Int32Array(most);
  }

  /** Touches the keys at the first `count` of `indexes`. */
  touch(shards: Uint8Array, hashes: Int32Array, indexes: Int32Array, count: number): void {
    const table = this.#table;
    const heads = this.#heads;
    const keys = Math.min(count, this.#most);
    for (let k = 0; k < keys; k++) {
      const i = indexes[k]!;
      heads[k] = table.touchBucket(shards[i]!, hashes[i]!);
    }
    let touched = 0;
    for (let k = 0; k < keys; k++) touched ^= table.touchEntry(heads[k]!);
    this.#touched = touched;
  }

  /** What was read, mixed: meaningless, but somebody has to be able to see it. */
  get touched(): number {
    return this.#touched;
  }
}
