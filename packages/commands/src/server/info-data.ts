// The sections of INFO about the data: what happened to it, how safe it is, how much there is.

import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
import type { InfoLine } from './info-section.ts';

const NO_REPLICATION_ID = '0'.repeat(40);

/**
 * # Persistence: nothing is stored on disk yet, so there is nothing to load, to save, or to fail.
 * Changes count from the start, since no snapshot has ever been taken.
 */
export function persistenceLines(_: CommandContext, services: ServerServices): InfoLine[] {
  const { facts } = services;
  return [
    ['loading', 0],
    ['async_loading', 0],
    ['loading_start_time', 0],
    ['loading_total_bytes', 0],
    ['loading_loaded_bytes', 0],
    ['loading_loaded_perc', '0.00'],
    ['loading_eta_seconds', 0],
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', '0.00'],
    ['current_save_keys_processed', 0],
    ['current_save_keys_total', 0],
    ['rdb_changes_since_last_save', changesSinceStart(services)],
    ['rdb_bgsave_in_progress', 0],
    // As in Redis: before the first snapshot, the start of the server.
    ['rdb_last_save_time', Math.floor(facts.startedAtMs / 1000)],
    ['rdb_last_bgsave_status', 'ok'],
    ['rdb_last_bgsave_time_sec', -1],
    ['rdb_current_bgsave_time_sec', -1],
    ['rdb_saves', 0],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', 0],
    ['rdb_last_load_keys_loaded', 0],
    ['aof_enabled', 0],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_rewrites', 0],
    ['aof_rewrites_consecutive_failures', 0],
    ['aof_last_write_status', 'ok'],
    ['aof_last_cow_size', 0],
    ['aof_current_size', 0],
    ['aof_base_size', 0],
    ['aof_pending_rewrite', 0],
    ['aof_buffer_length', 0],
    ['aof_pending_bio_fsync', 0],
    ['aof_delayed_fsync', 0],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
  ];
}

/** Not the counter that CONFIG RESETSTAT sets back: unsaved changes stay unsaved. */
function changesSinceStart({ facts, stats }: ServerServices): number {
  let changes = 0;
  const threads = facts.fronts + facts.workers;
  for (let thread = 0; thread < threads; thread++) changes += stats.ofThread(thread, 'changes');
  return changes;
}

/** # Stats */
export function statLines(_: CommandContext, services: ServerServices): InfoLine[] {
  const { stats } = services;
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
    ...absentStatLines(),
    ['keyspace_hits', stats.get('hits')],
    ['keyspace_misses', stats.get('misses')],
    ['total_error_replies', stats.get('errorReplies')],
    ['eventloop_cycles', stats.get('turns')],
    ['acl_access_denied_auth', wrongPasswords],
  ];
}

/** No replicas, eviction, pub/sub, tracking and rules for users yet; there never is a fork. */
function absentStatLines(): InfoLine[] {
  const names = [
    ...['sync_full', 'sync_partial_ok', 'sync_partial_err', 'evicted_keys', 'evicted_clients'],
    ...['total_eviction_exceeded_time', 'current_eviction_exceeded_time'],
    ...['pubsub_channels', 'pubsub_patterns', 'pubsubshard_channels'],
    ...['latest_fork_usec', 'total_forks', 'migrate_cached_sockets', 'slave_expires_tracked_keys'],
    ...['active_defrag_hits', 'active_defrag_misses'],
    ...['active_defrag_key_hits', 'active_defrag_key_misses'],
    ...['tracking_total_keys', 'tracking_total_items', 'tracking_total_prefixes'],
    ...['unexpected_error_replies', 'dump_payload_sanitizations'],
    ...['acl_access_denied_cmd', 'acl_access_denied_key', 'acl_access_denied_channel'],
  ];
  return names.map((name) => [name, 0]);
}

/** # Replication: there is none yet. The id is that of this run: no history outlives it. */
export function replicationLines({ config }: CommandContext, services: ServerServices): InfoLine[] {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', services.facts.runId],
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
 * # Keyspace: databases with keys. The mean time to live is 0 = not known, as in Redis before
 * its first estimate, and no hash fields expire yet.
 */
export function keyspaceLines({ databases }: CommandContext): InfoLine[] {
  const lines: InfoLine[] = [];
  for (let db = 0; db < databases.count; db++) {
    const keys = databases.keys(db);
    if (keys === 0) continue;
    lines.push([`db${db}`, `keys=${keys},expires=${databases.expires(db)},avg_ttl=0,subexpiry=0`]);
  }
  return lines;
}
