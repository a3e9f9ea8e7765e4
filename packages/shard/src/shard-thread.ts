// Thread entry of a shard worker: puts the parts together and turns the wheel. The logic is in
// shard.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@forgekv/base';
import { createRegistry, ThreadStats } from '@forgekv/commands';
import { Config } from '@forgekv/config';
import { attachArena, HotTable } from '@forgekv/keyspace';
import { Doorbell } from '@forgekv/rings';
import { Shard } from './shard.ts';
import type { FromShard, ShardInit, ToShard } from './shard-messages.ts';

invariant(parentPort !== null, 'a worker runs as a thread');
const port = parentPort;
const init = workerData as ShardInit;
const config = Config.fromTransfer(init.config);

function say(message: FromShard): void {
  port.postMessage(message);
}

const shard = new Shard({
  index: init.index,
  table: new HotTable(attachArena(init.arena), init.threadId),
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

say({ type: 'ready' });
turn();
