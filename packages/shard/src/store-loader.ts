// Finds out at start what the stores of this worker have: up to which LSN, and how many keys in
// which namespaces. It reads no keys, except of shards whose bytes nobody knows, since an earlier
// version did not count them or a pass over the shard did not end. Keys come into the hot table
// when somebody asks for them, or by warm-up.ts.

import { SHARD_COUNT } from '@forgekv/base';
import type { CommandContext } from '@forgekv/commands';
import {
  byteCountOf,
  type Checkpoint,
  lsnOfObject,
  type NamespaceCount,
  NOT_COUNTED,
  objectIdOf,
  type Store,
} from '@forgekv/storage';
import type { Flusher } from './flusher.ts';
import type { ShardStores } from './shard-stores.ts';

const PAGE_RECORDS = 4096;

/** What a scan over a shard's records brings. */
interface Census {
  readonly counts: readonly NamespaceCount[];
  readonly lastLsn: number;
}

export class StoreLoader {
  /** Keys that the stores have. */
  readonly counts = { keys: 0 };
  /** Largest LSN the stores have, per shard. */
  readonly lastLsn = new Float64Array(SHARD_COUNT);
  readonly #context: CommandContext;
  readonly #stores: ShardStores;
  readonly #flusher: Flusher;
  readonly #durable: Float64Array;

  constructor(
    context: CommandContext,
    stores: ShardStores,
    flusher: Flusher,
    durable: Float64Array,
  ) {
    this.#context = context;
    this.#stores = stores;
    this.#flusher = flusher;
    this.#durable = durable;
  }

  /**
   * @param progress called after each shard
   * @throws StoreError, CorruptRecordError of a checkpoint
   */
  async load(progress: () => void = () => {}): Promise<void> {
    for (const shard of this.#stores.shards) {
      await this.#shard(shard);
      progress();
    }
  }

  async #shard(shard: number): Promise<void> {
    const store = this.#stores.of(shard);
    const checkpoint = store.readCheckpoint(shard);
    const { databases, table } = this.#context;
    const durableLsn = checkpoint?.durableLsn ?? 0;
    const census = await this.#census(shard, store, checkpoint);
    this.#durable[shard] = durableLsn;
    this.lastLsn[shard] = Math.max(durableLsn, census.lastLsn);
    this.#flusher.adopt(shard, census.counts, this.lastLsn[shard]!);
    table.locks.lock(shard);
    // Not the LSN of the newest record: a checkpoint made while logs are replayed covers what is
    // applied by then, and no more.
    table.setLastLsn(shard, durableLsn);
    for (const { namespace, keys, expiring, bytes } of census.counts) {
      const db = databases.ofNamespace(namespace);
      if (db < 0) continue;
      databases.addAway(db, shard, keys, expiring, bytes);
      this.counts.keys += keys;
    }
    table.locks.unlock(shard);
  }

  async #census(shard: number, store: Store, checkpoint: Checkpoint | null): Promise<Census> {
    const { databases } = this.#context;
    const known = checkpoint?.counts ?? null;
    // Of records that have gone since, too.
    const notedLsn = known === null ? 0 : lsnOfObject(checkpoint!.nextObjectId) - 1;
    const isKnown = known?.every(
      ({ namespace, bytes }) => bytes !== NOT_COUNTED || databases.ofNamespace(namespace) < 0,
    );
    if (known !== null && isKnown) return { counts: known, lastLsn: notedLsn };
    const census = await countRecords(store, shard);
    const { counts } = census;
    const lastLsn = Math.max(census.lastLsn, notedLsn);
    if (counts.length === 0) return { counts, lastLsn };
    // So that the next start need not count again.
    const batch = store.batch();
    const durableLsn = checkpoint?.durableLsn ?? 0;
    const nextObjectId = objectIdOf(lastLsn + 1, 0);
    batch.checkpoint({ shard, durableLsn, nextObjectId, counts });
    await store.commit(batch, { sync: false });
    return { counts, lastLsn };
  }
}

async function countRecords(store: Store, shard: number): Promise<Census> {
  const counts = new Map<
    number,
    { namespace: number; keys: number; expiring: number; bytes: number }
  >();
  let lastLsn = 0;
  let from: Buffer | null = null;
  do {
    const page: Awaited<ReturnType<Store['scanShard']>> = await store.scanShard(
      shard,
      from,
      PAGE_RECORDS,
    );
    for (const { namespace, key, record } of page.records) {
      const count = counts.get(namespace) ?? { namespace, keys: 0, expiring: 0, bytes: 0 };
      counts.set(namespace, count);
      count.keys++;
      count.bytes += key.length;
      if (record === null) continue;
      if (record.expireAtMs > 0) count.expiring++;
      count.bytes += byteCountOf(record);
      lastLsn = Math.max(lastLsn, record.lsn);
    }
    from = page.next;
  } while (from !== null);
  return { counts: [...counts.values()], lastLsn };
}
