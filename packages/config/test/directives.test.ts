// The table itself: sound entries, no name twice, and the lookup by every spelling.

import { test } from 'tap';
import { Config } from '../src/config.ts';
import { directives, findDirective, namedDirectives } from '../src/directives.ts';
import { defaultOf, formatValue, parseValue } from '../src/values.ts';

test('no two directives share a name', async (t) => {
  const spellings = namedDirectives.map(({ shown }) => shown.replaceAll('_', '-'));
  t.equal(new Set(spellings).size, spellings.length);
});

test('every default is a value its own parser accepts', async (t) => {
  for (const named of namedDirectives) {
    if (named.directive.kind === 'lines') continue;
    const value = defaultOf(named.directive);
    const shown = formatValue(named, value);
    const parsed = parseValue(named, [shown], value, true);
    if (named.directive.name === 'replicaof') continue; // empty is "no one"
    t.same(parsed, { ok: true, value }, `${named.shown} ${shown}`);
  }
});

test('bounds hold their defaults and are exact numbers', async (t) => {
  for (const directive of directives) {
    if (!('min' in directive)) continue;
    t.ok(Number.isSafeInteger(directive.min) && Number.isSafeInteger(directive.max));
    t.ok(directive.min <= directive.default && directive.default <= directive.max, directive.name);
  }
});

test('the directives that are honoured', async (t) => {
  const honoured = [
    ...['bind', 'port', 'unixsocket', 'unixsocketperm', 'protected-mode', 'requirepass'],
    ...['rename-command', 'shutdown-on-sigint', 'shutdown-on-sigterm', 'enable-debug-command'],
    ...['maxmemory-clients'],
    ...['acl-pubsub-default', 'aclfile', 'acllog-max-len', 'user'],
    ...['timeout', 'tcp-keepalive', 'tcp-backlog', 'maxclients', 'databases', 'dir', 'logfile'],
    ...['loglevel', 'pidfile', 'proto-max-bulk-len', 'client-query-buffer-limit', 'hz', 'include'],
    ...['client-output-buffer-limit', 'front-threads', 'shard-threads', 'memtable-size-mb'],
    ...['hot-value-max-bytes', 'http-port', 'http-bind', 'http-password', 'http-metrics-open'],
    ...['debug-force-hop', 'enable-protected-configs'],
    ...['wal-sync-mode', 'wal-segment-mb', 'recover', 'stores', 'debug-keep-cold'],
    ...['debug-slice-elements', 'notify-keyspace-events', 'tracking-table-max-keys'],
    ...['maxmemory', 'maxmemory-policy', 'maxmemory-samples', 'lfu-log-factor', 'lfu-decay-time'],
    ...['large-values-max-bytes', 'script-undeclared-keys', 'busy-reply-threshold', 'supervised'],
    ...['hash-max-listpack-entries', 'hash-max-listpack-value', 'list-max-listpack-size'],
    ...['set-max-intset-entries', 'set-max-listpack-entries', 'set-max-listpack-value'],
    ...['zset-max-listpack-entries', 'zset-max-listpack-value', 'hll-sparse-max-bytes'],
    ...['stream-node-max-bytes', 'stream-node-max-entries', 'rdbcompression'],
    ...['slowlog-log-slower-than', 'slowlog-max-len', 'latency-monitor-threshold'],
    ...['latency-tracking', 'latency-tracking-info-percentiles'],
    ...['tls-port', 'tls-cert-file', 'tls-key-file', 'tls-key-file-pass', 'tls-ca-cert-file'],
    ...['tls-ca-cert-dir', 'tls-auth-clients', 'tls-protocols', 'tls-ciphers', 'tls-ciphersuites'],
    ...['tls-prefer-server-ciphers', 'tls-dh-params-file', 'tls-session-caching'],
    ...['tls-session-cache-timeout'],
  ];
  const actual = directives.filter(({ status }) => status === 'honoured').map(({ name }) => name);
  t.same(actual.toSorted(), honoured.toSorted());
});

test('a name is found in any case, by alias and with underscores', async (t) => {
  const spellings = {
    port: ['PORT', 'Port'],
    'memtable-size-mb': ['memtable_size_mb', 'Memtable-Size_MB'],
    'wal-sync-mode': ['appendfsync', 'wal_sync_mode'],
    'replica-read-only': ['slave-read-only'],
    replicaof: ['slaveof'],
    'busy-reply-threshold': ['lua-time-limit'],
    'hash-max-listpack-entries': ['hash-max-ziplist-entries'],
    server_cpulist: ['server-cpulist', 'server_cpulist'],
  };
  for (const [name, others] of Object.entries(spellings)) {
    for (const other of others) t.equal(findDirective(other)?.directive.name, name, other);
  }
});

test('what is no directive is not found', async (t) => {
  const names = [
    '',
    ' ',
    'nosuch',
    'port ',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
  ];
  for (const name of [...names, '\u212aey-load-delay', 'x'.repeat(1_000_000)]) {
    t.equal(findDirective(name), undefined, name.slice(0, 20));
  }
});

test('the compiler knows names and kinds', async (t) => {
  const { config } = Config.load();
  const port: number = config.integer('port');
  const mode: 'Always' | 'EverySecond' | 'Never' = config.word('wal-sync-mode');
  t.same([port, mode], [6379, 'EverySecond']);
  // @ts-expect-error a wrong kind
  t.equal(config.integer('bind').length, 2);
  // @ts-expect-error a wrong name
  t.throws(() => config.text('nosuch'));
});
