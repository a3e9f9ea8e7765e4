// Large values of one worker: those of its own shards, and, while it runs a transaction, those of
// gated shards of other workers, borrowed. A large string is a Buffer over its own
// SharedArrayBuffer, so lending it costs a message and no copy. A collection is lent as a copy,
// and goes back as one if it was changed.
//
// What is own is counted in bytes, and of a collection it is remembered which elements changed
// since a store had them: as long as it is kept here, no longer.

import { invariant } from '@forgekv/base';
import {
  allocateLarge,
  type LargeCollection,
  type LargeValue,
  type LargeValues,
} from '@forgekv/commands';
import type { LargeValueOptions } from '@forgekv/datatypes';
import { packCollection, unpackCollection } from './collection-transfer.ts';
import { elementsOf } from './element-forms.ts';
import type { CollectionElements } from './element-records.ts';
import { GrowingStrings } from './growing-strings.ts';
import { HeldValues } from './held-values.ts';

/** A large value on its way between workers. */
export interface LentValue {
  /** Of its entry when it is a collection, 0: it is a string. */
  readonly type: number;
  readonly pieces: readonly SharedArrayBuffer[];
}

/** A change to a large value of another worker, told to it before the gates open. */
export interface ForeignChange {
  readonly worker: number;
  readonly id: number;
  /** The new value, or null: forget it. */
  readonly value: LargeValue | null;
}

/** A collection of this worker, and what its store has of it. */
export interface OwnCollection {
  readonly elements: CollectionElements;
  /** The object in the store that has all elements but those that changed since; 0: none. */
  objectId: number;
  /** An object that was begun, and may or may not be the one in the store; 0: none. */
  doubtfulId: number;
}

interface Own {
  value: LargeValue;
  bytes: number;
  readonly collection: OwnCollection | null;
}

/** How long a value stays that somebody had read for him. */
const PIN_MS = 2000;
const NONE: ReadonlySet<number> = new Set();
const UNCHANGED: ForeignChange[] = [];

export class LargeStore implements LargeValues {
  readonly #own = new Map<number, Own>();
  readonly #borrowed = new Map<number, LargeValue>();
  readonly #workerOf: Uint8Array;
  readonly #worker: number;
  readonly #options: LargeValueOptions;
  /** Values that may not be evicted, each until a time. */
  readonly #pinned = new Map<number, number>();
  #gated: ReadonlySet<number> = NONE;
  /** What became of others' values, by id; null: gone. */
  readonly #changes = new Map<number, ForeignChange>();
  /** Values that commands read in slices. */
  readonly held: HeldValues = new HeldValues();
  readonly growing: GrowingStrings = new GrowingStrings(this.held, (id, old, fresh) => {
    const own = this.#own.get(id);
    if (own?.value !== old) return;
    own.value = fresh;
    this.#weigh(own);
  });
  /** Bytes held by own values. */
  bytes = 0;
  /**
   * Nothing can be waited for, in the middle of a script or a transaction: what is only in a store
   * is read at once, and what others read in slices is copied for who changes it.
   */
  isUrgent = false;

  /** @param options for collections that come from elsewhere */
  constructor(worker: number, workerOf: Uint8Array, options: LargeValueOptions) {
    this.#worker = worker;
    this.#workerOf = workerOf;
    this.#options = options;
  }

  owns(shard: number): boolean {
    return this.#workerOf[shard] === this.#worker;
  }

  reaches(shard: number): boolean {
    return this.#workerOf[shard] === this.#worker || this.#gated.has(shard);
  }

  has(id: number): boolean {
    return this.#own.has(id) || this.#borrowed.has(id);
  }

  get(id: number): LargeValue {
    const own = this.#own.get(id);
    if (this.isUrgent && own !== undefined && this.held.has(own.value)) this.#detach(id, own);
    const value = this.#own.get(id)?.value ?? this.#borrowed.get(id);
    invariant(value !== undefined, 'a large entry has no value');
    return value;
  }

