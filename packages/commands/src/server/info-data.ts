// The sections of INFO about the data: what happened to it, who has copies, how much there is.

import { meanTtls } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
import type { InfoLine } from './info-section.ts';

const NO_REPLICATION_ID = '0'.repeat(40);

/** # Stats */
export function statLines(_: CommandContext, services: ServerServices): InfoLine[] {
  const { stats } = services;
  const { figures } = services.channels;
  const { opsPerSecond, inputKbps, outputKbps } = services.process();
  const wrongPasswords = stats.errors().find(([code]) => code === 'WRONGPASS')?.[1] ?? 0;
  return [
    ['total_connections_received', stats.get('connections')],
    ['total_commands_processed', stats.get('commands')],
    ['instantaneous_ops_per_sec', Math.round(opsPerSecond)],
    ['total_net_input_bytes', stats.get('inputBytes')],
    ['total_net_output_bytes', stats.get('outputBytes')],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', inputKbps.toFixed(2)],
    ['instantaneous_output_kbps', outputKbps.toFixed(2)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', stats.get('rejectedConnections')],
    ['expired_keys', stats.get('expiredKeys')],
    ['expired_subkeys', stats.get('expiredFields')],
    ['evicted_keys', stats.get('evictedKeys')],
    ['evicted_clients', stats.get('evictedClients')],
    ...absentStatLines(),
    ['keyspace_hits', stats.get('hits')],
    ['keyspace_misses', stats.get('misses')],
    ['pubsub_channels', figures.names('channel')],
    ['pubsub_patterns', figures.names('pattern')],
    ['pubsubshard_channels', figures.names('shard-channel')],
    // Each front counts its own.
    ['tracking_total_keys', stats.get('trackedKeys')],
    ['tracking_total_items', stats.get('trackedItems')],
    ['tracking_total_prefixes', stats.get('trackedPrefixes')],
    ['total_error_replies', stats.get('errorReplies')],
    ['eventloop_cycles', stats.get('turns')],
    ['acl_access_denied_auth', wrongPasswords],
    ['acl_access_denied_cmd', stats.get('deniedCommands')],
    ['acl_access_denied_key', stats.get('deniedKeys')],
    ['acl_access_denied_channel', stats.get('deniedChannels')],
  ];
}

/** No replicas yet; there never is a fork. */
function absentStatLines(): InfoLine[] {
  const names = [
    ...['sync_full', 'sync_partial_ok', 'sync_partial_err'],
    ...['total_eviction_exceeded_time', 'current_eviction_exceeded_time'],
    ...['latest_fork_usec', 'total_forks', 'migrate_cached_sockets', 'slave_expires_tracked_keys'],
    ...['active_defrag_hits', 'active_defrag_misses'],
    ...['active_defrag_key_hits', 'active_defrag_key_misses'],
    ...['unexpected_error_replies', 'dump_payload_sanitizations'],
  ];
  return names.map((name) => [name, 0]);
}

/** # Replication: there is none yet. No history outlives a run. */
export function replicationLines({ config }: CommandContext, services: ServerServices): InfoLine[] {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', services.replicationId()],
    ['master_replid2', NO_REPLICATION_ID],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', config.bytes('repl-backlog-size')],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}

/**
 * # Keyspace: databases with keys. The mean time to live is an estimate in milliseconds, 0 when no
 * key expires. Redis: from 7.4 on hashes with fields that expire are counted here, as `subexpiry`.
 */
export function keyspaceLines({ databases, table, nowMs }: CommandContext): InfoLine[] {
  const ttls = meanTtls(table, databases, nowMs);
  const lines: InfoLine[] = [];
  for (let db = 0; db < databases.count; db++) {
    const keys = databases.keys(db);
    if (keys === 0) continue;
    const expires = databases.expires(db);
    lines.push([`db${db}`, `keys=${keys},expires=${expires},avg_ttl=${ttls[db]}`]);
  }
  return lines;
}
