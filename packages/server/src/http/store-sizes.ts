// How large the stores are on disk: their files are looked at when somebody asks, and not again for
// a while.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoreLayout, storePath } from '@forgekv/storage';

export interface StoreSize {
  readonly bytes: number;
  readonly files: number;
}

const FRESH_MS = 10_000;
/** More than this are not looked at one by one: a store of 100 GB has some 50,000. */
const MOST_FILES = 4096;

export class StoreSizes {
  readonly #layout: StoreLayout;
  #sizes: Promise<readonly StoreSize[]> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(layout: StoreLayout) {
    this.#layout = layout;
  }

  /** Sizes by number of store, at most ten seconds old. */
  read(): Promise<readonly StoreSize[]> {
    const nowMs = performance.now();
    if (this.#sizes === undefined || nowMs - this.#readAtMs > FRESH_MS) {
      this.#readAtMs = nowMs;
      const stores = Array.from({ length: this.#layout.storeCount }, (_, store) => store);
      this.#sizes = Promise.all(stores.map((store) => sizeOf(storePath(this.#layout, store))));
    }
    return this.#sizes;
  }
}

/** Of a store with very many files the bytes are those of a sample, scaled up. */
async function sizeOf(directory: string): Promise<StoreSize> {
  const names = await readdir(directory).catch(() => []);
  const step = Math.max(1, Math.ceil(names.length / MOST_FILES));
  let bytes = 0;
  for (let i = 0; i < names.length; i += step) {
    // Compaction removes files meanwhile.
    const found = await stat(join(directory, names[i]!)).catch(() => null);
    bytes += (found?.size ?? 0) * step;
  }
  return { bytes, files: names.length };
}
