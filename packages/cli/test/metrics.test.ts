// /metrics as Prometheus reads it: it parses, and what is counted moves when something happens.

import { freePort } from '@forgekv/testkit';
import parse from 'parse-prometheus-text-format';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

type Families = Map<string, parse.ParsedFamily>;

async function scrape(port: number): Promise<Families> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (response.headers.get('content-type') !== 'text/plain; version=0.0.4') throw new Error('type');
  return new Map(parse(await response.text()).map((family) => [family.name, family]));
}

/** The figure of a metric with these labels; NaN: there is none. */
function figure(families: Families, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels);
  const found = families
    .get(name)
    ?.metrics.find((metric) => wanted.every(([key, value]) => metric.labels?.[key] === value));
  return found === undefined ? Number.NaN : Number(found.value);
}

/** What the dashboards and alerts for redis_exporter read of a single Redis 7. */
const EXPECTED = [
  ...['redis_up', 'redis_instance_info', 'redis_start_time_seconds', 'redis_uptime_in_seconds'],
  ...['redis_connected_clients', 'redis_blocked_clients', 'redis_config_maxclients'],
  ...['redis_memory_used_bytes', 'redis_memory_max_bytes', 'redis_memory_used_rss_bytes'],
  ...['redis_memory_used_peak_bytes', 'redis_mem_fragmentation_ratio', 'redis_config_maxmemory'],
  ...['redis_commands_processed_total', 'redis_commands_total'],
  ...['redis_commands_duration_seconds_total', 'redis_commands_failed_calls_total'],
  ...['redis_keyspace_hits_total', 'redis_keyspace_misses_total', 'redis_db_keys'],
  ...['redis_db_keys_expiring', 'redis_expired_keys_total', 'redis_evicted_keys_total'],
  ...['redis_net_input_bytes_total', 'redis_net_output_bytes_total', 'redis_errors_total'],
  ...['redis_connections_received_total', 'redis_rejected_connections_total'],
  ...['redis_cpu_sys_seconds_total', 'redis_cpu_user_seconds_total', 'redis_connected_slaves'],
  ...['redis_rdb_last_save_timestamp_seconds', 'redis_rdb_changes_since_last_save'],
  ...['redis_rdb_last_bgsave_status', 'redis_aof_last_write_status', 'redis_aof_enabled'],
  ...['redis_pubsub_channels', 'redis_loading_dump_file', 'redis_total_error_replies'],
  ...['forgekv_thread_commands_total', 'forgekv_thread_turns_total', 'forgekv_hops_total'],
  ...['forgekv_lock_misses_total', 'forgekv_ring_full_total', 'forgekv_hot_table_used_bytes'],
  ...['forgekv_hot_table_max_bytes', 'forgekv_unflushed_changes', 'forgekv_wal_bytes_total'],
  ...['forgekv_wal_sync_age_seconds', 'forgekv_wal_unsynced_bytes', 'forgekv_store_bytes'],
  ...['forgekv_front_connections', 'forgekv_ready', 'forgekv_stuck_threads'],
];

test('metrics', async (t) => {
  const httpPort = await freePort();
  const args = ['--http-port', String(httpPort)];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  const client = await connect(t, server);
  await client.pipeline([['SET', 'k', 'v'], ['GET', 'k'], ['GET', 'absent'], ['NOSUCH']]);
  let before: Families = new Map();
  // Threads publish their counts ten times a second.
  const isCounted = async (): Promise<boolean> => {
    before = await scrape(httpPort);
    return figure(before, 'redis_keyspace_misses_total') === 1;
  };
  t.ok(await until(isCounted));
  t.same(
    EXPECTED.filter((name) => !before.has(name)),
    [],
    'nothing is missing',
  );
  for (const { name, help, type, metrics } of before.values()) {
    t.ok(help !== '' && ['GAUGE', 'COUNTER'].includes(type) && metrics.length > 0, name);
    t.ok(
      metrics.every(({ value }) => Number.isFinite(Number(value))),
      `${name} is a number`,
    );
  }
  t.equal(figure(before, 'redis_up'), 1);
  t.equal(figure(before, 'redis_connected_clients'), 1);
  t.equal(figure(before, 'redis_keyspace_hits_total'), 1);
  t.equal(figure(before, 'redis_db_keys', { db: 'db0' }), 1);
  t.equal(figure(before, 'redis_commands_total', { cmd: 'set' }), 1);
  t.ok(figure(before, 'redis_errors_total', { err: 'ERR' }) >= 1);
  t.ok(figure(before, 'forgekv_wal_bytes_total') > 0);

  const commands = Array.from({ length: 500 }, (_, i) => ['SET', `k${i}`, 'v', 'EX', '1000']);
  await client.pipeline(commands);
  await client.command('CONFIG', 'SET', 'notify-keyspace-events', '');
  // A whole database is walked by the workers: a hop.
  await client.pipeline([
    ['KEYS', '*'],
    ['SUBSCRIBE', 'news'],
  ]);
  let after: Families = new Map();
  const hasMoved = async (): Promise<boolean> => {
    after = await scrape(httpPort);
    return figure(after, 'redis_commands_total', { cmd: 'set' }) === 501;
  };
  t.ok(await until(hasMoved));
  t.equal(figure(after, 'redis_db_keys', { db: 'db0' }), 501);
  t.equal(figure(after, 'redis_db_keys_expiring', { db: 'db0' }), 500);
  t.equal(figure(after, 'redis_pubsub_channels'), 1);
  const sum = (families: Families, name: string): number =>
    families.get(name)?.metrics.reduce((all, { value }) => all + Number(value), 0) ?? 0;
  for (const name of [
    ...['redis_commands_processed_total', 'redis_net_input_bytes_total'],
    ...['redis_net_output_bytes_total', 'redis_commands_duration_seconds_total'],
    ...['redis_rdb_changes_since_last_save', 'redis_cpu_user_seconds_total'],
    ...['forgekv_thread_commands_total', 'forgekv_thread_turns_total', 'forgekv_hops_total'],
    ...['forgekv_wal_bytes_total', 'forgekv_wal_writes_total', 'forgekv_front_input_bytes_total'],
    ...['forgekv_thread_command_seconds_total'],
  ]) {
    const [less, more] = [sum(before, name), sum(after, name)];
    t.ok(more > less, `${name} ${less} -> ${more}`);
  }
  // Not of what the log keeps: RESETSTAT is for INFO's counters, as Redis has it.
  const other = await connect(t, server);
  await other.command('CONFIG', 'RESETSTAT');
  const isReset = async (): Promise<boolean> =>
    figure(await scrape(httpPort), 'redis_keyspace_hits_total') === 0;
  t.ok(await until(isReset));
});
