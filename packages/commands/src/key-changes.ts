// Keys that this thread has changed and that some front may track for its clients, until somebody
// tells those fronts. Whether any does is asked while the lock of the key's shard is held, so no
// read before the change is missed: see ChangeFilter.

import type { HotTable } from '@forgekv/keyspace';

/** More than that waits as one note that all keys may have changed. */
const MOST_BYTES = 1024 * 1024;
/** What a key costs beside its bytes. */
const KEY_OVERHEAD_BYTES = 64;

/** Knows which fronts may track a key: TrackingFilter of the rings. */
export interface ChangeFilter {
  /** False: nobody tracks anything. */
  readonly isOn: boolean;
  /** Finds the fronts that may track a key, by its hash; false: none does. */
  find(hash: number): boolean;
  /** Finds the fronts that track anything; false: none does. */
  findAll(): boolean;
  /** What was found last: fronts, a bit each. */
  readonly low: number;
  readonly high: number;
}

/** For threads and tests without clients that track. */
export const NO_CHANGE_FILTER: ChangeFilter = {
  ...{ isOn: false, low: 0, high: 0 },
  find: () => false,
  findAll: () => false,
};

export interface KeyChange {
  /** Null: all keys may have changed. */
  readonly key: Buffer | null;
  /** The client that changed it, 0: none did. */
  readonly client: number;
  /** Fronts that are to be told, a bit each. */
  low: number;
  high: number;
}

export class KeyChanges {
  readonly #filter: ChangeFilter;
  /** Id of the client whose commands are executed, 0: nobody's. */
  client = 0;
  #changes: KeyChange[] = [];
  /** The changes by client and key, so that nothing is twice. */
  readonly #known = new Map<string, KeyChange>();
  #bytes = 0;

  constructor(filter: ChangeFilter = NO_CHANGE_FILTER) {
    this.#filter = filter;
  }

  /** False when nobody tracks anything. */
  get isOn(): boolean {
    return this.#filter.isOn;
  }

  /** True when there is something to be told. */
  get any(): boolean {
    return this.#changes.length > 0;
  }

  /** The selected key changes: its shard's lock is held. */
  noteSelected({ hash, selectedKey }: HotTable): void {
    if (this.#filter.find(hash)) this.#note(selectedKey, this.client);
  }

  /** The same for an entry that was met on a walk: nobody changes it. */
  noteEntry(table: HotTable, entry: number): void {
    if (!this.#filter.find(table.hashOf(entry))) return;
    const at = table.keyWord(entry) * 4;
    this.#note(table.bytes.subarray(at, at + table.keyLength(entry)), 0);
  }

  /** A whole database changes: all locks are held. */
  noteFlush(): void {
    if (!this.#filter.findAll()) return;
    this.#known.clear();
    const { low, high } = this.#filter;
    // What was noted before is among it, but for who is told only of keys with a prefix.
    this.#changes.push({ key: null, client: this.client, low, high });
  }

  #note(key: Buffer, client: number): void {
    const name = `${client} ${key.toString('latin1')}`;
    const { low, high } = this.#filter;
    const known = this.#known.get(name);
    if (known !== undefined) {
      // Others may have read it since.
      known.low |= low;
      known.high |= high;
      return;
    }
    this.#bytes += key.length + KEY_OVERHEAD_BYTES;
    if (this.#bytes > MOST_BYTES) {
      this.#collapse();
      return;
    }
    const change = { key: Buffer.from(key), client, low, high };
    this.#known.set(name, change);
    this.#changes.push(change);
  }

  /** Too many keys to be told one by one. */
  #collapse(): void {
    this.#clear();
    this.#bytes = MOST_BYTES;
    if (!this.#filter.findAll()) return;
    const { low, high } = this.#filter;
    this.#changes.push({ key: null, client: 0, low, high });
  }

  /** Takes what there is, in the order it happened. */
  take(): KeyChange[] {
    const changes = this.#changes;
    this.#clear();
    return changes;
  }

  #clear(): void {
    this.#changes = [];
    this.#known.clear();
    this.#bytes = 0;
  }
}
