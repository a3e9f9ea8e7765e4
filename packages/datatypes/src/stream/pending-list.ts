// Entries that a group has handed out and nobody has acknowledged yet, in the order of their ids:
// chunks of a sorted array. Knows no streams, and nothing of an entry but its id.

import type { StreamId } from './stream-id.ts';

const CHUNK_ENTRIES = 256;

export class PendingList<E extends StreamId> {
  /** None is empty. */
  readonly #chunks: E[][] = [];
  size = 0;
  // What `#seek` has found: the first entry that is not before the id.
  #chunk = 0;
  #place = 0;

  get first(): E | null {
    return this.#chunks[0]?.[0] ?? null;
  }

  get last(): E | null {
    return this.#chunks.at(-1)?.at(-1) ?? null;
  }

  find(id: StreamId): E | null {
    const found = this.from(id);
    return found !== null && found.compare(id) === 0 ? found : null;
  }

  /** The first one that is not before an id. */
  from(id: StreamId): E | null {
    this.#seek(id);
    return this.#chunks[this.#chunk]?.[this.#place] ?? null;
  }

  /** The one behind what `from` or `next` returned last; nothing was changed since. */
  next(): E | null {
    const chunk = this.#chunks[this.#chunk];
    if (chunk === undefined) return null;
    if (++this.#place >= chunk.length) {
      this.#chunk++;
      this.#place = 0;
    }
    return this.#chunks[this.#chunk]?.[this.#place] ?? null;
  }

  /** Adds one whose id is not there. */
  insert(entry: E): void {
    this.size++;
    const tail = this.#chunks.at(-1);
    if (tail === undefined || (tail.length >= CHUNK_ENTRIES && isBehind(entry, tail))) {
      this.#chunks.push([entry]);
      return;
    }
    if (isBehind(entry, tail)) {
      tail.push(entry);
      return;
    }
    this.#seek(entry);
    const chunk = this.#chunks[this.#chunk]!;
    chunk.splice(this.#place, 0, entry);
    if (chunk.length > CHUNK_ENTRIES) {
      this.#chunks.splice(this.#chunk + 1, 0, chunk.splice(CHUNK_ENTRIES / 2));
    }
  }

  /** Removes the entry of an id; returns it, null when there is none. */
  remove(id: StreamId): E | null {
    const found = this.find(id);
    if (found === null) return null;
    const chunk = this.#chunks[this.#chunk]!;
    if (chunk.length === 1) this.#chunks.splice(this.#chunk, 1);
    else chunk.splice(this.#place, 1);
    this.size--;
    return found;
  }

  #seek(id: StreamId): void {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = chunks[middle]!;
      if (chunk[chunk.length - 1]!.compare(id) < 0) low = middle + 1;
      else high = middle;
    }
    this.#chunk = low;
    this.#place = 0;
    const chunk = chunks[low];
    if (chunk === undefined) return;
    let from = 0;
    let to = chunk.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (chunk[middle]!.compare(id) < 0) from = middle + 1;
      else to = middle;
    }
    this.#place = from;
  }
}

function isBehind(entry: StreamId, chunk: readonly StreamId[]): boolean {
  return entry.compare(chunk[chunk.length - 1]!) > 0;
}
