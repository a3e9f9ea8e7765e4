// Who waits for the keys of this worker's shards, key by key, in the order they came; kept by the
// owner of a key, whoever's connection it is. It does not know how anybody is served.

import { runDatabase } from '@forgekv/rings';

/** One that waits for keys: plain data, it goes between workers. */
export interface Waiter {
  /** The worker that began the wait, and ends it in all books. */
  readonly home: number;
  /** Its claim word, and the word's value while it waits; see keyspace/awaited-keys.ts. */
  readonly slot: number;
  readonly ticket: number;
  /** Index of its front. */
  readonly front: number;
  readonly connection: number;
  /** RUN_ flags | database << 8 */
  readonly flags: number;
  /** Its command, and that as RESP. */
  readonly id: number;
  readonly bytes: Uint8Array;
  /** The arguments that are the keys it waits for. */
  readonly first: number;
  readonly last: number;
  /** What a key has to be. */
  readonly type: number;
  /** The argument that is a key it makes when it is served, 0: none; and that key. */
  readonly target: number;
  readonly targetKey: Uint8Array;
}

export function databaseOf({ flags }: Waiter): number {
  return runDatabase(flags);
}

export class WaiterBook {
  /** By key and then slot: a Map keeps their order, and lets go of one in no time. */
  readonly #queues = new Map<string, Map<number, Waiter>>();
  readonly #counted: (by: 1 | -1) => void;

  /** @param counted told when a key of a database is waited for first, and when no longer */
  constructor(counted: (by: 1 | -1) => void = () => {}) {
    this.#counted = counted;
  }

  /** Keys that somebody waits for. */
  get size(): number {
    return this.#queues.size;
  }

  /** @param key as latin-1 text */
  add(key: string, waiter: Waiter): void {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new Map();
      this.#queues.set(key, queue);
    }
    if (!hasDatabase(queue, databaseOf(waiter))) this.#counted(1);
    queue.set(waiter.slot, waiter);
  }

  remove(key: string, slot: number): void {
    const queue = this.#queues.get(key);
    const waiter = queue?.get(slot);
    if (queue === undefined || waiter === undefined) return;
    queue.delete(slot);
    if (!hasDatabase(queue, databaseOf(waiter))) this.#counted(-1);
    if (queue.size === 0) this.#queues.delete(key);
  }

  /** Those that wait for a key in any database, those that came first first; live. */
  of(key: string): Iterable<Waiter> {
    return this.#queues.get(key)?.values() ?? [];
  }

  /** Everybody who waits, with the key. */
  *all(): Generator<readonly [key: string, waiter: Waiter], void> {
    for (const [key, queue] of this.#queues) {
      for (const waiter of queue.values()) yield [key, waiter];
    }
  }

  /** The keys that somebody waits for in a database. */
  keys(db: number): string[] {
    const keys: string[] = [];
    for (const [key, queue] of this.#queues) {
      for (const waiter of queue.values()) {
        if (databaseOf(waiter) !== db) continue;
        keys.push(key);
        break;
      }
    }
    return keys;
  }
}

/** Looks at one, but for a key of which clients of several databases wait. */
function hasDatabase(queue: ReadonlyMap<number, Waiter>, db: number): boolean {
  for (const waiter of queue.values()) if (databaseOf(waiter) === db) return true;
  return false;
}
