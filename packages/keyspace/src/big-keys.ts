// The biggest keys of each shard, kept as they are written, so that nobody has to look for them:
// a short list of the hashes of those whose values were longest when they were stored or grew. All
// of it is touched with the shard's lock held.
//
//   words    the generation of flushes that was seen | how many there are
//   keys     bytes of the value | hash | namespace, in no order
//
// What is in the list is as it is now. A key that has left it, because others were bigger, comes
// back when it is written again, not when those go.

import type { Arena } from './arena.ts';
import { BIG_KEYS, BIG_WORDS, FLUSH_GENERATION } from './layout.ts';

/** Shorter values are never noted. */
export const BIG_BYTES = 1024;

const GENERATION = 0;
const COUNT = 1;
const KEYS = 2;
const KEY_WORDS = 3;
const BYTES = 0;
const HASH = 1;
const NAMESPACE = 2;

/** A key without its name. */
export interface BigKey {
  readonly bytes: number;
  readonly hash: number;
  readonly namespace: number;
}

export class BigKeys {
  readonly #words: Int32Array;
  readonly #namespaces: number;
  readonly #databases: number;
  readonly #lists: number;

  constructor(arena: Arena) {
    this.#words = arena.words;
    this.#namespaces = arena.namespaces;
    this.#databases = arena.databases;
    this.#lists = arena.bigKeys;
  }

  /** The value of a key has so many bytes now, of a database by its number. */
  noteIn(shard: number, db: number, hash: number, bytes: number): void {
    this.note(shard, this.#words[this.#namespaces + db]!, hash, bytes);
  }

  /** The same by namespace. Below BIG_BYTES the key is forgotten. */
  note(shard: number, namespace: number, hash: number, bytes: number): void {
    const words = this.#words;
    const list = this.#lists + shard * BIG_WORDS;
    let smallest = -1;
    let least = 2 ** 32;
    const count = words[list + COUNT]!;
    for (let i = 0; i < count; i++) {
      const at = list + KEYS + i * KEY_WORDS;
      if (words[at + HASH] === hash && words[at + NAMESPACE] === namespace) {
        if (bytes >= BIG_BYTES) words[at + BYTES] = bytes;
        else this.#drop(list, i);
        return;
      }
      const size = words[at + BYTES]! >>> 0;
      if (size >= least) continue;
      least = size;
      smallest = i;
    }
    if (bytes < BIG_BYTES) return;
    let place = count;
    if (count === BIG_KEYS) {
      if (this.#forgetFlushed(list)) {
        this.note(shard, namespace, hash, bytes);
        return;
      }
      if (least >= bytes) return;
      place = smallest;
    } else {
      words[list + COUNT] = count + 1;
    }
    const at = list + KEYS + place * KEY_WORDS;
    words[at + BYTES] = bytes;
    words[at + HASH] = hash;
    words[at + NAMESPACE] = namespace;
  }

  /** Those of a shard, in no order. */
  ofShard(shard: number): BigKey[] {
    const words = this.#words;
    const list = this.#lists + shard * BIG_WORDS;
    this.#forgetFlushed(list);
    return Array.from({ length: words[list + COUNT]! }, (_, i) => {
      const at = list + KEYS + i * KEY_WORDS;
      const bytes = words[at + BYTES]! >>> 0;
      return { bytes, hash: words[at + HASH]!, namespace: words[at + NAMESPACE]! };
    });
  }

  /** Forgets keys of databases that were flushed since; true: there were any. */
  #forgetFlushed(list: number): boolean {
    const words = this.#words;
    const generation = words[FLUSH_GENERATION]!;
    if (words[list + GENERATION] === generation) return false;
    words[list + GENERATION] = generation;
    const before = words[list + COUNT]!;
    for (let i = before - 1; i >= 0; i--) {
      const namespace = words[list + KEYS + i * KEY_WORDS + NAMESPACE]!;
      if (!this.#isLive(namespace)) this.#drop(list, i);
    }
    return words[list + COUNT] !== before;
  }

  #isLive(namespace: number): boolean {
    const first = this.#namespaces;
    return this.#words.subarray(first, first + this.#databases).includes(namespace);
  }

  /** The last one takes its place. */
  #drop(list: number, i: number): void {
    const words = this.#words;
    const last = words[list + COUNT]! - 1;
    words[list + COUNT] = last;
    if (i === last) return;
    const from = list + KEYS + last * KEY_WORDS;
    words.copyWithin(list + KEYS + i * KEY_WORDS, from, from + KEY_WORDS);
  }
}
