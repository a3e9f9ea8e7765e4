// Thread entry of a shard worker: puts the parts together and turns the wheel. The logic is in
// shard.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@forgekv/base';
import { createRegistry, EffectLog, ThreadStats } from '@forgekv/commands';
import { Config } from '@forgekv/config';
import { attachArena, HotTable } from '@forgekv/keyspace';
import { Doorbell } from '@forgekv/rings';
import {
  nodeFileSystem,
  openWalDirectory,
  type WalCut,
  WalDamageError,
  WalReplay,
  writeNamespaces,
} from '@forgekv/storage';
import { ReplayError } from './replay.ts';
import { Shard } from './shard.ts';
import type { FromShard, Recovery, ShardInit, ToShard } from './shard-messages.ts';

const SLICE_EFFECTS = 8192;
const PROGRESS_MS = 200;

invariant(parentPort !== null, 'a worker runs as a thread');
const port = parentPort;
const init = workerData as ShardInit;
const config = Config.fromTransfer(init.config);

function say(message: FromShard): void {
  port.postMessage(message);
}

const table = new HotTable(attachArena(init.arena), init.threadId);
const { wal } = init;
const shard = new Shard({
  index: init.index,
  table,
  log: new EffectLog(table, wal),
  persistNamespaces: (map) => writeNamespaces(nodeFileSystem, init.directory, map),
  registry: createRegistry(),
  config,
  stats: new ThreadStats(init.stats),
  workerOf: init.workerOf,
  doorbell: new Doorbell(init.doorbells, init.doorbell),
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

port.on('message', (message: ToShard) => {
  if (message.type === 'configure') {
    config.adopt(message.config);
    shard.configure();
    say({ type: 'configured', id: message.id });
  } else {
    stopping = true;
  }
});

/** One turn of the wheel per turn of the event loop, so that messages get in between. */
function turn(): void {
  if (stopping) {
    say({ type: 'stopped' });
    port.close();
    return;
  }
  shard.turn();
  setImmediate(turn);
}

/** Applies the logs of earlier runs to this worker's shards, in slices. */
async function recover(): Promise<void> {
  const directory = openWalDirectory(wal.transfer.directory, nodeFileSystem);
  const isOwn = (index: number): boolean => init.workerOf[index] === init.index;
  const replay = shard.replay();
  let bytesDone = 0;
  let bytesTotal = 0;
  const recovery = (): Recovery => ({ ...replay.counts, bytesDone, bytesTotal });
  const logsOfBefore = new WalReplay(directory, {
    shards: isOwn,
    recover: init.recover,
    apply: (effect) => replay.apply(effect),
    progress: (done, total) => {
      bytesDone = done;
      bytesTotal = total;
    },
  });
  try {
    let saidAtMs = Date.now();
    while (!logsOfBefore.step(SLICE_EFFECTS)) {
      if (Date.now() - saidAtMs < PROGRESS_MS) continue;
      saidAtMs = Date.now();
      say({ type: 'recovering', recovery: recovery() });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { cuts, damages, droppedGroups, maxLsn } = logsOfBefore.result;
    for (let index = 0; index < maxLsn.length; index++) {
      if (!isOwn(index)) continue;
      table.locks.lock(index);
      table.setLastLsn(index, maxLsn[index]!);
      table.locks.unlock(index);
    }
    // Every worker reads all logs; one of them is enough to tell what they are like.
    const notes = init.index > 0 ? [] : notesOn(cuts, damages, droppedGroups);
    say({ type: 'ready', recovery: recovery(), notes });
  } finally {
    logsOfBefore.close();
  }
}

function notesOn(
  cuts: readonly WalCut[],
  damages: readonly WalCut[],
  droppedGroups: number,
): string[] {
  const notes = cuts.map(
    ({ file, offset }) => `${file} ends at ${offset}: what follows was not synced`,
  );
  for (const { file, offset } of damages)
    notes.push(`${file} is damaged at ${offset}: passed over`);
  if (droppedGroups > 0) notes.push(`${droppedGroups} atomic groups were not whole: left out`);
  return notes;
}

try {
  await recover();
  shard.serve();
  turn();
} catch (error) {
  if (!(error instanceof WalDamageError || error instanceof ReplayError)) throw error;
  say({ type: 'failed', message: error.message });
}
