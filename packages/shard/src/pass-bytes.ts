// How many bytes the records of a shard's store are behind a flush pass. Nobody notes how long the
// record was that another replaces, so this is not counted along: it follows from the bytes of the
// dataset, less what came to keys that the pass had been at (shard-state.ts in the keyspace). Large
// values are written at the end of a pass, as they are by then, strings that change all the time as
// they were a moment before: what such a record has more than when the pass met it is put back.

import type { Databases, HotTable } from '@forgekv/keyspace';
import { TYPE_TOMBSTONE } from '@forgekv/keyspace';
import { NOT_COUNTED } from '@forgekv/storage';
import type { RecordCounts } from './record-counts.ts';

export class PassBytes {
  readonly #table: HotTable;
  readonly #databases: Databases;
  readonly #records: RecordCounts;
  /** What large values counted when the pass met them, in its order, and their namespaces. */
  readonly #lengths: number[] = [];
  readonly #namespaces: number[] = [];
  /** By namespace, what more was written of them than that. */
  readonly #grown = new Map<number, number>();

  constructor(table: HotTable, databases: Databases, records: RecordCounts) {
    this.#table = table;
    this.#databases = databases;
    this.#records = records;
  }

  /** A pass over a shard begins; its lock is held, here and below. */
  begin(shard: number): void {
    this.#lengths.length = 0;
    this.#namespaces.length = 0;
    this.#grown.clear();
    this.#table.beginPass(shard);
  }

  /** An entry that the pass is at is written later. */
  putOff(entry: number): void {
    this.#lengths.push(this.#table.datasetBytes(entry));
    this.#namespaces.push(this.#table.namespaceOf(entry));
  }

  /**
   * The i-th of these is what the store has of a key behind this pass.
   * @param entry as it is now, of whatever type; 0: there is none any more
   * @param length of the value in the record, in bytes, if it is not that of the entry
   */
  written(i: number, entry: number, length?: number): void {
    const table = this.#table;
    let bytes = 0;
    if (entry !== 0 && table.typeOf(entry) !== TYPE_TOMBSTONE) {
      const now = table.lengthOf(entry);
      bytes = table.datasetBytes(entry) - now + (length ?? now);
    }
    const grown = bytes - this.#lengths[i]!;
    const namespace = this.#namespaces[i]!;
    this.#grown.set(namespace, (this.#grown.get(namespace) ?? 0) + grown);
  }

  /** The last batch of a pass is complete: counts what the store has with it. Takes the lock. */
  end(shard: number): void {
    const { locks } = this.#table;
    locks.lock(shard);
    const isKnown = !this.#table.isMiscounted(shard);
    this.#records.setBytes(shard, (namespace, keys) => {
      const db = this.#databases.ofNamespace(namespace);
      if (!isKnown || db < 0) return NOT_COUNTED;
      return this.#databases.passedBytes(db, shard, keys) + (this.#grown.get(namespace) ?? 0);
    });
    this.#table.setPassed(shard, 0);
    locks.unlock(shard);
  }
}
