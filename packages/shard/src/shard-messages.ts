// What workers and the main thread say to each other: start, configuration, stop.

import type { MessagePort } from 'node:worker_threads';
import type { DenialRecord, LogShare, UserChange } from '@forgekv/commands';
import type { ConfigTransfer } from '@forgekv/config';
import type { ArenaTransfer } from '@forgekv/keyspace';
import type { ChannelTableShape, DiagnosticsMemory, ScriptMemory } from '@forgekv/rings';
import type { StoreLayout } from '@forgekv/storage';
import type { ReplayCounts } from './replay.ts';

/** Everything a worker needs to start: its workerData. */
export interface ShardInit {
  readonly index: number;
  /** Id of the thread in shard locks, 1..255. */
  readonly threadId: number;
  readonly arena: ArenaTransfer;
  readonly config: ConfigTransfer;
  /** Of ProcessControl. */
  readonly control: SharedArrayBuffer;
  readonly doorbells: SharedArrayBuffer;
  readonly doorbell: number;
  readonly fronts: readonly {
    readonly requests: SharedArrayBuffer;
    readonly replies: SharedArrayBuffer;
    readonly doorbell: number;
  }[];
  readonly peers: readonly {
    readonly worker: number;
    readonly port: MessagePort;
    readonly doorbell: number;
  }[];
  readonly workerOf: Uint8Array;
  readonly channels: SharedArrayBuffer;
  readonly tracking: SharedArrayBuffer;
  readonly scripts: ScriptMemory;
  readonly diagnostics: DiagnosticsMemory;
  readonly channelShape: ChannelTableShape;
  readonly stats: SharedArrayBuffer;
  readonly wal: LogShare;
  readonly users: UserChange;
  /** Goes on behind damage of the logs with what is intact. */
  readonly recover: boolean;
  /** The data directory. */
  readonly directory: string;
  readonly stores: StoreLayout;
  /** Shared: per shard the LSN up to which everything is in synced store batches. */
  readonly durable: SharedArrayBuffer;
}

/** How far a worker is with its logs. */
export interface Recovery extends ReplayCounts {
  /** Keys that the stores have. */
  readonly keys: number;
  /** Of the logs. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** Main to worker; the sender rings the worker's doorbell. */
export type ToShard =
  | { readonly type: 'configure'; readonly config: ConfigTransfer; readonly id: number }
  /** Answered by 'configured'. */
  | { readonly type: 'users'; readonly change: UserChange; readonly id: number }
  /** What was refused since this was asked last. */
  | { readonly type: 'denials'; readonly id: number }
  /** Answers 'sync'. */
  | { readonly type: 'synced'; readonly id: number; readonly problem: string }
  | { readonly type: 'checkpoint'; readonly id: number }
  /** Answers 'copied' with an empty problem: from now on segments of earlier runs stay. */
  | { readonly type: 'hold'; readonly id: number }
  | { readonly type: 'copy-stores'; readonly directory: string; readonly id: number }
  /** Ends 'hold'. */
  | { readonly type: 'release' }
  /** Every worker has replayed the logs of earlier runs: segments of them may go. */
  | { readonly type: 'recovered' }
  /** With `saves`, after a last checkpoint. */
  | { readonly type: 'stop'; readonly saves: boolean };

/** Worker to main. */
export type FromShard =
  | { readonly type: 'recovering'; readonly recovery: Recovery }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'ready'; readonly recovery: Recovery; readonly notes: readonly string[] }
  | { readonly type: 'configured'; readonly id: number }
  | { readonly type: 'denied'; readonly id: number; readonly records: readonly DenialRecord[] }
  /** Asks for a sync of all logs. */
  | { readonly type: 'sync'; readonly id: number }
  | { readonly type: 'checkpointed'; readonly id: number; readonly problem: string }
  | { readonly type: 'copied'; readonly id: number; readonly problem: string }
  | { readonly type: 'log'; readonly message: string }
  | { readonly type: 'stopped' };
