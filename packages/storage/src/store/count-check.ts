// Compares the counts of records that checkpoints have with the records there are, while somebody
// goes over all of a store.

import { decodeCheckpoint, type NamespaceCount } from './meta-records.ts';
import {
  isCheckpointKey,
  namespaceOfMain,
  type RecordKind,
  type RecordView,
  shardOfMain,
} from './record.ts';

interface Counts {
  keys: number;
  expiring: number;
}

export class CountCheck {
  readonly #namespaces: ReadonlySet<number>;
  readonly #seen = new Map<string, Counts>();
  readonly #said = new Map<number, readonly NamespaceCount[]>();
  #isWhole = true;
  /** Nobody knows whether a damaged record expires. */
  #knowsExpiry = true;

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
    const counts = this.#seen.get(name) ?? { keys: 0, expiring: 0 };
    this.#seen.set(name, counts);
    counts.keys++;
    if (record === null) this.#knowsExpiry = false;
    else if (record.expireAtMs > 0) counts.expiring++;
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
        const seen = this.#seen.get(name) ?? { keys: 0, expiring: 0 };
        const counted = said.find((count) => count.namespace === namespace);
        const keys = counted?.keys ?? 0;
        const expiring = counted?.expiring ?? 0;
        const agrees = keys === seen.keys && (expiring === seen.expiring || !this.#knowsExpiry);
        if (agrees) continue;
        const there = `${seen.keys} records, ${seen.expiring} of them with an expiry`;
        problems.push({ name, what: `${there}, counted as ${keys} and ${expiring}` });
      }
    }
    return problems;
  }
}

function nameOf(shard: number, namespace: number): string {
  return `shard ${shard}, namespace ${namespace}`;
}
