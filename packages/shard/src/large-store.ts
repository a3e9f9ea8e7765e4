// Large values of one worker: those of its own shards, and, while it runs a transaction, those
// of gated shards of other workers, borrowed by reference. A large string is a Buffer over its
// own SharedArrayBuffer, so lending it costs a message and no copy.

import { invariant } from '@forgekv/base';
import type { LargeValue, LargeValues } from '@forgekv/commands';

/** A change to a large value of another worker, told to it before the gates open. */
export interface ForeignChange {
  readonly worker: number;
  readonly id: number;
  /** The new value, or null: forget it. */
  readonly value: LargeValue | null;
}

export class LargeStore implements LargeValues {
  readonly #own = new Map<number, LargeValue>();
  readonly #borrowed = new Map<number, LargeValue>();
  readonly #workerOf: Uint8Array;
  readonly #worker: number;
  #gated: ReadonlySet<number> = new Set();
  #changes: ForeignChange[] = [];
  /** Bytes held by own values. */
  bytes = 0;

  constructor(worker: number, workerOf: Uint8Array) {
    this.#worker = worker;
    this.#workerOf = workerOf;
  }

  owns(shard: number): boolean {
    return this.#workerOf[shard] === this.#worker;
  }

  reaches(shard: number): boolean {
    return this.#workerOf[shard] === this.#worker || this.#gated.has(shard);
  }

  get(id: number): LargeValue {
    const value = this.#own.get(id) ?? this.#borrowed.get(id);
    invariant(value !== undefined, 'a large entry has no value');
    return value;
  }

  put(shard: number, id: number, value: LargeValue): void {
    if (this.owns(shard)) {
      this.keep(id, value);
    } else {
      this.#borrowed.set(id, value);
      this.#changes.push({ worker: this.#workerOf[shard]!, id, value });
    }
  }

  touch(shard: number, id: number): void {
    if (this.owns(shard)) return;
    this.#changes.push({ worker: this.#workerOf[shard]!, id, value: this.get(id) });
  }

  drop(shard: number, id: number): void {
    if (this.owns(shard)) {
      this.forget(id);
    } else {
      this.#borrowed.delete(id);
      this.#changes.push({ worker: this.#workerOf[shard]!, id, value: null });
    }
  }

  /** Keeps an own value. */
  keep(id: number, value: LargeValue): void {
    this.forget(id);
    this.#own.set(id, value);
    this.bytes += bytesOf(value);
  }

  /** Forgets an own value. */
  forget(id: number): void {
    const value = this.#own.get(id);
    if (value === undefined) return;
    this.bytes -= bytesOf(value);
    this.#own.delete(id);
  }

  /** Returns an own value for another worker. */
  lend(id: number): Buffer | null {
    const value = this.#own.get(id) ?? null;
    invariant(value === null || Buffer.isBuffer(value), 'collections are not lent yet');
    return value;
  }

  /** From now on the gated shards' large values are within reach. */
  enter(gated: ReadonlySet<number>): void {
    this.#gated = gated;
  }

  /** Adds a value lent by its owner. */
  borrow(id: number, value: Buffer): void {
    this.#borrowed.set(id, value);
  }

  /** Ends the transaction's reach; returns what its owners must be told first. */
  leave(): ForeignChange[] {
    const changes = this.#changes;
    this.#changes = [];
    this.#gated = new Set();
    this.#borrowed.clear();
    return changes;
  }
}

function bytesOf(value: LargeValue): number {
  return Buffer.isBuffer(value) ? value.length : value.memoryBytes;
}
