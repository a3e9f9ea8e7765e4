// Walks a whole store over and over, a little at a time: checks every file's checksums, which
// alone show damage that makes a key look absent, then every record. Repairs one thing: a main
// record's missing expiry record. Everything else the log or a backup heals.
//
// Files first, and no records in a pass that found a damaged file: reading every record would lead
// the engine into the damaged block, where it may fail an assertion that ends the process.

import type { DamageList } from './damage-list.ts';
import { FlushBatch } from './flush-batch.ts';
import { END_OF_KEYS, expiryKey, keyOfMain, kindOfKey, RecordView } from './record.ts';
import { skipPage } from './record-pages.ts';
import type { EngineReader } from './store-engine.ts';
import { printable, StoreError } from './store-errors.ts';

const PAGE_BYTES = 1 << 20;
const START = Buffer.alloc(0);

/** For INFO and metrics. */
export interface ScrubCounters {
  /** Records looked at since the start, and whole passes. */
  records: number;
  files: number;
  passes: number;
  /** Expiry records that were missing and are there again. */
  repaired: number;
}

export class Scrubber {
  readonly #engine: EngineReader;
  readonly #damage: DamageList;
  readonly #commit: (build: () => FlushBatch) => Promise<void>;
  readonly #view = new RecordView();
  /** Null while files are looked at. */
  #cursor: Buffer | null = null;
  #isFileDamaged = false;
  #file = '';
  /** Pages in a row that could not be read. */
  #failures = 0;
  readonly counters: ScrubCounters = { records: 0, files: 0, passes: 0, repaired: 0 };

  constructor(
    engine: EngineReader,
    damage: DamageList,
    commit: (build: () => FlushBatch) => Promise<void>,
  ) {
    this.#engine = engine;
    this.#damage = damage;
    this.#commit = commit;
  }

  /**
   * Looks at up to `budget` records, or at one file; goes on where the last step stopped, and
   * begins again after the last record.
   * @returns true when a pass ended with this step
   */
  async step(budget: number): Promise<boolean> {
    if (this.#cursor !== null) {
      this.#cursor = await this.#records(this.#cursor, budget);
      return this.#cursor === null && this.#endPass();
    }
    const check = await this.#engine.verifyFile(this.#file);
    if (check === null) {
      if (this.#isFileDamaged) return this.#endPass();
      this.#cursor = START;
      return false;
    }
    this.#file = check.name;
    this.counters.files++;
    if (check.damage !== null) {
      this.#isFileDamaged = true;
      this.#damage.note({ kind: 'file', name: check.name, what: check.damage });
    }
    return false;
  }

  #endPass(): true {
    this.#file = '';
    this.#isFileDamaged = false;
    this.counters.passes++;
    return true;
  }

  async #records(from: Buffer, budget: number): Promise<Buffer | null> {
    let page: Awaited<ReturnType<EngineReader['scanPage']>>;
    try {
      page = await this.#engine.scanPage(from, END_OF_KEYS, budget, PAGE_BYTES);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'CORRUPT') throw error;
      this.#damage.note({ kind: 'page', name: printable(from), what: error.message });
      const next = skipPage(from, this.#failures++);
      return next.compare(END_OF_KEYS) < 0 ? next : null;
    }
    this.#failures = 0;
    const unindexed: Buffer[] = [];
    for (const [i, key] of page.keys.entries()) {
      this.counters.records++;
      const what = this.#check(key, page.values[i]!);
      if (what !== null) this.#note(key, what);
      else if (this.#lacksExpiry(key)) unindexed.push(key);
    }
    if (unindexed.length > 0) await this.#repair(unindexed);
    return page.next;
  }

  #check(key: Buffer, value: Buffer): string | null {
    return kindOfKey(key) === 'unknown' ? 'unknown key' : this.#view.decode(key, value);
  }

  #note(key: Buffer, what: string): void {
    const name = kindOfKey(key) === 'main' ? keyOfMain(key) : key;
    this.#damage.note({ kind: 'record', name: printable(name), what });
  }

  /** For the record in the view. */
  #lacksExpiry(key: Buffer): boolean {
    const { expireAtMs } = this.#view;
    if (expireAtMs <= 0 || kindOfKey(key) !== 'main') return false;
    return this.#engine.getSync(expiryKey(key, expireAtMs)) === undefined;
  }

  /** Reads the records once more when its turn has come: they may have changed. */
  async #repair(keys: readonly Buffer[]): Promise<void> {
    await this.#commit(() => {
      const batch = new FlushBatch();
      for (const key of keys) {
        const value = this.#engine.getSync(key);
        if (value === undefined || this.#view.decode(key, value) !== null) continue;
        if (this.#lacksExpiry(key)) batch.putExpiry(key, this.#view.expireAtMs);
      }
      this.counters.repaired += batch.count;
      return batch;
    });
  }
}
