// Which keys were created last in each shard: for who has to know of a key that is missing whether
// it was there in between. A ring of a word per key, made of its hash and database; all of it is
// touched with the shard's lock held.

import type { Arena } from './arena.ts';
import { CREATIONS, SHARD_BLOCK_WORDS, SHARD_CREATED } from './layout.ts';

/** Keeps the keys of several databases apart that have the same name. */
const DB_SPREAD = 0x9e3779b1;

export class Creations {
  readonly #words: Int32Array;
  readonly #shards: number;
  readonly #rings: number;

  constructor(arena: Arena) {
    this.#words = arena.words;
    this.#shards = arena.shards;
    this.#rings = arena.creations;
  }

  note(shard: number, hash: number, db: number): void {
    const words = this.#words;
    const at = this.#countWord(shard);
    const created = words[at]!;
    words[this.#rings + shard * CREATIONS + (created & (CREATIONS - 1))] = mark(hash, db);
    words[at] = created + 1;
  }

  /** Keys created so far, mod 2^32. */
  count(shard: number): number {
    return this.#words[this.#countWord(shard)]!;
  }

  /**
   * True when a key was created since `count` had a value; also when more keys were than are
   * remembered.
   */
  has(shard: number, hash: number, db: number, since: number): boolean {
    const some = (this.count(shard) - since) | 0;
    if (some < 0 || some > CREATIONS) return true;
    const wanted = mark(hash, db);
    const ring = this.#rings + shard * CREATIONS;
    for (let i = 0; i < some; i++) {
      if (this.#words[ring + ((since + i) & (CREATIONS - 1))] === wanted) return true;
    }
    return false;
  }

  #countWord(shard: number): number {
    return this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_CREATED;
  }
}

function mark(hash: number, db: number): number {
  return (hash + Math.imul(db, DB_SPREAD)) | 0;
}
