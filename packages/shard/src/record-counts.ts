// How many records the stores of a worker have, by shard and namespace, how many of them expire,
// and how many bytes their keys and values are. Kept by the flusher, written with every batch that
// changes it, read at a start: so a start knows how many keys there are without looking at them.
//
// The bytes are known behind a pass over a shard only: what is written by a pass that does not end
// says that nobody knows them, and the next start counts the records of that shard.
//
// After a batch that failed nobody knows whether the store has it. The counts are in the batch,
// so they are read again, and are right either way; which of the keys have records is then asked
// of the store, one by one, until a pass over the shard has ended well.

import { SHARD_COUNT } from '@forgekv/base';
import { type NamespaceCount, NOT_COUNTED } from '@forgekv/storage';

interface Counts {
  keys: number;
  expiring: number;
  bytes: number;
}

export class RecordCounts {
  /** Null: to be read again. */
  readonly #shards: (Map<number, Counts> | null)[] = [];
  readonly #doubtful = new Uint8Array(SHARD_COUNT);

  constructor() {
    for (let shard = 0; shard < SHARD_COUNT; shard++) this.#shards.push(new Map());
  }

  /** Takes over what a checkpoint says, or a scan. */
  set(shard: number, counts: readonly NamespaceCount[]): void {
    const map = new Map<number, Counts>();
    for (const { namespace, ...count } of counts) map.set(namespace, count);
    this.#shards[shard] = map;
  }

  /** True when `set` is to be called before anything else. */
  isUnknown(shard: number): boolean {
    return this.#shards[shard] === null;
  }

  /** True while flags do not tell which keys have records. */
  isDoubtful(shard: number): boolean {
    return this.#doubtful[shard] === 1;
  }

  /** Notes that a batch failed. */
  doubt(shard: number): void {
    this.#shards[shard] = null;
    this.#doubtful[shard] = 1;
  }

  /** Notes that a pass over the shard has ended well. */
  trust(shard: number): void {
    this.#doubtful[shard] = 0;
  }

  /** Notes that a record takes the place of one or of none. */
  put(shard: number, namespace: number, had: boolean, expired: boolean, expires: boolean): void {
    const counts = this.#of(shard, namespace);
    if (!had) counts.keys++;
    counts.bytes = NOT_COUNTED;
    counts.expiring += Number(expires) - Number(had && expired);
  }

  /** Notes that a record goes. */
  remove(shard: number, namespace: number, expired: boolean): void {
    const counts = this.#of(shard, namespace);
    counts.keys--;
    counts.bytes = NOT_COUNTED;
    if (expired) counts.expiring--;
  }

  /** @param bytesOf the bytes of a namespace's records, given how many there are */
  setBytes(shard: number, bytesOf: (namespace: number, keys: number) => number): void {
    for (const [namespace, counts] of this.#shards[shard] ?? []) {
      counts.bytes = bytesOf(namespace, counts.keys);
    }
  }

  /** Notes that the store knows that a namespace is dropped. */
  drop(shard: number, namespace: number): void {
    this.#shards[shard]?.delete(namespace);
  }

  /** For a checkpoint. */
  list(shard: number): NamespaceCount[] {
    const map = this.#shards[shard] ?? new Map<number, Counts>();
    const list: NamespaceCount[] = [];
    for (const [namespace, counts] of map) if (counts.keys > 0) list.push({ namespace, ...counts });
    return list;
  }

  #of(shard: number, namespace: number): Counts {
    const map = this.#shards[shard]!;
    let counts = map.get(namespace);
    if (counts === undefined) {
      counts = { keys: 0, expiring: 0, bytes: 0 };
      map.set(namespace, counts);
    }
    return counts;
  }
}
