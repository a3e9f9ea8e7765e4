// INFO as redis_exporter and dashboards read it: every figure is there, in its section and form,
// and moves when what it counts happens. Those that are 0 for ever are in INFO_NEVER.

import { encodeCommands, RespClient, type ServerHandle } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { slowSyncs } from './support/bad-disk.ts';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

/** Of replicas and of forks: there are none, and none is pretended. */
const INFO_NEVER = ['connected_slaves', 'latest_fork_usec', 'total_forks', 'async_loading'];

const NUMBERS: Readonly<Record<string, string>> = {
  Server: 'process_id tcp_port uptime_in_seconds',
  Clients: 'connected_clients blocked_clients maxclients tracking_clients pubsub_clients',
  Memory:
    'used_memory used_memory_rss used_memory_peak used_memory_dataset used_memory_lua maxmemory ' +
    'mem_fragmentation_ratio',
  Persistence:
    'loading async_loading loading_start_time loading_total_bytes loading_loaded_bytes ' +
    'loading_loaded_perc loading_eta_seconds rdb_changes_since_last_save rdb_bgsave_in_progress ' +
    'rdb_last_save_time aof_enabled aof_current_size aof_pending_bio_fsync aof_delayed_fsync',
  Stats:
    'total_connections_received total_commands_processed instantaneous_ops_per_sec ' +
    'total_net_input_bytes total_net_output_bytes rejected_connections expired_keys ' +
    'evicted_keys keyspace_hits keyspace_misses pubsub_channels pubsub_patterns ' +
    'total_error_replies latest_fork_usec',
  Replication: 'connected_slaves master_repl_offset',
  CPU: 'used_cpu_sys used_cpu_user',
  Cluster: 'cluster_enabled',
};
const TEXTS: Readonly<Record<string, readonly [section: string, form: RegExp]>> = {
  redis_version: ['Server', /^\d+\.\d+\.\d+$/],
  redis_mode: ['Server', /^standalone$/],
  used_memory_human: ['Memory', /^[\d.]+[BKMG]$/],
  maxmemory_policy: ['Memory', /^noeviction$/],
  rdb_last_bgsave_status: ['Persistence', /^ok$/],
  aof_last_write_status: ['Persistence', /^ok$/],
  role: ['Replication', /^master$/],
  cmdstat_set: [
    'Commandstats',
    /^calls=\d+,usec=\d+,usec_per_call=[\d.]+,rejected_calls=\d+,failed_calls=\d+$/,
  ],
  errorstat_ERR: ['Errorstats', /^count=\d+$/],
  db0: ['Keyspace', /^keys=\d+,expires=\d+,avg_ttl=\d+$/],
};

