// Makes the memory that threads share and says which thread gets which part.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { SHARD_COUNT } from '@forgekv/base';
import {
  createEffectMemory,
  createRegistry,
  type ServerFacts,
  statsBytes,
  type UserChange,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { FrontInit } from '@forgekv/front';
import { createArena } from '@forgekv/keyspace';
import {
  createChannelMemory,
  createControlMemory,
  createDiagnosticsMemory,
  createDoorbellMemory,
  createRingMemory,
  createScriptMemory,
  createTrackingMemory,
  type DiagnosticsMemory,
  type ScriptMemory,
} from '@forgekv/rings';
import { assignShards, type ShardInit } from '@forgekv/shard';
import type { StoreLayout, WalTransfer } from '@forgekv/storage';
import type { ThreadPlan } from './thread-plan.ts';

/** Bytes of one ring; there are two per front and worker, and untouched pages cost nothing. */
const RING_BYTES = 256 * 1024;
/** Of one ring for messages; there is one for every two fronts and direction. */
const MESSAGE_RING_BYTES = 128 * 1024;
const BYTES_PER_MB = 1024 * 1024;

/** What the data directory has for the threads. */
export interface StorageParts {
  readonly transfer: WalTransfer;
  readonly directory: string;
  readonly stores: StoreLayout;
}

export interface Wiring {
  readonly control: SharedArrayBuffer;
  readonly doorbells: SharedArrayBuffer;
  /** Doorbells: fronts first, then workers. */
  readonly workerDoorbell: (worker: number) => number;
  /** Counter blocks: fronts first, then workers. */
  readonly stats: readonly SharedArrayBuffer[];
  /** From createEffectMemory; a log per front, then one per worker. */
  readonly effects: SharedArrayBuffer;
  /** Per shard the LSN up to which everything is in synced store batches. */
  readonly durable: SharedArrayBuffer;
  readonly scripts: ScriptMemory;
  readonly diagnostics: DiagnosticsMemory;
  readonly fronts: readonly FrontInit[];
  readonly workers: readonly { init: ShardInit; transfer: readonly MessagePort[] }[];
}

/**
 * Makes the arena, rings, doorbells and counters for a plan.
 * @throws ArenaSizeError when the hot table does not fit
 */
export function wire(
  plan: ThreadPlan,
  config: Config,
  hashSecret: readonly [number, number],
  facts: ServerFacts,
  wal: StorageParts,
  users: UserChange,
): Wiring {
  const arena = createArena({
    poolBytes: config.integer('memtable-size-mb') * BYTES_PER_MB,
    databases: config.integer('databases'),
    hashSecret,
  }).transfer;
  const transfer = config.toTransfer();
  const control = createControlMemory();
  const doorbells = createDoorbellMemory(plan.fronts + plan.workers);
  const workerDoorbell = (worker: number): number => plan.fronts + worker;
  const bytes = statsBytes(createRegistry().table.size);
  const stats = range(plan.fronts + plan.workers).map(() => new SharedArrayBuffer(bytes));
  const workerOf = assignShards(wal.stores, plan.workers);
  const rings = range(plan.fronts).map(() =>
    range(plan.workers).map(() => ({
      requests: createRingMemory(RING_BYTES),
      replies: createRingMemory(RING_BYTES),
    })),
  );
  // From the first to the second.
  const messageRings = range(plan.fronts).map((from) =>
    range(plan.fronts).map((to) => (from === to ? null : createRingMemory(MESSAGE_RING_BYTES))),
  );
  const channelShape = { threads: plan.fronts + plan.workers, fronts: plan.fronts };
  const channels = createChannelMemory(channelShape);
  const tracking = createTrackingMemory();
  const scripts = createScriptMemory(plan.workers);
  const diagnostics = createDiagnosticsMemory(plan.fronts);
  const ports = connectPeers(plan.workers);
  const effects = createEffectMemory(wal.transfer.logs);
  const durable = new SharedArrayBuffer(SHARD_COUNT * 8);
  const shareOf = (log: number) => ({ transfer: wal.transfer, effects, log });

  const fronts = range(plan.fronts).map(
    (index): FrontInit => ({
      index,
      threadId: 1 + index,
      arena,
      config: transfer,
      control,
      doorbells,
      doorbell: index,
      links: rings[index]!.map((ring, worker) => ({ ...ring, doorbell: workerDoorbell(worker) })),
      frontLinks: range(plan.fronts)
        .filter((front) => front !== index)
        .map((front) => ({
          front,
          outgoing: messageRings[index]![front]!,
          incoming: messageRings[front]![index]!,
        })),
      channels,
      channelShape,
      tracking,
      scripts,
      diagnostics,
      workerOf,
      stats,
      statsIndex: index,
      facts,
      wal: shareOf(index),
      users,
    }),
  );
  const workers = range(plan.workers).map((index) => {
    const peers = ports[index]!.map(({ worker, port }) => ({
      worker,
      port,
      doorbell: workerDoorbell(worker),
    }));
    const init: ShardInit = {
      index,
      threadId: 1 + plan.fronts + index,
      arena,
      config: transfer,
      control,
      doorbells,
      doorbell: workerDoorbell(index),
      fronts: rings.map((row, front) => ({ ...row[index]!, doorbell: front })),
      peers,
      workerOf,
      channels,
      channelShape,
      tracking,
      scripts,
      diagnostics,
      stats: stats[plan.fronts + index]!,
      wal: shareOf(plan.fronts + index),
      users,
      recover: config.boolean('recover'),
      directory: wal.directory,
      stores: wal.stores,
      durable,
    };
    return { init, transfer: peers.map(({ port }) => port) };
  });
  const shared = { control, doorbells, stats, effects, durable, scripts, diagnostics };
  return { ...shared, workerDoorbell, fronts, workers };
}

/** Returns, for each worker, its port to each other worker. */
function connectPeers(workers: number): { worker: number; port: MessagePort }[][] {
  const ports: { worker: number; port: MessagePort }[][] = range(workers).map(() => []);
  for (let a = 0; a < workers; a++) {
    for (let b = a + 1; b < workers; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a]!.push({ worker: b, port: port1 });
      ports[b]!.push({ worker: a, port: port2 });
    }
  }
  return ports;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
