// Deletes in the background what was dropped in O(1): namespaces, and the elements of objects.
// What is pending is a record of its own, so that a restart goes on where this stopped.

import { FlushBatch } from './flush-batch.ts';
import { decodeLarge } from './large-metadata.ts';
import {
  DROPS_BEFORE,
  DROPS_FROM,
  dropKey,
  elementKey,
  expiryKey,
  mainBound,
  type PendingDrop,
  parseDrop,
  RecordView,
  shardOfMain,
} from './record.ts';
import type { EnginePage, EngineReader } from './store-engine.ts';

const PAGE_BYTES = 1 << 20;
const NO_KEY = new Uint8Array(0);

type Commit = (build: () => FlushBatch) => Promise<void>;

export class Reclaimer {
  readonly #engine: EngineReader;
  readonly #commit: Commit;
  /** By store key, so that one drop is in it once. */
  readonly #pending = new Map<string, PendingDrop>();
  #isStepping = false;
  /** Records deleted since the start. */
  reclaimed = 0;

  constructor(engine: EngineReader, commit: Commit) {
    this.#engine = engine;
    this.#commit = commit;
  }

  /** Namespaces and objects that wait. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** True while something waits to be reclaimed. */
  has(drop: PendingDrop): boolean {
    return this.#pending.has(dropKey(drop).toString('latin1'));
  }

  add(drop: PendingDrop): void {
    this.#pending.set(dropKey(drop).toString('latin1'), drop);
  }

  /** Reads what an earlier run left to do. */
  async load(): Promise<void> {
    let from: Buffer | null = DROPS_FROM;
    while (from !== null) {
      const page: EnginePage = await this.#engine.scanPage(from, DROPS_BEFORE, 1000, PAGE_BYTES);
      for (const key of page.keys) {
        const drop = parseDrop(key);
        if (drop !== null) this.add(drop);
      }
      from = page.next;
    }
  }

  /**
   * Deletes at most about `budget` records (1 or more) of the drop that waits longest.
   * @returns records deleted; 0 when a step is under way or nothing is pending
   */
  async step(budget: number): Promise<number> {
    const [next] = this.#pending;
    if (next === undefined || this.#isStepping) return 0;
    this.#isStepping = true;
    try {
      const [id, drop] = next;
      const [from, before] = boundsOf(drop);
      const page = await this.#engine.scanPage(from, before, budget, PAGE_BYTES);
      const batch = new FlushBatch();
      for (const [i, key] of page.keys.entries()) deleteRecord(batch, drop, key, page.values[i]!);
      // In the same batch as the last deletions: a crash leaves both or neither.
      if (page.next === null) batch.deleteRaw(dropKey(drop));
      await this.#commit(() => batch);
      for (const found of batch.drops) this.add(found);
      if (page.next === null) this.#pending.delete(id);
      this.reclaimed += page.keys.length;
      return page.keys.length;
    } finally {
      this.#isStepping = false;
    }
  }
}

function boundsOf({ kind, shard, number }: PendingDrop): [Buffer, Buffer] {
  if (kind === 'namespace') return [mainBound(shard, number, 0), mainBound(shard, number, 2 ** 32)];
  return [elementKey(shard, number, NO_KEY), elementKey(shard, number + 1, NO_KEY)];
}

/** Of a main record, its expiry record and its elements go with it. */
function deleteRecord(batch: FlushBatch, drop: PendingDrop, key: Buffer, value: Buffer): void {
  batch.deleteRaw(key);
  if (drop.kind === 'object') return;
  const record = new RecordView();
  // A damaged record goes all the same; elements it may have had stay behind, unreachable.
  if (record.decode(key, value) !== null) return;
  if (record.expireAtMs > 0) batch.deleteRaw(expiryKey(key, record.expireAtMs));
  const large = record.isLarge ? decodeLarge(record.payload) : null;
  if (large !== null) batch.dropObject(shardOfMain(key), large.objectId);
}