type Info = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function infoOf(client: RespClient): Promise<Info> {
  const reply = await client.must('INFO', 'ALL');
  const text = reply.kind === 'bulk' ? String(reply.bytes) : '';
  const sections = new Map<string, Map<string, string>>();
  let fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    if (line.startsWith('# ')) {
      fields = new Map();
      sections.set(line.slice(2), fields);
    } else if (line !== '') {
      const colon = line.indexOf(':');
      fields.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  return sections;
}

/** A field, or a part of it: `cmdstat_get calls`. */
function figure(info: Info, name: string): number {
  const [field = '', part] = name.split(' ');
  for (const fields of info.values()) {
    const text = fields.get(field);
    if (text === undefined) continue;
    if (part === undefined) return Number(text);
    return Number(new RegExp(`(?:^|,)${part}=([\\d.]+)`).exec(text)?.[1] ?? Number.NaN);
  }
  return part === undefined ? Number.NaN : 0;
}

test('the fields are in their sections, in their form', async (t) => {
  const client = await connect(t, await serve(t, { fronts: 2, workers: 2 }));
  await client.must('SET', 'k', 'v');
  await client.command('SET', 'k');
  const info = await infoOf(client);
  for (const [section, names] of Object.entries(NUMBERS)) {
    for (const name of names.split(' ')) {
      t.match(info.get(section)?.get(name), /^-?\d+(\.\d+)?$/, `${section}: ${name}`);
    }
  }
  for (const [name, [section, form]] of Object.entries(TEXTS)) {
    t.match(info.get(section)?.get(name), form, `${section}: ${name}`);
  }
  for (const name of INFO_NEVER) t.equal(figure(info, name), 0, name);
});

interface Stage {
  readonly t: Test;
  readonly server: ServerHandle;
  readonly client: RespClient;
}

/** What is done, and the figures that are greater then. */
const CAUSES: readonly (readonly [names: string, act: (stage: Stage) => Promise<unknown>])[] = [
  [
    'total_connections_received connected_clients total_commands_processed ' +
      'total_net_input_bytes total_net_output_bytes used_cpu_user',
    async ({ t, server }) => (await connect(t, server)).must('PING'),
  ],
  [
    'keyspace_hits cmdstat_get|calls cmdstat_get|usec rdb_changes_since_last_save db0|keys ' +
      'aof_current_size used_memory_dataset',
    async ({ client }) => {
      for (let i = 0; i < 200; i++) await client.must('SET', `k${i}`, 'x'.repeat(4000));
      for (let i = 0; i < 200; i++) await client.must('GET', `k${i}`);
    },
  ],
  [
    'used_memory used_memory_peak',
    ({ client }) => client.must('SET', 'large', Buffer.alloc(8_000_000)),
  ],
  ['keyspace_misses', ({ client }) => client.must('GET', 'nobody')],
  ['db0|expires db0|avg_ttl', ({ client }) => client.must('SET', 'later', 'v', 'EX', '100')],
  ['expired_keys', ({ client }) => client.must('SET', 'soon', 'v', 'PX', '1')],
  [
    'total_error_replies errorstat_ERR|count cmdstat_set|rejected_calls',
    ({ client }) => client.command('SET', 'k'),
  ],
  [
    'errorstat_WRONGTYPE|count cmdstat_lpush|failed_calls',
    ({ client }) => client.command('LPUSH', 'k1', 'v'),
  ],
  [
    'pubsub_channels pubsub_patterns pubsub_clients',
    async ({ t, server }) => {
      const listener = await connect(t, server);
      await listener.must('SUBSCRIBE', 'channel');
      await listener.must('PSUBSCRIBE', 'pattern*');
    },
  ],
  [
    'tracking_clients tracking_total_keys tracking_total_items',
    async ({ t, server }) => {
      const caching = await connect(t, server, { resp: 3 });
      await caching.must('CLIENT', 'TRACKING', 'ON');
      await caching.must('GET', 'k1');
    },
  ],
  [
    'blocked_clients total_blocking_keys',
    async ({ t, server }) => {
      const waiting = await connect(t, server);
      void waiting.command('BLPOP', 'nothing', '0').catch(() => {});
    },
  ],
  [
    'watching_clients total_watched_keys',
    async ({ t, server }) => (await connect(t, server)).must('WATCH', 'k1', 'k2'),
  ],
  [
    'used_memory_lua number_of_cached_scripts cmdstat_eval|calls',
    ({ client }) => client.must('EVAL', 'local t = {} for i = 1, 1e5 do t[i] = i end', '0'),
  ],
  [
    'acl_access_denied_auth errorstat_WRONGPASS|count',
    ({ client }) => client.command('AUTH', 'nobody', 'x'),
  ],
  [
    'acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel errorstat_NOPERM|count',
    async ({ t, server, client }) => {
      await client.must('ACL', 'SETUSER', 'u', 'on', 'nopass', '+get', '+publish', '~a');
      const limited = await connect(t, server);
      await limited.must('AUTH', 'u', 'x');
      await limited.command('SET', 'a', 'v');
      await limited.command('GET', 'b');
      await limited.command('PUBLISH', 'c', 'v');
    },
  ],
  ['rdb_saves rdb_last_save_time', ({ client }) => client.must('SAVE')],
  [
    'evicted_keys',
    async ({ client }) => {
      await client.must('CONFIG', 'SET', 'maxmemory', '1mb', 'maxmemory-policy', 'allkeys-lru');
      for (let i = 0; i < 300; i++) await client.must('SET', `more${i}`, 'x'.repeat(4000));
      await client.must('CONFIG', 'SET', 'maxmemory', '0');
    },
  ],
  [
    'rejected_connections',
    async ({ t, server, client }) => {
      await client.must('CONFIG', 'SET', 'maxclients', '1');
      await connect(t, server)
        .then((refused) => refused.command('PING'))
        .catch(() => {});
    },
  ],
  ['maxmemory', ({ client }) => client.must('CONFIG', 'SET', 'maxmemory', '5gb')],
  ['uptime_in_seconds', () => new Promise((resolve) => setTimeout(resolve, 1100))],
];

test('every figure moves when it should', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  for (const [text, act] of CAUSES) {
    const names = text.split(' ').map((name) => name.replace('|', ' '));
    // What was sampled may be up to a second old.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const before = await infoOf(client);
    await act({ t, server, client });
    let still: string[] = [];
    await until(async () => {
      const after = await infoOf(client);
      still = names.filter((name) => {
        const was = figure(before, name);
        return !(figure(after, name) > (Number.isNaN(was) ? 0 : was));
      });
      return still.length === 0;
    }).catch(() => {});
    t.same(still, [], text);
  }
});

