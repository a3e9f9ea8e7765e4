// INFO: that the fields tools rely on are there, and that every figure is the one it says.

import { PAGE_BYTES } from '@forgekv/keyspace';
import { test } from 'tap';
import { type DurabilityFigures, NO_DURABILITY_FIGURES } from '../../src/index.ts';
import { FrontHarness } from '../connection/front-harness.ts';

/** What redis_exporter, redis-cli, dashboards and client libraries read, by section. */
const MUST_HAVE: Readonly<Record<string, string>> = {
  Server:
    'redis_version redis_mode process_id tcp_port uptime_in_seconds uptime_in_days run_id os ' +
    'arch_bits hz executable config_file forgekv_version',
  Clients: 'connected_clients blocked_clients maxclients tracking_clients pubsub_clients',
  Memory:
    'used_memory used_memory_human used_memory_rss used_memory_peak used_memory_dataset ' +
    'used_memory_lua maxmemory maxmemory_policy mem_fragmentation_ratio',
  Persistence:
    'loading async_loading loading_start_time loading_total_bytes loading_loaded_bytes ' +
    'loading_loaded_perc loading_eta_seconds rdb_changes_since_last_save rdb_bgsave_in_progress ' +
    'rdb_last_save_time rdb_last_bgsave_status aof_enabled aof_current_size ' +
    'aof_base_size aof_buffer_length aof_pending_bio_fsync aof_delayed_fsync ' +
    'aof_last_write_status',
  Stats:
    'total_connections_received total_commands_processed instantaneous_ops_per_sec ' +
    'total_net_input_bytes total_net_output_bytes rejected_connections expired_keys ' +
    'evicted_keys keyspace_hits keyspace_misses pubsub_channels pubsub_patterns ' +
    'total_error_replies latest_fork_usec',
  Replication: 'role connected_slaves master_repl_offset',
  CPU: 'used_cpu_sys used_cpu_user',
  Modules: '',
  Commandstats: '',
  Errorstats: '',
  Latencystats: '',
  Cluster: 'cluster_enabled',
  Keyspace: '',
  Forgekv:
    'front_threads shard_threads hot_table_used_perc hops lock_misses forgekv_wal_segments ' +
    'forgekv_wal_writes forgekv_wal_syncs forgekv_wal_sync_age_ms',
};

/** Sections by header, in order; throws on a line INFO readers would not understand. */
function parseInfo(reply: string): Map<string, Map<string, string>> {
  const text = reply.slice(reply.indexOf('\r\n') + 2, -2).replace(/^txt:/, '');
  const sections = new Map<string, Map<string, string>>();
  let fields = new Map<string, string>();
  for (const block of text === '' ? [] : text.split('\r\n\r\n')) {
    const [header, ...lines] = block.replace(/\r\n$/, '').split('\r\n');
    const title = /^# (\w+)$/.exec(header ?? '')?.[1];
    if (title === undefined) throw new Error(`not a header: ${header}`);
    fields = new Map();
    for (const line of lines) {
      const [, name, value] = /^([\w|-]+):([^\r\n]*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`not a field: ${line}`);
      if (fields.has(name)) throw new Error(`twice: ${name}`);
      fields.set(name, value);
    }
    sections.set(title, fields);
  }
  return sections;
}

async function infoOf(front: FrontHarness, ...args: string[]) {
  return parseInfo(await front.send('INFO', ...args));
}

test('every field the tools read is there, in its section, in the order of Redis', async (t) => {
  const sections = await infoOf(new FrontHarness(), 'everything');
  t.strictSame([...sections.keys()], Object.keys(MUST_HAVE));
  for (const [title, names] of Object.entries(MUST_HAVE)) {
    for (const name of names.split(' ').filter(Boolean)) {
      t.ok(sections.get(title)?.has(name), `${title}: ${name}`);
      t.not(sections.get(title)?.get(name), 'NaN', name);
    }
  }
});

