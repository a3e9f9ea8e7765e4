// The stores of one worker: opened by it and nobody else, one per store number it owns.

import { SHARD_COUNT } from '@forgekv/base';
import {
  ClassicLevelEngine,
  Store,
  type StoreLayout,
  storeOfShard,
  storePath,
} from '@forgekv/storage';

export class ShardStores {
  /** By number; undefined: another worker's. */
  readonly #stores: readonly (Store | undefined)[];
  readonly #layout: StoreLayout;
  /** Shards of this worker, ascending. */
  readonly shards: readonly number[];

  private constructor(
    layout: StoreLayout,
    stores: readonly (Store | undefined)[],
    shards: readonly number[],
  ) {
    this.#layout = layout;
    this.#stores = stores;
    this.shards = shards;
  }

  /**
   * Opens the stores of the shards that `owns` names: all shards of a store have one owner.
   * @param make makes the store of a directory, not open yet
   * @throws StoreError
   */
  static async open(
    layout: StoreLayout,
    owns: (shard: number) => boolean,
    make: (path: string) => Store = (path) => new Store(new ClassicLevelEngine(path)),
  ): Promise<ShardStores> {
    const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard).filter(owns);
    const stores: (Store | undefined)[] = Array.from({ length: layout.storeCount });
    const numbers = [...new Set(shards.map((shard) => storeOfShard(layout, shard)))];
    // At once: most of it is waiting for small reads of many files.
    await Promise.all(
      numbers.map(async (number) => {
        const store = make(storePath(layout, number));
        await store.open();
        stores[number] = store;
      }),
    );
    return new ShardStores(layout, stores, shards);
  }

  /** The store of a shard of this worker. */
  of(shard: number): Store {
    return this.#stores[storeOfShard(this.#layout, shard)]!;
  }

  get all(): readonly Store[] {
    return this.#stores.filter((store) => store !== undefined);
  }

  /**
   * Copies every store into a directory of the same layout; see Store.copyTo.
   * @throws StoreError
   */
  async copyTo(directory: string): Promise<void> {
    const layout = { ...this.#layout, directory };
    for (const [number, store] of this.#stores.entries()) {
      await store?.copyTo(storePath(layout, number));
    }
  }

  async close(): Promise<void> {
    for (const store of this.all) await store.close();
  }
}
