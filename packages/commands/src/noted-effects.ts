// Effects that are noted instead of being logged: a worker that executes a command on behalf of
// another hands them back to it, for the one atomic group in that one's log. Stands where the log's
// writer stands; writes to no log.

import { WalWriter } from '@forgekv/storage';

const NO_KEY = new Uint8Array(0);
const INITIAL_BYTES = 4096;
/** A buffer beyond that is given up when its effects were taken. */
const KEPT_BYTES = 1 << 20;

/** One effect, as it goes to another thread. */
export interface NotedEffect {
  readonly shard: number;
  readonly lsn: number;
  readonly previousLsn: number;
  readonly namespace: number;
  readonly flags: number;
  /** Where its payload is among the bytes of all. */
  readonly at: number;
  length: number;
  /** The key whose entry, or tombstone, names the effect. */
  key: Uint8Array;
  isRemoval: boolean;
}

export interface NotedBatch {
  readonly effects: readonly NotedEffect[];
  readonly bytes: Uint8Array;
}

export class NotedEffects extends WalWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  #effects: NotedEffect[] = [];

  override append(
    shard: number,
    lsn: number,
    previousLsn: number,
    namespace: number,
    flags: number,
    bytes: Uint8Array,
    _view: DataView,
    offset: number,
    length: number,
  ): void {
    this.beginEffect(shard, lsn, previousLsn, namespace, flags);
    this.write(bytes, offset, length);
    this.endEffect();
  }

  override beginEffect(
    shard: number,
    lsn: number,
    previousLsn: number,
    namespace: number,
    flags: number,
  ): void {
    const rest = { at: this.#length, length: 0, key: NO_KEY, isRemoval: false };
    this.#effects.push({ shard, lsn, previousLsn, namespace, flags, ...rest });
  }

  override write(bytes: Uint8Array, offset: number, length: number): void {
    this.#ensure(length);
    this.#bytes.set(bytes.subarray(offset, offset + length), this.#length);
    this.#length += length;
  }

  override writeRange(bytes: Uint8Array, _view: DataView, offset: number, length: number): void {
    this.write(bytes, offset, length);
  }

  override writeByte(byte: number): void {
    this.#ensure(1);
    this.#bytes[this.#length++] = byte;
  }

  override endEffect(): void {
    const last = this.#effects.at(-1)!;
    last.length = this.#length - last.at;
  }

  override endGroup(): void {}

  override get position(): number {
    return 0;
  }

  /** The effect noted last is named by the entry of a key, which it may have removed. */
  about(key: Uint8Array, isRemoval: boolean): void {
    const last = this.#effects.at(-1)!;
    last.key = Uint8Array.from(key);
    if (isRemoval) last.isRemoval = true;
  }

  /** Takes what was noted. */
  take(): NotedBatch {
    const batch = {
      effects: this.#effects,
      bytes: Uint8Array.from(this.#bytes.subarray(0, this.#length)),
    };
    this.#effects = [];
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    return batch;
  }

  #ensure(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
