// What the HTTP port sees of the server: counters in shared memory, which cost nobody anything, and
// questions to the fronts, which are asked only while somebody looks.

import type {
  ClientFacts,
  DurabilityFigures,
  InfoLine,
  ServerFacts,
  StatsReader,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { Databases, HotTable } from '@forgekv/keyspace';
import type { DiagnosticsShare } from '@forgekv/rings';
import type { StoreLayout } from '@forgekv/storage';

export interface ServerView {
  readonly facts: ServerFacts;
  readonly config: Config;
  /** Counters of all threads, fronts first, then workers. */
  readonly stats: StatsReader;
  readonly blocks: readonly SharedArrayBuffer[];
  readonly table: HotTable;
  readonly databases: Databases;
  readonly diagnostics: DiagnosticsShare;
  /** Per shard the LSN up to which everything is in synced store batches. */
  readonly durable: Float64Array;
  /** Worker of each shard. */
  readonly workerOf: Uint8Array;
  readonly stores: StoreLayout;
  /** Open connections. */
  readonly connections: number;
  /** Names of threads that do not turn. */
  stuckThreads(): readonly string[];
  /** Why no traffic should come, '' = it may. */
  whyNotReady(): string;
  durability(): DurabilityFigures;
  /** Every line of INFO; null: no front answers within a second or two. */
  info(): Promise<readonly InfoLine[] | null>;
  /** At most `most` clients of all fronts; those with most unread replies, then most traffic. */
  topClients(most: number): Promise<readonly ClientFacts[]>;
}

/** Names of all threads by the index of their counters. */
export function threadNames({ fronts, workers }: ServerFacts): string[] {
  return [
    ...Array.from({ length: fronts }, (_, i) => `front-${i}`),
    ...Array.from({ length: workers }, (_, i) => `shard-${i}`),
  ];
}

/** Changes that are in the log and not yet in the stores. */
export function dirtyEffects({ table, durable }: ServerView): number {
  let sum = 0;
  for (let shard = 0; shard < durable.length; shard++) {
    // Without the shard's lock: one aligned word, which is as old as any answer.
    sum += Math.max(0, table.lastLsn(shard) - durable[shard]!);
  }
  return sum;
}
