// What a worker is made of: by whoever starts its thread, and what it needs for its stores.

import type { CommandRegistry, EffectLog, KeyChanges, ThreadStats } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { HotTable, NamespaceMap } from '@forgekv/keyspace';
import type {
  ChannelTable,
  DiagnosticsShare,
  Doorbell,
  ProcessControl,
  ScriptShare,
} from '@forgekv/rings';
import type { FunctionFacts } from '@forgekv/storage';
import type { GuestModules } from './guest-runner.ts';
import type { PeerLink } from './peers.ts';
import type { ScriptUsers } from './script-users.ts';
import type { StoreKeeperModules } from './store-keeper.ts';

export interface ShardModules {
  /** For commands of other workers that are executed here. */
  readonly guests: GuestModules;
  readonly index: number;
  readonly table: HotTable;
  readonly registry: CommandRegistry;
  readonly config: Config;
  readonly log: EffectLog;
  readonly control: ProcessControl;
  readonly stats: ThreadStats;
  /** Keys that change and that some front may track. */
  readonly changes: KeyChanges;
  readonly workerOf: Uint8Array;
  readonly channelTable: ChannelTable;
  /** Index of the thread among those of the table: fronts first. */
  readonly thread: number;
  /** Makes a map of databases to namespaces durable. */
  readonly persistNamespaces: (map: NamespaceMap) => void;
  /** Makes the function libraries durable. */
  readonly persistFunctions: (facts: FunctionFacts) => void;
  /** Who may call what in scripts. */
  readonly users: ScriptUsers;
  /** Scripts, as all threads see them. */
  readonly scripts: ScriptShare;
  /** What took long. */
  readonly diagnostics: DiagnosticsShare;
  /** Writes a line to the server's log. */
  readonly say: (message: string) => void;
  readonly doorbell: Doorbell;
  readonly peers: ReadonlyMap<number, PeerLink>;
  readonly fronts: readonly {
    readonly requests: SharedArrayBuffer;
    readonly replies: SharedArrayBuffer;
    readonly doorbell: Doorbell;
  }[];
}

/** What a worker needs for its stores beside what it has. */
export type StoreModules = Pick<
  StoreKeeperModules,
  'logs' | 'durable' | 'sync' | 'say' | 'evictorTable' | 'keepCold'
>;
