// The text a scrape gets: escaped, and INFO's fields under the names of redis_exporter.

import { test } from 'tap';
import { infoMetrics } from '../src/http/info-metrics.ts';
import { INFO_COUNTERS, INFO_GAUGES } from '../src/http/info-names.ts';
import { counter, exposition, gauge } from '../src/http/metric.ts';

test('exposition', async (t) => {
  t.equal(
    exposition([gauge('a', 'what\nit \\is', 1.5), counter('b_total', 'b', 2)]),
    '# HELP a what\\nit \\\\is\n# TYPE a gauge\na 1.5\n' +
      '# HELP b_total b\n# TYPE b_total counter\nb_total 2\n',
  );
  const labels = { cmd: 'a"b\\c\nd', db: 'db0' };
  const labelled = {
    name: 'c',
    help: 'c',
    type: 'gauge',
    samples: [{ labels, value: 3 }],
  } as const;
  t.match(exposition([labelled]), 'c{cmd="a\\"b\\\\c\\nd",db="db0"} 3\n');
  t.equal(exposition([{ ...labelled, samples: [] }]), '', 'a name without a figure is left out');
});

test('fields of INFO', async (t) => {
  const metrics = infoMetrics([
    ['redis_version', '7.2.4'],
    ['connected_clients', 3],
    ['aof_last_write_status', 'err'],
    ['rdb_last_bgsave_status', 'ok'],
    ['keyspace_hits', 7],
    ['forgekv_wal_error', ''],
    [
      'cmdstat_config|get',
      'calls=2,usec=3000000,usec_per_call=1.5,rejected_calls=1,failed_calls=0',
    ],
    ['latency_percentiles_usec_get', 'p50=1.003,p99.9=7.5'],
    ['errorstat_ERR', 'count=4'],
    ['db3', 'keys=5,expires=1,avg_ttl=2500'],
  ]);
  const text = exposition(metrics);
  for (const line of [
    'redis_instance_info{redis_version="7.2.4"} 1',
    'redis_connected_clients 3',
    'redis_aof_last_write_status 0',
    'redis_rdb_last_bgsave_status 1',
    'redis_keyspace_hits_total 7',
    'redis_commands_total{cmd="config|get"} 2',
    'redis_commands_duration_seconds_total{cmd="config|get"} 3',
    'redis_commands_rejected_calls_total{cmd="config|get"} 1',
    'redis_commands_failed_calls_total{cmd="config|get"} 0',
    'redis_latency_percentiles_usec{cmd="get",quantile="50"} 1.003',
    'redis_latency_percentiles_usec{cmd="get",quantile="99.9"} 7.5',
    'redis_errors_total{err="ERR"} 4',
    'redis_db_keys{db="db3"} 5',
    'redis_db_keys_expiring{db="db3"} 1',
    'redis_db_avg_ttl_seconds{db="db3"} 2.5',
  ]) {
    t.ok(text.includes(`${line}\n`), line);
  }
});

test('every metric has one name', async (t) => {
  const names = [...INFO_GAUGES, ...INFO_COUNTERS].map(([, name]) => name);
  t.equal(new Set(names).size, names.length);
  for (const name of names) t.match(name, /^(redis|forgekv)_[a-z_]+$/);
});
