// Compares the counts of records that checkpoints have with the records there are, while somebody
// goes over all of a store.

import { byteCountOf } from './large-metadata.ts';
import { decodeCheckpoint, type NamespaceCount, NOT_COUNTED } from './meta-records.ts';
import {
  isCheckpointKey,
  keyOfMain,
  namespaceOfMain,
  type RecordKind,
  type RecordView,
  shardOfMain,
} from './record.ts';

interface Counts {
  keys: number;
  expiring: number;
  bytes: number;
}

export class CountCheck {
  readonly #namespaces: ReadonlySet<number>;
  readonly #seen = new Map<string, Counts>();
  readonly #said = new Map<number, readonly NamespaceCount[]>();
  #isWhole = true;
  /** Nobody knows whether a damaged record expires, or how long its value is. */
  #knowsAll = true;

  /** @param namespaces the live ones: what checkpoints say of others is out of date */
  constructor(namespaces: readonly number[]) {
    this.#namespaces = new Set(namespaces);
  }

  /** Takes a record; null: it is damaged. */
  see(key: Buffer, kind: RecordKind, record: RecordView | null): void {
    if (kind === 'main') this.#seeMain(key, record);
    else if (kind === 'meta' && record !== null && isCheckpointKey(key)) {
      const shard = key[2]!;
      const counts = decodeCheckpoint(shard, record.payload)?.counts;
      if (counts) this.#said.set(shard, counts);
    }
  }

  #seeMain(key: Buffer, record: RecordView | null): void {
    const namespace = namespaceOfMain(key);
    if (!this.#namespaces.has(namespace)) return;
    const name = nameOf(shardOfMain(key), namespace);
    const counts = this.#seen.get(name) ?? { keys: 0, expiring: 0, bytes: 0 };
    this.#seen.set(name, counts);
    counts.keys++;
    if (record === null) {
      this.#knowsAll = false;
      return;
    }
    if (record.expireAtMs > 0) counts.expiring++;
    counts.bytes += keyOfMain(key).length + byteCountOf(record);
  }

  /** Notes that records cannot be read: nothing can be compared. */
  giveUp(): void {
    this.#isWhole = false;
  }

  /** What does not agree; shards whose checkpoints do not count are left out. */
  problems(): { readonly name: string; readonly what: string }[] {
    const problems: { name: string; what: string }[] = [];
    if (!this.#isWhole) return problems;
    for (const [shard, said] of this.#said) {
      for (const namespace of this.#namespaces) {
        const name = nameOf(shard, namespace);
        const seen = this.#seen.get(name) ?? { keys: 0, expiring: 0, bytes: 0 };
        const counted = said.find((count) => count.namespace === namespace);
        const { keys, expiring, bytes } = counted ?? { keys: 0, expiring: 0, bytes: 0 };
        const isRest =
          expiring === seen.expiring && (bytes === seen.bytes || bytes === NOT_COUNTED);
        if (keys === seen.keys && (isRest || !this.#knowsAll)) continue;
        const there = `${seen.keys} records, ${seen.expiring} of them with an expiry`;
        const counts = `counted as ${keys} and ${expiring}`;
        problems.push({ name, what: `${there}, ${seen.bytes} bytes, ${counts}, ${bytes} bytes` });
      }
    }
    return problems;
  }
}

function nameOf(shard: number, namespace: number): string {
  return `shard ${shard}, namespace ${namespace}`;
}