test('which sections are shown', async (t) => {
  const front = new FrontHarness();
  const byDefault = Object.keys(MUST_HAVE).filter((title) => !/^(Command|Latency)/.test(title));
  const all = Object.keys(MUST_HAVE);
  const rows: [string[], string[]][] = [
    [[], byDefault],
    [['default'], byDefault],
    [['all'], all],
    [['EVERYTHING'], all],
    [['default', 'commandstats'], all.filter((title) => title !== 'Latencystats')],
    [
      ['keyspace', 'Clients', 'clients', 'nope'],
      ['Clients', 'Keyspace'],
    ],
    [['nope'], []],
    [[''], []],
    [['__proto__'], []],
  ];
  for (const [args, titles] of rows) {
    t.strictSame([...(await infoOf(front, ...args)).keys()], titles, args.join(' '));
  }
});

test('exact bytes', async (t) => {
  const front = new FrontHarness();
  t.equal(await front.send('INFO', 'keyspace'), '$12\r\n# Keyspace\r\n\r\n');
  t.equal(await front.send('INFO', 'nope'), '$0\r\n\r\n');
  const two = '# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n';
  t.equal(await front.send('INFO', 'cluster', 'modules'), `$${two.length}\r\n${two}\r\n`);
  await front.send('HELLO', '3');
  t.equal(await front.send('INFO', 'keyspace'), '=16\r\ntxt:# Keyspace\r\n\r\n');
  t.equal(await front.send('INFO', 'nope'), '=4\r\ntxt:\r\n');
});

test('figures of server, clients and CPU', async (t) => {
  const front = new FrontHarness({ conf: 'port 7001\nmaxclients 77\nbind 127.0.0.1 ::1\nhz 20\n' });
  const sections = await infoOf(front);
  t.match(Object.fromEntries(sections.get('Server')!), {
    redis_version: '7.2.4',
    forgekv_version: '0.1.0',
    process_id: '4242',
    tcp_port: '7001',
    uptime_in_seconds: '90061',
    uptime_in_days: '1',
    hz: '20',
    config_file: '/etc/forgekv.conf',
    executable: '/usr/bin/forgekv',
    run_id: 'a1b2c3d4e5'.repeat(4),
    server_time_usec: '1767323045678000',
    listener0: 'name=tcp,bind=127.0.0.1,bind=::1,port=7001',
  });
  t.match(Object.fromEntries(sections.get('Clients')!), {
    connected_clients: '3',
    maxclients: '77',
  });
  t.match(sections.get('CPU')!.get('used_cpu_user'), /^\d+\.\d{6}$/);
  t.ok(Number(sections.get('CPU')!.get('used_cpu_user')) > 0);
});

test('figures of memory', async (t) => {
  const front = new FrontHarness({ conf: 'maxmemory 100mb\nmaxmemory-policy allkeys-lru\n' });
  const empty = (await infoOf(front, 'memory')).get('Memory')!;
  const heap = 3 * 1024 * 1024;
  const large = 1024 * 1024;
  t.equal(empty.get('used_memory'), String(heap + large));
  t.equal(empty.get('used_memory_human'), '4.00M');
  t.equal(empty.get('used_memory_peak'), String(heap + large));
  t.equal(empty.get('used_memory_peak_perc'), '100.00%');
  t.equal(empty.get('used_memory_dataset'), String(large));
  t.equal(empty.get('used_memory_dataset_perc'), '25.00%');
  t.equal(empty.get('maxmemory'), String(100 * 1024 * 1024));
  t.equal(empty.get('maxmemory_human'), '100.00M');
  t.equal(empty.get('maxmemory_policy'), 'allkeys-lru');
  t.equal(empty.get('used_memory_lua_human'), '0B');
  const resident = Number(empty.get('used_memory_rss'));
  t.ok(resident > 20e6, 'the whole process');
  const ratio = Number(empty.get('mem_fragmentation_ratio'));
  t.ok(Math.abs(ratio - resident / (heap + large)) < 0.01);

  fill(front, 'key', 0);
  front.services.figures = { ...front.services.figures, peakMemoryBytes: 64 * 1024 * 1024 };
  const filled = (await infoOf(front, 'memory')).get('Memory')!;
  const pages = 2 * PAGE_BYTES; // one for the entry, one for the index
  t.equal(filled.get('used_memory_dataset'), String(large + pages));
  t.equal(filled.get('used_memory_peak_human'), '64.00M');
});

