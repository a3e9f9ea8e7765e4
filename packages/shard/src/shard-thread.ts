// Thread entry of a shard worker: puts the parts together and turns the wheel. The logic is in
// shard.ts.

import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@forgekv/base';
import {
  createRegistry,
  EffectLog,
  KeyChanges,
  LIBRARY_SHARD,
  OwnNames,
  ThreadStats,
} from '@forgekv/commands';
import { Config } from '@forgekv/config';
import { attachArena, HotTable } from '@forgekv/keyspace';
import {
  attachDiagnostics,
  attachScripts,
  ChannelTable,
  Doorbell,
  ProcessControl,
  TrackingFilter,
} from '@forgekv/rings';
import {
  CorruptRecordError,
  EarlierSegments,
  nodeFileSystem,
  openWalDirectory,
  StoreError,
  type WalCut,
  WalDamageError,
  WalLogs,
  WalReplay,
  writeFunctions,
  writeNamespaces,
} from '@forgekv/storage';
import { LibraryCheckpoint } from './library-checkpoint.ts';
import { LibraryReplay } from './library-replay.ts';
import { ReplayError } from './replay.ts';
import { ScriptUsers } from './script-users.ts';
import { Shard } from './shard.ts';
import type { FromShard, Recovery, ShardInit, ToShard } from './shard-messages.ts';
import { ShardStores } from './shard-stores.ts';
import type { StoreKeeper } from './store-keeper.ts';
import type { StoreLoader } from './store-loader.ts';

const SLICE_EFFECTS = 8192;
/** The same while the hot table is nearly full. */
const TIGHT_SLICE_EFFECTS = 64;
const PROGRESS_MS = 200;
/** Attempts to apply an effect that finds no room, and what lies between two. */
const MOST_TIMES_FULL = 200;
const FULL_PAUSE_MS = 20;
const NO_ROOM = 'the data does not fit the hot table: start with a larger memtable-size-mb';

invariant(parentPort !== null, 'a worker runs as a thread');
const port = parentPort;
const init = workerData as ShardInit;
const config = Config.fromTransfer(init.config);

function say(message: FromShard): void {
  port.postMessage(message);
}

const table = new HotTable(attachArena(init.arena), init.threadId);
const guestTable = new HotTable(attachArena(init.arena), init.threadId);
const { wal } = init;
const doorbell = new Doorbell(init.doorbells, init.doorbell);
const { channelShape } = init;
/** Among all threads: fronts first. */
const thread = channelShape.fronts + init.index;
const diagnostics = attachDiagnostics(init.diagnostics);
const registry = createRegistry(config.renamedCommands());
const ownNames = new OwnNames(registry.table);
const stats = new ThreadStats(init.stats);
const scripts = attachScripts(init.scripts);
const users = new ScriptUsers(registry.table, stats, init.users);
const shard = new Shard({
  thread,
  channelTable: new ChannelTable(init.channels, channelShape, thread, table.hasher),
  index: init.index,
  table,
  log: new EffectLog(table, wal, ownNames),
  guests: { table: guestTable, log: new EffectLog(guestTable, wal, ownNames, true) },
  control: new ProcessControl(init.control),
  persistNamespaces: (map) => writeNamespaces(nodeFileSystem, init.directory, map),
  registry,
  users,
  scripts,
  diagnostics,
  say: (message) => say({ type: 'log', message }),
  config,
  stats,
  changes: new KeyChanges(new TrackingFilter(init.tracking)),
  workerOf: init.workerOf,
  doorbell,
  peers: new Map(
    init.peers.map((peer) => [
      peer.worker,
      { port: peer.port, doorbell: new Doorbell(init.doorbells, peer.doorbell) },
    ]),
  ),
  fronts: init.fronts.map((front) => ({
    requests: front.requests,
    replies: front.replies,
    doorbell: new Doorbell(init.doorbells, front.doorbell),
  })),
});

let stopping = false;
/** The stop comes with a last checkpoint. */
let saves = true;

const syncs = new Map<number, (problem: string) => void>();
let lastSync = 0;

/** Makes all logs durable, on threads that may wait for the disk. */
async function sync(): Promise<void> {
  const id = ++lastSync;
  say({ type: 'sync', id });
  const problem = await new Promise<string>((resolve) => syncs.set(id, resolve));
  if (problem !== '') throw new Error(`the logs cannot be synced (${problem})`);
}

port.on('message', (message: ToShard) => {
  switch (message.type) {
    case 'configure':
      config.adopt(message.config);
      shard.configure();
      say({ type: 'configured', id: message.id });
      break;
    case 'users':
      users.adopt(message.change);
      say({ type: 'configured', id: message.id });
      break;
    case 'denials':
      say({ type: 'denied', id: message.id, records: users.book.take() });
      break;
    case 'synced':
      syncs.get(message.id)?.(message.problem);
      syncs.delete(message.id);
      break;
    case 'checkpoint':
      void keeper.checkpoint().then((problem) => {
        say({ type: 'checkpointed', id: message.id, problem });
      });
      break;
    case 'hold':
      keeper.hold(true);
      say({ type: 'copied', id: message.id, problem: '' });
      break;
    case 'release':
      keeper.hold(false);
      break;
    case 'copy-stores':
      void keeper.copyStores(message.directory).then((problem) => {
        say({ type: 'copied', id: message.id, problem });
      });
      break;
    case 'recovered':
      keeper.earlier = earlier;
      break;
    case 'stop':
      stopping = true;
      saves = message.saves;
      break;
  }
});

