// A storage engine in memory, for tests: the contract of store-engine.ts with a sorted array, and
// faults on demand. After a failed write and a reopening, everything unsynced is gone, which is
// the worst an engine may do. Not for data.

import { invariant } from '@forgekv/base';
import {
  type EnginePage,
  type EngineStats,
  type FileCheck,
  keyAfter,
  type StoreEngine,
  type StoreWrite,
  type WriteOptions,
} from './store-engine.ts';
import { StoreError, type StoreErrorCode } from './store-errors.ts';

interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Asked before every operation; a code makes it fail. */
export type FaultPlan = (operation: 'open' | 'read' | 'write' | 'scan') => StoreErrorCode | null;

export class MemoryEngine implements StoreEngine {
  readonly #plan: FaultPlan;
  #entries: Entry[] = [];
  #synced: Entry[] = [];
  #isOpen = false;
  #isBroken = false;
  /** What `hasRoom` and `levelZeroFiles` answer. */
  room = true;
  levelZero = 0;
  /** Writes asked of a handle after one had failed: the contract forbids them. */
  writesAfterFailure = 0;

  constructor(plan: FaultPlan = () => null) {
    this.#plan = plan;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async open(): Promise<void> {
    invariant(!this.#isOpen, 'the engine is open already');
    this.#fail('open');
    if (this.#isBroken) this.#entries = this.#synced.slice();
    this.#isBroken = false;
    this.#isOpen = true;
  }

  getSync(key: Uint8Array): Buffer | undefined {
    this.#assertOpen();
    this.#fail('read');
    const entry = this.#entries[this.#lowerBound(key)];
    return entry?.key.equals(key) ? Buffer.from(entry.value) : undefined;
  }

  listKeysSync(from: Uint8Array, before: Uint8Array): Buffer[] {
    this.#assertOpen();
    this.#fail('scan');
    const found = this.#entries.slice(this.#lowerBound(from), this.#lowerBound(before));
    return found.map(({ key }) => Buffer.from(key));
  }

  async writeBatch(batch: readonly StoreWrite[], { sync }: WriteOptions): Promise<void> {
    this.#assertOpen();
    if (this.#isBroken) this.writesAfterFailure++;
    const copies = batch.map(({ key, value }) => ({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    }));
    await Promise.resolve();
    try {
      this.#fail('write');
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
    for (const write of copies) this.#apply(write.key, write.value);
    if (sync && !this.#isBroken) this.#synced = this.#entries.slice();
  }

  #apply(key: Buffer, value: Buffer | null): void {
    const at = this.#lowerBound(key);
    const isThere = this.#entries[at]?.key.equals(key) === true;
    if (value !== null) this.#entries.splice(at, isThere ? 1 : 0, { key, value });
    else if (isThere) this.#entries.splice(at, 1);
  }

  async scanPage(
    from: Uint8Array,
    before: Uint8Array,
    maxEntries: number,
    maxBytes: number,
  ): Promise<EnginePage> {
    this.#assertOpen();
    await Promise.resolve();
    this.#fail('scan');
    const keys: Buffer[] = [];
    const values: Buffer[] = [];
    let bytes = 0;
    const end = this.#lowerBound(before);
    for (let at = this.#lowerBound(from); at < end; at++) {
      const { key, value } = this.#entries[at]!;
      keys.push(Buffer.from(key));
      values.push(Buffer.from(value));
      bytes += key.length + value.length;
      if (keys.length === maxEntries || bytes > maxBytes) {
        return { keys, values, next: keyAfter(key) };
      }
    }
    return { keys, values, next: null };
  }

  async deleteRange(
    from: Uint8Array,
    before: Uint8Array,
    maxEntries: number,
  ): Promise<Buffer | null> {
    const { keys, next } = await this.scanPage(from, before, maxEntries, 2 ** 30);
    await this.writeBatch(
      keys.map((key) => ({ key, value: null })),
      { sync: false },
    );
    return next;
  }

  levelZeroFiles(): number {
    this.#assertOpen();
    return this.levelZero;
  }

  stats(): EngineStats {
    this.#assertOpen();
    const bytes = this.#entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    return { filesPerLevel: [this.levelZero], approximateBytes: bytes, compaction: '' };
  }

  async verifyFile(): Promise<FileCheck | null> {
    return null;
  }

  async flush(): Promise<void> {
    await this.writeBatch([], { sync: true });
  }

  /** There is nothing to copy from: an error, as of a disk. */
  async copyTo(_directory: string): Promise<void> {
    throw new StoreError('IO', 'a store in memory has no files');
  }

  async hasRoom(): Promise<boolean> {
    return this.room;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** Loses what a power loss loses. Call while closed. */
  losePower(): void {
    this.#entries = this.#synced.slice();
  }

  /** Flips one bit of the value of the `n`-th entry (modulo their number), as a bad disk would. */
  flipBit(n: number, bit: number): Buffer {
    const { key, value } = this.#entries[n % this.#entries.length]!;
    const damaged = Buffer.from(value);
    damaged[(bit >>> 3) % damaged.length]! ^= 1 << (bit & 7);
    this.#apply(key, damaged);
    return key;
  }

  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.key.compare(key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new StoreError('CLOSED', 'the engine is not open');
  }

  #fail(operation: 'open' | 'read' | 'write' | 'scan'): void {
    const code = this.#plan(operation);
    if (code !== null) throw new StoreError(code, `planned failure of ${operation}`);
  }
}
