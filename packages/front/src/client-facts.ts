// What CLIENT LIST says of a connection, and which connections a filter means.

import type { ClientFacts, ClientFilter } from '@forgekv/commands';
import { CHANNEL, PATTERN, SHARD_CHANNEL } from '@forgekv/rings';
import type { Connection } from './connection.ts';

/** Returns the facts; `names` are the command names by id. */
export function factsOf(
  connection: Connection,
  names: readonly string[],
  nowMs: number,
): ClientFacts {
  const { listening } = connection;
  return {
    id: connection.id,
    address: connection.address,
    localAddress: connection.localAddress,
    fileDescriptor: connection.fileDescriptor,
    name: connection.name,
    ageSeconds: Math.floor((nowMs - connection.createdAtMs) / 1000),
    idleSeconds: Math.floor((nowMs - connection.lastActiveMs) / 1000),
    flags: flagsOf(connection),
    db: connection.db,
    channels: listening?.count(CHANNEL) ?? 0,
    patterns: listening?.count(PATTERN) ?? 0,
    shardChannels: listening?.count(SHARD_CHANNEL) ?? 0,
    inputBytes: connection.pending.length,
    outputBytes: connection.socket.writableLength,
    queued: connection.queue?.count ?? -1,
    lastCommand: names[connection.lastCommand] ?? 'NULL',
    user: connection.user,
    libName: connection.libName,
    libVersion: connection.libVersion,
    redirect: connection.tracking?.isOn === true ? connection.tracking.redirect : -1,
    resp: connection.resp,
    totalInputBytes: connection.inputBytes,
    totalOutputBytes: connection.outputBytes,
  };
}

function flagsOf(connection: Connection): string {
  let flags = connection.isMonitor ? 'O' : '';
  if (connection.isListening) flags += 'P';
  if (connection.queue !== null) flags += 'x';
  if (connection.tracking?.isOn === true) flags += 't';
  if (connection.tracking?.isBroken === true) flags += 'R';
  if (connection.tracking?.isBroadcast === true) flags += 'B';
  if (connection.waiting !== null) flags += 'b';
  if (connection.noEvict) flags += 'e';
  if (connection.noTouch) flags += 'T';
  if (connection.closeAfterReply) flags += 'c';
  if (!connection.localAddress.includes(':') || connection.localAddress.endsWith(':0')) {
    flags += 'U';
  }
  return flags === '' ? 'N' : flags;
}

/** True when every condition of the filter holds. */
export function matches(connection: Connection, filter: ClientFilter, nowMs: number): boolean {
  if (filter.exceptId === connection.id) return false;
  if (filter.ids !== undefined && !filter.ids.includes(connection.id)) return false;
  if (filter.address !== undefined && filter.address !== connection.address) return false;
  if (filter.localAddress !== undefined && filter.localAddress !== connection.localAddress) {
    return false;
  }
  if (filter.user !== undefined && filter.user !== connection.user) return false;
  // There are no replicas and masters yet.
  const type = connection.isListening ? 'pubsub' : 'normal';
  if (filter.type !== undefined && filter.type !== type) return false;
  if (filter.maxAgeSeconds !== undefined) {
    if ((nowMs - connection.createdAtMs) / 1000 < filter.maxAgeSeconds) return false;
  }
  return true;
}