test('instantaneous_ops_per_sec, and RESETSTAT', async (t) => {
  const client = await connect(t, await serve(t, { fronts: 1, workers: 1 }));
  await until(async () => {
    for (let i = 0; i < 50; i++) await client.must('PING');
    const info = await infoOf(client);
    return (
      figure(info, 'instantaneous_ops_per_sec') > 0 &&
      figure(info, 'instantaneous_input_kbps') > 0 &&
      figure(info, 'instantaneous_output_kbps') > 0
    );
  });
  await client.must('CONFIG', 'RESETSTAT');
  const info = await infoOf(client);
  for (const name of ['keyspace_hits', 'total_error_replies', 'cmdstat_ping calls']) {
    t.equal(figure(info, name), 0, name);
  }
  t.ok(figure(info, 'total_commands_processed') < 50);
});

test('a disk whose syncs take longer than a second', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1 });
  const client = await connect(t, server);
  const strace = await slowSyncs(t, server.pid ?? 0, 3);
  if (strace === null) return;
  t.equal(figure(await infoOf(client), 'aof_delayed_fsync'), 0);
  let mostPending = 0;
  const isDelayed = async (): Promise<boolean> => {
    await client.must('INCR', 'n');
    const info = await infoOf(client);
    mostPending = Math.max(mostPending, figure(info, 'aof_pending_bio_fsync'));
    return figure(info, 'aof_delayed_fsync') >= 2 && mostPending === 1;
  };
  t.ok(await until(isDelayed, 60_000), 'syncs that were due while one was under way');
  strace.kill('SIGKILL');
  const isIdle = async () => figure(await infoOf(client), 'aof_pending_bio_fsync') === 0;
  t.ok(await until(isIdle, 60_000), 'nothing is left to sync');
});

test('a start that reads a log', async (t) => {
  const args = ['--memtable-size-mb', '512'];
  const writing = await serve(t, { fronts: 1, workers: 1, args });
  const client = await connect(t, writing);
  const commands = encodeCommands(Array.from({ length: 5000 }, (_, i) => ['INCR', `n:${i % 100}`]));
  for (let i = 0; i < 80; i++) await client.exchange(commands, 5000);
  await writing.kill9();
  const startedAtMs = Date.now();
  const restarted = writing.restart();
  const seen: Info[] = [];
  let isLoading = true;
  const look = async (): Promise<boolean> => {
    const early = await RespClient.connect({ port: writing.port, timeoutMs: 20_000 });
    try {
      while (isLoading) {
        const info = await infoOf(early);
        isLoading = figure(info, 'loading') === 1;
        if (!isLoading) break;
        seen.push(info);
        if (seen.length % 30 === 0) await standStill(writing.pid ?? 0);
      }
    } finally {
      early.destroy();
    }
    return true;
  };
  // Accepts nobody at first, and whoever asks whether the port is free is let go again.
  t.ok(await until(() => look().catch(() => false), 60_000));
  await restarted;
  const known = seen.filter((info) => figure(info, 'loading_loaded_bytes') > 0);
  t.ok(known.length > 1, `${known.length} of ${seen.length} while it reads`);
  const [first, last] = [known[0]!, known.at(-1)!];
  t.ok(figure(first, 'loading_total_bytes') > 1e6);
  // Room that the last segment has not used is found out on the way.
  const total = (info: Info): number => figure(info, 'loading_total_bytes');
  t.ok(total(last) <= total(first) && total(last) > 0.9 * total(first), 'the total is known');
  for (const name of ['loading_loaded_bytes', 'loading_loaded_perc']) {
    t.ok(figure(last, name) > figure(first, name), `${name} grows`);
  }
  t.ok(figure(last, 'loading_loaded_perc') <= 100);
  t.ok(figure(last, 'loading_eta_seconds') >= 1);
  t.ok(Math.abs(figure(last, 'loading_start_time') * 1000 - startedAtMs) < 60_000);
  const info = await infoOf(await connect(t, writing));
  for (const name of ['loading', 'loading_total_bytes', 'loading_eta_seconds']) {
    t.equal(figure(info, name), 0, `${name} is 0 when it has started`);
  }
});

/** Figures are sampled once a second, and it loads a great deal in one: stopped, time goes on. */
async function standStill(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  process.kill(pid, 'SIGCONT');
}