/** Stores a string without an expiry, or with one. */
function fill(front: FrontHarness, key: string, expireAtMs: number, db = 0): void {
  const { table } = front.context;
  const bytes = Buffer.from(key.padEnd(8));
  table.selectKey(bytes, new DataView(bytes.buffer, bytes.byteOffset), 0, key.length, db);
  table.locks.lock(table.shard);
  const entry = table.create(1, 4);
  if (expireAtMs !== 0) table.setExpireAtMs(entry, expireAtMs);
  table.locks.unlock(table.shard);
}

test('figures of the keyspace', async (t) => {
  const front = new FrontHarness();
  fill(front, 'a', 0);
  fill(front, 'b', front.context.nowMs + 1e6);
  fill(front, 'c', 0, 3);
  t.strictSame(
    [...(await infoOf(front, 'keyspace')).get('Keyspace')!],
    [
      ['db0', 'keys=2,expires=1,avg_ttl=1000000'],
      ['db3', 'keys=1,expires=0,avg_ttl=0'],
    ],
  );
});

test('figures of durability', async (t) => {
  const front = new FrontHarness();
  const set = (changes: Partial<DurabilityFigures>): void => {
    const durability = { ...NO_DURABILITY_FIGURES, ...changes };
    front.services.figures = { ...front.services.figures, durability };
  };
  const persistence = async () => {
    return Object.fromEntries((await infoOf(front, 'persistence')).get('Persistence')!);
  };
  const log = {
    earlierBytes: 1000,
    keptBytes: 1000,
    liveBytes: 234,
    bufferedBytes: 5,
    delayedSyncs: 6,
  };
  set({ ...log, loadedBytes: 1000, recoveredEffects: 7, isSyncing: true });
  t.match(await persistence(), {
    ...{
      loading: '0',
      loading_start_time: '0',
      loading_total_bytes: '0',
      loading_eta_seconds: '0',
    },
    ...{
      aof_enabled: '1',
      aof_current_size: '1234',
      aof_base_size: '1000',
      aof_delayed_fsync: '6',
    },
    ...{ aof_buffer_length: '5', aof_pending_bio_fsync: '1', aof_last_write_status: 'ok' },
  });

  const state = { segments: 2, writtenBytes: 300, writes: 4, syncs: 3, unsyncedBytes: 80 };
  set({ ...state, syncAgeMs: 950, problem: 'ENOSPC', recoveredEffects: 7, recoveryHoles: 1 });
  t.match(await persistence(), { aof_last_write_status: 'err', aof_current_size: '0' });
  t.match(Object.fromEntries((await infoOf(front, 'forgekv')).get('Forgekv')!), {
    ...{ forgekv_wal_segments: '2', forgekv_wal_bytes: '300', forgekv_wal_writes: '4' },
    ...{ forgekv_wal_syncs: '3', forgekv_wal_unsynced_bytes: '80', forgekv_wal_error: 'ENOSPC' },
    ...{ forgekv_wal_sync_age_ms: '950', forgekv_recovered_effects: '7' },
    forgekv_recovery_holes: '1',
  });

  const loadingSinceMs = front.context.nowMs - 6000;
  front.services.loading = true;
  set({ loadingSinceMs, earlierBytes: 4000, loadedBytes: 1000 });
  t.match(await persistence(), {
    ...{ loading: '1', async_loading: '0', loading_total_bytes: '4000' },
    ...{ loading_loaded_bytes: '1000', loading_loaded_perc: '25.00', loading_eta_seconds: '18' },
    loading_start_time: String(Math.floor(loadingSinceMs / 1000)),
  });
  set({ loadingSinceMs });
  t.match(await persistence(), { loading_loaded_perc: '0.00', loading_eta_seconds: '1' });
  // In the first second nobody can tell: not the hours that a part of it would stand for.
  set({ loadingSinceMs: front.context.nowMs - 900, earlierBytes: 4_000_000, loadedBytes: 1 });
  t.match(await persistence(), { loading_eta_seconds: '1' });
});