/** One turn of the wheel per turn of the event loop, so that messages get in between. */
function turn(): void {
  if (stopping) {
    void stop();
    return;
  }
  const sleepMs = shard.turn();
  if (sleepMs > 0) {
    if (!shard.isBusy) {
      doorbell.sleep(sleepMs, shard.hasWork);
    } else if (doorbell.sleepAsync(sleepMs, shard.hasWork, woken)) {
      return;
    }
  }
  setImmediate(turn);
}

function woken(): void {
  doorbell.awake();
  turn();
}

async function stop(): Promise<void> {
  await keeper.stop(saves);
  say({ type: 'stopped' });
  port.close();
}

const durable = new Float64Array(init.durable);
const isOwn = (index: number): boolean => init.workerOf[index] === init.index;

const libraryReplay = new LibraryReplay(scripts.libraries, (message) =>
  say({ type: 'log', message }),
);
const libraries = new LibraryCheckpoint(
  scripts.libraries,
  (facts) => writeFunctions(nodeFileSystem, init.directory, facts),
  init.index + 1,
  libraryReplay,
);

let keeper: StoreKeeper;
let loader: StoreLoader;
/** Of earlier runs; one worker tidies them up, when no worker reads them any more. */
let earlier: EarlierSegments | null = null;

/** Opens the stores of this worker and finds out what they have. */
async function openStores(): Promise<void> {
  const stores = await ShardStores.open(init.stores, isOwn);
  const logs = new WalLogs(wal.transfer, nodeFileSystem);
  keeper = shard.adopt(stores, {
    logs,
    durable,
    libraries,
    keepCold: config.boolean('debug-keep-cold'),
    evictorTable: new HotTable(attachArena(init.arena), init.threadId),
    sync,
    say: (message) => say({ type: 'log', message }),
  });
  keeper.flusher.latency = diagnostics.latency;
  loader = shard.loader(stores, durable);
  await loader.load(() => {
    const { keys } = loader.counts;
    const none = { applied: 0, passed: 0, holes: 0, bytesDone: 0, bytesTotal: 0 };
    say({ type: 'recovering', recovery: { ...none, keys } });
  });
}

/** Applies the logs of earlier runs to this worker's shards, in slices. */
async function recover(): Promise<void> {
  const directory = openWalDirectory(wal.transfer.directory, nodeFileSystem);
  const replay = shard.replay(libraryReplay);
  let bytesDone = 0;
  let bytesTotal = 0;
  const recovery = (): Recovery => ({
    ...replay.counts,
    holes: replay.holes,
    keys: loader.counts.keys,
    bytesDone,
    bytesTotal,
  });
  const logsOfBefore = new WalReplay(directory, {
    shards: isOwn,
    floor: durable,
    recover: init.recover,
    apply: (effect) => replay.apply(effect),
    progress: (done, total) => {
      bytesDone = done;
      bytesTotal = total;
    },
  });
  try {
    let saidAtMs = Date.now();
    let timesFull = 0;
    while (!logsOfBefore.step(keeper.isTight ? TIGHT_SLICE_EFFECTS : SLICE_EFFECTS)) {
      if (replay.isWaiting) {
        // What is read for an effect stays until that was applied.
        await shard.loaded();
        continue;
      }
      if (replay.isFull) {
        // Another worker may have taken what was made here, and makes more of its own soon.
        if (++timesFull > MOST_TIMES_FULL) throw new ReplayError(NO_ROOM);
        await keeper.makeRoomNow();
        await pause(FULL_PAUSE_MS);
        continue;
      }
      timesFull = 0;
      if (keeper.isTight) await keeper.makeRoomNow();
      if (Date.now() - saidAtMs < PROGRESS_MS) continue;
      saidAtMs = Date.now();
      say({ type: 'recovering', recovery: recovery() });
      await new Promise((resolve) => setImmediate(resolve));
    }
    libraries.replayed();
    const { cuts, ends, damages, droppedGroups, maxLsn } = logsOfBefore.result;
    maxLsn[LIBRARY_SHARD] = Math.max(maxLsn[LIBRARY_SHARD]!, scripts.libraries.lsn);
    for (let index = 0; index < maxLsn.length; index++) {
      if (!isOwn(index)) continue;
      table.locks.lock(index);
      table.setLastLsn(index, Math.max(maxLsn[index]!, loader.lastLsn[index]!));
      table.locks.unlock(index);
    }
    keeper.hasReplayed = directory.lives.length > 0;
    if (init.index === 0 && keeper.hasReplayed) {
      earlier = new EarlierSegments(directory, ends);
      if (cuts.some(({ isCausal }) => isCausal)) earlier.decide();
    }
    // Every worker reads all logs; one of them is enough to tell what they are like.
    const notes = init.index > 0 ? [] : notesOn(cuts, damages, droppedGroups);
    say({ type: 'ready', recovery: recovery(), notes });
  } finally {
    logsOfBefore.close();
  }
}

/** Errors that say what is wrong with the data directory; others are bugs. */
function isExpected(error: unknown): error is Error {
  return [WalDamageError, ReplayError, StoreError, CorruptRecordError].some(
    (kind) => error instanceof kind,
  );
}

function notesOn(
  cuts: readonly WalCut[],
  damages: readonly WalCut[],
  droppedGroups: number,
): string[] {
  const notes = cuts.map(({ file, offset, isCausal }) => {
    const why = isCausal ? 'builds on what another log has lost' : 'was not synced';
    return `${file} ends at ${offset}: what follows ${why}`;
  });
  for (const { file, offset } of damages)
    notes.push(`${file} is damaged at ${offset}: passed over`);
  if (droppedGroups > 0) notes.push(`${droppedGroups} atomic groups were not whole: left out`);
  return notes;
}

try {
  await openStores();
  await recover();
  shard.serve();
  turn();
} catch (error) {
  if (!isExpected(error)) throw error;
  say({ type: 'failed', message: error.message });
}
