// What the console shows beside its charts, as plain data: threads, shards, databases, clients, the
// log and the stores, what was slow. Made anew when it is asked for.

import { SHARD_COUNT } from '@forgekv/base';
import { type ClientFacts, hotBytesUsed, REDIS_VERSION } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { PAGE_BYTES } from '@forgekv/keyspace';
import { diagnostics } from './diagnostics.ts';
import { type ServerView, threadNames } from './server-view.ts';
import type { StoreSize } from './store-sizes.ts';

/** Clients that are shown; the fronts are not asked for more. */
const MOST_CLIENTS = 25;

/** Shown as CONFIG GET has them. None of them is a secret. */
const SETTINGS = [
  ...['port', 'bind', 'unixsocket', 'dir', 'databases', 'front-threads', 'shard-threads', 'stores'],
  ...['memtable-size-mb', 'large-values-max-bytes', 'hot-value-max-bytes', 'maxmemory'],
  ...['maxmemory-policy', 'wal-sync-mode', 'wal-segment-mb', 'maxclients', 'timeout'],
  ...['protected-mode', 'notify-keyspace-events', 'slowlog-log-slower-than', 'http-port'],
  ...['http-bind', 'http-metrics-open'],
];

export async function overview(view: ServerView, stores: readonly StoreSize[]): Promise<object> {
  const { facts, table } = view;
  const clients = await view.topClients(MOST_CLIENTS);
  return {
    version: facts.version,
    redisVersion: REDIS_VERSION,
    node: process.versions.node,
    pid: facts.pid,
    startedAtMs: facts.startedAtMs,
    nowMs: Date.now(),
    problem: view.whyNotReady(),
    stuck: view.stuckThreads(),
    threads: threads(view),
    shards: shards(view),
    databases: databases(view),
    hot: { usedBytes: hotBytesUsed(table), maxBytes: table.arena.pageCount * PAGE_BYTES },
    dataset: { bytes: table.cap.bytes(), maxBytes: table.cap.limitBytes },
    wal: { ...view.durability(), mode: view.config.word('wal-sync-mode') },
    stores,
    clients: { total: view.connections, shown: clients.map(clientRow) },
    settings: settings(view.config),
    ...diagnostics(view),
  };
}

function threads({ facts, stats }: ServerView): object[] {
  return threadNames(facts).map((name, i) => ({
    name,
    isFront: i < facts.fronts,
    commands: stats.ofThread(i, 'commands'),
    connections: stats.ofThread(i, 'currentConnections'),
    hops: stats.ofThread(i, 'hops'),
    lockMisses: stats.ofThread(i, 'lockMisses'),
    ringFull: stats.ofThread(i, 'ringFull'),
  }));
}

/** Per shard its worker, its keys, those of them that only the store has, and bytes of all. */
function shards({ databases: dbs, workerOf }: ServerView): object[] {
  return Array.from({ length: SHARD_COUNT }, (_, shard) => {
    let bytes = 0;
    for (let db = 0; db < dbs.count; db++) bytes += dbs.bytesOfShard(db, shard);
    const keys = dbs.allKeysOfShard(shard, false);
    return { worker: workerOf[shard], keys, away: dbs.allAwayOfShard(shard), bytes };
  });
}

function databases({ databases: dbs }: ServerView): object[] {
  const all = Array.from({ length: dbs.count }, (_, db) => ({
    db,
    keys: dbs.keys(db),
    expires: dbs.expires(db),
  }));
  return all.filter(({ keys }) => keys > 0);
}

function clientRow(client: ClientFacts): object {
  const { id, address, name, user, db, flags, ageSeconds, idleSeconds, lastCommand } = client;
  return {
    ...{ id, address, name, user, db, flags, ageSeconds, idleSeconds, lastCommand },
    library: [client.libName, client.libVersion].filter((text) => text !== '').join(' '),
    unreadBytes: client.outputBytes,
    inputBytes: client.totalInputBytes,
    outputBytes: client.totalOutputBytes,
  };
}

function settings(config: Config): (readonly [name: string, value: string])[] {
  const secrets = ['requirepass', 'http-password'] as const;
  return [
    ...config.get(SETTINGS),
    ...secrets.map((name) => [name, config.text(name) === '' ? '' : '(set)'] as const),
  ];
}
