// Keys met on a walk, with what is known of each, in memory that is used again and again. For
// what is done to them later, outside of the lock they were met under.

import type { HotTable } from '@forgekv/keyspace';

const FIRST_BYTES = 64 * 1024;

export class KeyList {
  #bytes = Buffer.alloc(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, FIRST_BYTES);
  #used = 0;
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #hashes: number[] = [];
  readonly #namespaces: number[] = [];
  readonly #lsns: number[] = [];

  get length(): number {
    return this.#offsets.length;
  }

  clear(): void {
    this.#used = 0;
    this.#offsets.length = 0;
    this.#lengths.length = 0;
    this.#hashes.length = 0;
    this.#namespaces.length = 0;
    this.#lsns.length = 0;
  }

  /** Adds an entry's key, with its LSN as it is now. */
  add(table: HotTable, entry: number): void {
    const length = table.keyLength(entry);
    this.#makeRoom(length);
    const at = table.keyWord(entry) * 4;
    table.bytes.copy(this.#bytes, this.#used, at, at + length);
    this.#offsets.push(this.#used);
    this.#lengths.push(length);
    this.#hashes.push(table.hashOf(entry));
    this.#namespaces.push(table.namespaceOf(entry));
    this.#lsns.push(table.lsnOf(entry));
    this.#used += length;
  }

  /** Four bytes more than needed: keys are read by words. */
  #makeRoom(length: number): void {
    if (this.#used + length + 4 <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#used + length + 4));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }

  key(i: number): Buffer {
    return this.#bytes.subarray(this.#offsets[i]!, this.#offsets[i]! + this.#lengths[i]!);
  }

  hash(i: number): number {
    return this.#hashes[i]!;
  }

  namespace(i: number): number {
    return this.#namespaces[i]!;
  }

  lsn(i: number): number {
    return this.#lsns[i]!;
  }

  /** Takes another LSN for a key. */
  renew(i: number, lsn: number): void {
    this.#lsns[i] = lsn;
  }

  /** Selects a key in a database and returns its entry, or 0; the shard's lock is held. */
  find(table: HotTable, i: number, shard: number, db: number): number {
    table.selectHashed(
      this.#bytes,
      this.#view,
      this.#offsets[i]!,
      this.#lengths[i]!,
      db,
      shard,
      this.#hashes[i]!,
    );
    return table.find();
  }
}
