// Changes that go to a store together or not at all. Encodes records into memory of its own, so
// that the batch can be written again after an error; it decides nothing about when to write.

import { invariant } from '@forgekv/base';
import { type Checkpoint, encodeCheckpoint } from './meta-records.ts';
import {
  checkpointKey,
  dropKey,
  elementKey,
  expiryKey,
  HEAD_BYTES,
  MAIN_PREFIX_BYTES,
  MAX_KEY_BYTES,
  MAX_PAYLOAD_BYTES,
  type PendingDrop,
  plainHead,
  putMainKey,
  type RecordHead,
  sealRecord,
} from './record.ts';
import type { StoreWrite } from './store-engine.ts';

const BLOCK_BYTES = 256 << 10;
const NOTHING = new Uint8Array(0);

/** One batch. Once given to `Store.commit` it belongs to the store. */
export class FlushBatch {
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #bytes = 0;
  #isSealed = false;
  readonly #writes: StoreWrite[] = [];
  readonly #drops: PendingDrop[] = [];

  /** Changes so far. */
  get count(): number {
    return this.#writes.length;
  }
  /** Bytes of keys and values so far. */
  get byteCount(): number {
    return this.#bytes;
  }
  /** Drops begun by this batch. */
  get drops(): readonly PendingDrop[] {
    return this.#drops;
  }

  /**
   * Puts a key's record, and with an expiry its record in the expiry index.
   * @param hash 32 bits, signed or unsigned
   * @param payload packed value, or metadata when FLAG_LARGE is set
   * @param oldExpireAtMs the expiry this key's record in the store has, when known: its index
   *   record goes. Left out, that stays until its time and is then found stale.
   */
  put(
    shard: number,
    namespace: number,
    hash: number,
    key: Uint8Array,
    head: RecordHead,
    payload: Uint8Array,
    oldExpireAtMs = 0,
  ): void {
    const storeKey = this.#mainKey(shard, namespace, hash, key);
    this.#add(storeKey, head, payload);
    const { expireAtMs } = head;
    if (oldExpireAtMs > 0 && oldExpireAtMs !== expireAtMs) {
      this.#remove(expiryKey(storeKey, oldExpireAtMs));
    }
    if (expireAtMs > 0) this.#addPlain(expiryKey(storeKey, expireAtMs), NOTHING);
  }

  /** Deletes a key's record; of a large value `dropObject` does the rest. */
  delete(shard: number, namespace: number, hash: number, key: Uint8Array, oldExpireAtMs = 0): void {
    const storeKey = this.#mainKey(shard, namespace, hash, key);
    this.#remove(storeKey);
    if (oldExpireAtMs > 0) this.#remove(expiryKey(storeKey, oldExpireAtMs));
  }

  /** Puts one element of a large value. */
  putElement(shard: number, objectId: number, key: Uint8Array, payload: Uint8Array): void {
    this.#addPlain(elementKey(shard, objectId, key), payload);
  }

  deleteElement(shard: number, objectId: number, key: Uint8Array): void {
    this.#remove(elementKey(shard, objectId, key));
  }

  /** Notes that all of the shard's writes up to an LSN are in this batch or in earlier ones. */
  checkpoint(checkpoint: Checkpoint): void {
    this.#addPlain(checkpointKey(checkpoint.shard), encodeCheckpoint(checkpoint));
  }

  /** Begins the reclaiming of a namespace, whose number must never be used again. */
  dropNamespace(shard: number, namespace: number): void {
    this.#drop({ kind: 'namespace', shard, number: namespace });
  }

  /** Begins the reclaiming of all elements of an object, whose id must never be used again. */
  dropObject(shard: number, objectId: number): void {
    this.#drop({ kind: 'object', shard, number: objectId });
  }

  /**
   * Notes that an object is being written by several batches. Reclaiming begins only when a store
   * is opened and finds the note: then nobody goes on writing, and nothing refers to the object.
   */
  reserveObject(shard: number, objectId: number): void {
    this.#addPlain(dropKey({ kind: 'object', shard, number: objectId }), NOTHING);
  }

  /** Takes the note back, in the batch whose record refers to the object. */
  completeObject(shard: number, objectId: number): void {
    this.#remove(dropKey({ kind: 'object', shard, number: objectId }));
  }

  /** Deletes by store key; for the store's own background work. */
  deleteRaw(storeKey: Buffer): void {
    this.#remove(storeKey);
  }

  /** Puts the expiry record of a main record; for the store's own background work. */
  putExpiry(mainKey: Uint8Array, expireAtMs: number): void {
    this.#addPlain(expiryKey(mainKey, expireAtMs), NOTHING);
  }

  /** Ends the building and returns the changes. */
  seal(): readonly StoreWrite[] {
    this.#isSealed = true;
    return this.#writes;
  }

  #drop(drop: PendingDrop): void {
    this.#addPlain(dropKey(drop), NOTHING);
    this.#drops.push(drop);
  }

  #mainKey(shard: number, namespace: number, hash: number, key: Uint8Array): Buffer {
    invariant(key.length <= MAX_KEY_BYTES, 'a key is longer than a record takes');
    const storeKey = this.#room(MAIN_PREFIX_BYTES + key.length);
    putMainKey(storeKey, shard, namespace, hash, key);
    return storeKey;
  }

  #addPlain(storeKey: Buffer, payload: Uint8Array): void {
    this.#add(storeKey, plainHead(storeKey), payload);
  }

  #add(storeKey: Buffer, head: RecordHead, payload: Uint8Array): void {
    invariant(!this.#isSealed, 'the batch belongs to the store');
    invariant(payload.length <= MAX_PAYLOAD_BYTES, 'a value is longer than a record takes');
    const value = this.#room(HEAD_BYTES + payload.length);
    value.set(payload, HEAD_BYTES);
    sealRecord(storeKey, value, head);
    this.#writes.push({ key: storeKey, value });
    this.#bytes += storeKey.length + value.length;
  }

  #remove(storeKey: Buffer): void {
    invariant(!this.#isSealed, 'the batch belongs to the store');
    this.#writes.push({ key: storeKey, value: null });
    this.#bytes += storeKey.length;
  }

  /** Memory in blocks: a batch costs few allocations, and none of its bytes ever move. */
  #room(bytes: number): Buffer {
    if (bytes > BLOCK_BYTES / 4) return Buffer.allocUnsafeSlow(bytes);
    if (this.#used + bytes > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#block.subarray(this.#used - bytes, this.#used);
  }
}