  /** Gives a key a copy of a value that is read in slices, which the readers keep. */
  #detach(id: number, { value }: Own): void {
    if (!Buffer.isBuffer(value)) {
      const packed = packCollection(elementsOf(value, this.#options));
      if (packed !== null) this.keep(id, unpackCollection(packed, this.#options));
      return;
    }
    const copy = allocateLarge(value.length);
    if (copy === null) return;
    copy.set(value);
    this.keep(id, copy);
  }

  put(shard: number, id: number, value: LargeValue): void {
    if (this.owns(shard)) {
      this.keep(id, value);
    } else {
      this.#borrowed.set(id, value);
      this.#changes.set(id, { worker: this.#workerOf[shard]!, id, value });
    }
  }

  touch(shard: number, id: number): void {
    if (this.owns(shard)) {
      const own = this.#own.get(id);
      if (own !== undefined) this.#weigh(own);
    } else {
      this.#changes.set(id, { worker: this.#workerOf[shard]!, id, value: this.get(id) });
    }
  }

  drop(shard: number, id: number): void {
    if (this.owns(shard)) {
      this.forget(id);
    } else {
      this.#borrowed.delete(id);
      this.#changes.set(id, { worker: this.#workerOf[shard]!, id, value: null });
    }
  }

  awaitRelease(value: LargeValue): boolean {
    return this.held.awaitRelease(value);
  }

  queueFor(value: LargeValue): boolean {
    return this.held.queueFor(value);
  }

  grow(id: number, value: Buffer, neededBytes: number, spareBytes: number): boolean {
    return !this.isUrgent && this.growing.begin(id, value, neededBytes, spareBytes);
  }

  isHeld(value: LargeValue): boolean {
    return this.held.has(value);
  }

  /** Keeps an own value that no store has. */
  keep(id: number, value: LargeValue): void {
    this.#keep(id, value, 0)?.elements.markAll();
  }

  /** Keeps an own collection whose elements are all in its store. */
  keepStored(id: number, value: LargeCollection, objectId: number): void {
    this.#keep(id, value, objectId);
  }

  #keep(id: number, value: LargeValue, objectId: number): OwnCollection | null {
    this.forget(id);
    let collection: OwnCollection | null = null;
    if (!Buffer.isBuffer(value)) {
      collection = { elements: elementsOf(value, this.#options), objectId, doubtfulId: 0 };
      collection.elements.track();
    }
    const own: Own = { value, bytes: 0, collection };
    this.#own.set(id, own);
    this.#weigh(own);
    return collection;
  }

  #weigh(own: Own): void {
    const bytes = bytesOf(own.value);
    this.bytes += bytes - own.bytes;
    own.bytes = bytes;
  }

  /** Forgets an own value. What its store has of it is for the flusher to drop. */
  forget(id: number): void {
    const own = this.#own.get(id);
    if (own === undefined) return;
    this.bytes -= own.bytes;
    // A moved collection has another id, and another listener, already.
    own.collection?.elements.untrack();
    this.#own.delete(id);
    this.#pinned.delete(id);
  }

  /** Returns an own collection, null when it has gone or is a string. */
  ownCollection(id: number): OwnCollection | null {
    return this.#own.get(id)?.collection ?? null;
  }

  /** Lets a value stay for a while that was read for somebody. */
  pin(id: number, nowMs: number): void {
    if (this.#own.has(id)) this.#pinned.set(id, nowMs + PIN_MS);
  }

  isPinned(id: number): boolean {
    const own = this.held.size > 0 ? this.#own.get(id) : undefined;
    if (own !== undefined && this.held.has(own.value)) return true;
    const untilMs = this.#pinned.get(id);
    if (untilMs === undefined) return false;
    if (Date.now() < untilMs) return true;
    this.#pinned.delete(id);
    return false;
  }

  /** Returns an own value for another worker; null: it has gone; '': there is no memory for it. */
  lend(id: number): LentValue | null | '' {
    const own = this.#own.get(id);
    if (own === undefined) return null;
    return this.#pack(own.value) ?? '';
  }

  /** Keeps a value that another worker has changed. */
  takeBack(id: number, lent: LentValue): void {
    this.keep(id, unpack(lent, this.#options));
  }

  /** From now on the gated shards' large values are within reach. */
  enter(gated: ReadonlySet<number>): void {
    this.#gated = gated;
  }

  /** The shards of a transaction. */
  get gated(): ReadonlySet<number> {
    return this.#gated;
  }

  /** Adds a value lent by its owner. */
  borrow(id: number, lent: LentValue): void {
    this.#borrowed.set(id, unpack(lent, this.#options));
  }

  get borrowedCount(): number {
    return this.#borrowed.size;
  }

  isBorrowed(id: number): boolean {
    return this.#borrowed.has(id);
  }

  /** Ends the transaction's reach; returns what its owners must be told first. */
  leave(): ForeignChange[] {
    this.#gated = NONE;
    if (this.#borrowed.size > 0) this.#borrowed.clear();
    if (this.#changes.size === 0) return UNCHANGED;
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    return changes;
  }

  /** A changed value for its owner. It is logged: without memory for it nobody goes on. */
  packChange(value: LargeValue): LentValue {
    const lent = this.#pack(value);
    if (lent === null) throw new Error('no memory to hand a large value back');
    return lent;
  }

  #pack(value: LargeValue): LentValue | null {
    if (!Buffer.isBuffer(value)) return packCollection(elementsOf(value, this.#options));
    let lent: Buffer | null = value;
    if (this.held.has(value)) {
      // Nobody there knows that it is held here.
      lent = allocateLarge(value.length);
      lent?.set(value);
    }
    return lent && { type: 0, pieces: [lent.buffer as unknown as SharedArrayBuffer] };
  }
}

function unpack(lent: LentValue, options: LargeValueOptions): LargeValue {
  return lent.type === 0 ? Buffer.from(lent.pieces[0]!) : unpackCollection(lent, options);
}

function bytesOf(value: LargeValue): number {
  return Buffer.isBuffer(value) ? value.length : value.memoryBytes;
}