test('figures of all threads are added up', async (t) => {
  const front = new FrontHarness();
  const [first, second, worker] = front.stats;
  Object.assign(first!, { connections: 5, inputBytes: 100, hits: 3, misses: 1, changes: 2 });
  Object.assign(second!, { connections: 2, outputBytes: 50, hits: 4, hops: 6, lockMisses: 7 });
  Object.assign(worker!, { changes: 9, expiredKeys: 8, turns: 11 });
  Object.assign(first!, { currentConnections: 3, rejectedConnections: 1 });
  first!.errorReply('ERR syntax error');
  second!.errorReply('ERR syntax error');
  second!.errorReply('WRONGPASS no');
  const { table } = front.registry;
  first!.called(table.idOf('client|list'), false);
  worker!.called(table.idOf('client|list'), true);
  worker!.took(table.idOf('client|list'), 31);
  second!.rejected(table.idOf('get'));
  first!.waits.tell({ connections: 2, hops: 1, pausedReplies: 3 });
  second!.waits.tell({ connections: 1, transactions: 4 });
  worker!.waits.tell({ runs: 5, slicedRuns: 6, heldValues: 7, borrowedValues: 8 });
  for (const thread of front.stats) thread.publish();
  const sections = await infoOf(front, 'all');
  t.match(Object.fromEntries(sections.get('Stats')!), {
    total_connections_received: '7',
    total_commands_processed: '2',
    instantaneous_ops_per_sec: '12',
    instantaneous_input_kbps: '1.50',
    instantaneous_output_kbps: '2.25',
    total_net_input_bytes: '100',
    total_net_output_bytes: '50',
    rejected_connections: '1',
    keyspace_hits: '7',
    keyspace_misses: '1',
    expired_keys: '8',
    total_error_replies: '3',
    eventloop_cycles: '11',
    acl_access_denied_auth: '1',
  });
  t.equal(sections.get('Persistence')!.get('rdb_changes_since_last_save'), '11');
  t.strictSame(
    [...sections.get('Commandstats')!],
    [
      ['cmdstat_get', 'calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0'],
      [
        'cmdstat_client|list',
        'calls=2,usec=31,usec_per_call=15.50,rejected_calls=0,failed_calls=1',
      ],
    ],
  );
  t.strictSame(
    [...sections.get('Errorstats')!],
    [
      ['errorstat_ERR', 'count=2'],
      ['errorstat_WRONGPASS', 'count=1'],
    ],
  );
  t.match(Object.fromEntries(sections.get('Forgekv')!), {
    front_threads: '2',
    shard_threads: '1',
    hops: '6',
    lock_misses: '7',
    ...{ locked_shards: '0', gated_shards: '0', waiting_connections: '3' },
    ...{ open_transactions: '4', hops_in_flight: '1', paused_replies: '3' },
    ...{ waiting_runs: '5', sliced_runs: '6', held_values: '7', borrowed_values: '8' },
    front0: 'connections=3,commands=1,turns=0,hops=0,lock_misses=0',
    front1: 'connections=0,commands=0,turns=0,hops=6,lock_misses=7',
    worker0: 'commands=1,turns=11',
  });
  front.services.stats.reset();
  const after = await infoOf(front, 'all');
  t.equal(after.get('Stats')!.get('total_connections_received'), '0');
  t.equal(after.get('Persistence')!.get('rdb_changes_since_last_save'), '11', 'still unsaved');
  t.equal(after.get('Commandstats')!.size, 0);
});
