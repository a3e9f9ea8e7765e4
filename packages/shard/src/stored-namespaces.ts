// The namespaces that a worker's stores may have records of, and may have to drop one day.

import type { Databases } from '@forgekv/keyspace';
import type { RecordCounts } from './record-counts.ts';
import type { ShardStores } from './shard-stores.ts';

export class StoredNamespaces {
  readonly #databases: Databases;
  readonly #stores: ShardStores;
  readonly #records: RecordCounts;
  readonly #namespaces = new Set<number>();

  constructor(databases: Databases, stores: ShardStores, records: RecordCounts) {
    this.#databases = databases;
    this.#stores = stores;
    this.#records = records;
  }

  add(namespace: number): void {
    this.#namespaces.add(namespace);
  }

  /** Lets the stores forget those that no database has any more. @throws StoreError */
  async drop(): Promise<void> {
    for (const namespace of [...this.#namespaces]) {
      if (this.#databases.ofNamespace(namespace) >= 0) continue;
      this.#namespaces.delete(namespace);
      try {
        for (const shard of this.#stores.shards) {
          await this.#stores.of(shard).dropNamespace(shard, namespace);
          this.#records.drop(shard, namespace);
        }
      } catch (error) {
        this.#namespaces.add(namespace);
        throw error;
      }
    }
  }
}
