// Directives of the process itself: network, TLS, clients, logging, memory limits of connections.
// Names, defaults and bounds are those of redis-server 7.0 and 7.2.

import { GIB, INT_MAX, INT32_MAX, MIB, PORTS, UINT32_MAX } from './bounds.ts';
import {
  boolean,
  integer,
  lines,
  list,
  memory,
  memoryOrPercent,
  octal,
  oneOf,
  string,
  type Traits,
} from './directive.ts';

const HONOURED: Traits = { status: 'honoured' };
const HONOURED_AT_START: Traits = { status: 'honoured', change: 'start' };
const AT_START: Traits = { change: 'start' };
const SECRET: Traits = { secret: true };

export const networkDirectives = [
  // Redis: its built-in default is every interface; ours is the one of its stock redis.conf.
  list('bind', 'bind', ['127.0.0.1', '-::1'], HONOURED),
  string('bind-source-addr', ''),
  integer('port', 6379, PORTS, HONOURED),
  string('unixsocket', '', HONOURED_AT_START),
  octal('unixsocketperm', 0, [0, 0o777], HONOURED_AT_START),
  boolean('protected-mode', true, HONOURED),
  integer('tcp-backlog', 511, [0, INT32_MAX], HONOURED_AT_START),
  integer('tcp-keepalive', 300, [0, INT32_MAX], HONOURED),
  integer('timeout', 0, [0, INT32_MAX], HONOURED),
  integer('socket-mark-id', 0, [0, UINT32_MAX], AT_START),
] as const;

export const tlsDirectives = [
  integer('tls-port', 0, PORTS, HONOURED),
  string('tls-cert-file', '', HONOURED),
  string('tls-key-file', '', HONOURED),
  string('tls-key-file-pass', '', { status: 'honoured', secret: true }),
  string('tls-client-cert-file', ''),
  string('tls-client-key-file', ''),
  string('tls-client-key-file-pass', '', SECRET),
  string('tls-dh-params-file', '', HONOURED),
  string('tls-ca-cert-file', '', HONOURED),
  string('tls-ca-cert-dir', '', HONOURED),
  string('tls-protocols', '', HONOURED),
  string('tls-ciphers', '', HONOURED),
  string('tls-ciphersuites', '', HONOURED),
  boolean('tls-prefer-server-ciphers', false, HONOURED),
  oneOf('tls-auth-clients', ['no', 'yes', 'optional'], 'yes', HONOURED),
  boolean('tls-replication', false),
  boolean('tls-cluster', false),
  boolean('tls-session-caching', true, HONOURED),
  // Without effect: a session is kept by its client, in a ticket, and not here.
  integer('tls-session-cache-size', 20480, [0, INT32_MAX]),
  integer('tls-session-cache-timeout', 300, [0, INT32_MAX], HONOURED),
] as const;

export const clientDirectives = [
  integer('maxclients', 10000, [1, UINT32_MAX], HONOURED),
  memory('proto-max-bulk-len', 512 * MIB, [MIB, INT_MAX], HONOURED),
  memory('client-query-buffer-limit', GIB, [MIB, INT_MAX], HONOURED),
  list(
    'client-output-buffer-limit',
    'output-buffer-limits',
    [
      ...['normal', '0', '0', '0'],
      ...['slave', '268435456', '67108864', '60'],
      ...['pubsub', '33554432', '8388608', '60'],
    ],
    HONOURED,
  ),
  memoryOrPercent('maxmemory-clients', 0, [-100, INT_MAX], HONOURED),
  integer('tracking-table-max-keys', 1000000, [0, INT_MAX], HONOURED),
  string('requirepass', '', { status: 'honoured', secret: true }),
  string('aclfile', '', HONOURED_AT_START),
  integer('acllog-max-len', 128, [0, INT_MAX], HONOURED),
  oneOf('acl-pubsub-default', ['allchannels', 'resetchannels'], 'resetchannels', HONOURED),
  lines('user', [1, 1024], { status: 'honoured', secret: true }),
  lines('rename-command', [2, 2], { status: 'honoured' }),
] as const;

const ALLOWED_TO = ['no', 'yes', 'local'] as const;

export const processDirectives = [
  lines('include', [1, 1], HONOURED_AT_START),
  lines('loadmodule', [1, 1024], AT_START),
  integer('databases', 16, [1, 1024], HONOURED_AT_START),
  boolean('daemonize', false, AT_START),
  oneOf('supervised', ['upstart', 'systemd', 'auto', 'no'], 'no', HONOURED_AT_START),
  string('pidfile', '', HONOURED_AT_START),
  // Redis 7.2 added `nothing`.
  oneOf('loglevel', ['debug', 'verbose', 'notice', 'warning', 'nothing'], 'notice', HONOURED),
  string('logfile', '', HONOURED_AT_START),
  boolean('syslog-enabled', false, AT_START),
  string('syslog-ident', 'redis', AT_START),
  oneOf(
    'syslog-facility',
    ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
    'local0',
    AT_START,
  ),
  boolean('always-show-logo', false, AT_START),
  boolean('set-proc-title', true, AT_START),
  string('proc-title-template', '{title} {listen-addr} {server-mode}', { rule: 'title-template' }),
  string('locale-collate', ''),
  boolean('crash-log-enabled', true),
  boolean('crash-memcheck-enabled', true),
  boolean('use-exit-on-panic', false, { hidden: true }),
  boolean('enable-debug-assert', false, { hidden: true, change: 'start' }),
  boolean('disable-thp', true, AT_START),
  string('ignore-warnings', ''),
  oneOf('enable-protected-configs', ALLOWED_TO, 'no', HONOURED_AT_START),
  oneOf('enable-debug-command', ALLOWED_TO, 'no', HONOURED_AT_START),
  oneOf('enable-module-command', ALLOWED_TO, 'no', AT_START),
  integer('hz', 10, [0, INT32_MAX], { status: 'honoured', clamp: [1, 500] }),
  boolean('dynamic-hz', true),
  integer('io-threads', 1, [1, 128], AT_START),
  boolean('io-threads-do-reads', false, AT_START),
  string('server_cpulist', '', AT_START),
  string('bio_cpulist', '', AT_START),
  string('aof_rewrite_cpulist', '', AT_START),
  string('bgsave_cpulist', '', AT_START),
  oneOf('oom-score-adj', ['no', 'yes', 'relative', 'absolute'], 'no'),
  list('oom-score-adj-values', 'oom-score', ['0', '200', '800']),
  integer('shutdown-timeout', 10, [0, INT32_MAX]),
  list('shutdown-on-sigint', 'shutdown-flags', ['default'], HONOURED),
  list('shutdown-on-sigterm', 'shutdown-flags', ['default'], HONOURED),
  integer('slowlog-log-slower-than', 10000, [-1, INT_MAX], HONOURED),
  integer('slowlog-max-len', 128, [0, INT_MAX], HONOURED),
  integer('latency-monitor-threshold', 0, [0, INT_MAX], HONOURED),
  boolean('latency-tracking', true, HONOURED),
  list('latency-tracking-info-percentiles', 'percentiles', ['50', '99', '99.9'], HONOURED),
  integer('busy-reply-threshold', 5000, [0, INT_MAX], {
    ...HONOURED,
    aliases: ['lua-time-limit'],
  }),
  boolean('lua-enable-deprecated-api', false, { hidden: true, change: 'start' }),
  integer('watchdog-period', 0, [0, INT32_MAX], { hidden: true }),
] as const;
