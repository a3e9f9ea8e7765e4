// Why a directive that Redis knows has no effect here: what an operator who wrote it wants to read.

const LOG = 'every change is in a log of its own kind, which is always on: see wal-sync-mode';
const SAVES = 'changes are logged at once, and SAVE makes backups: nothing is saved by itself';
const REPLICAS = 'there is no replication in this version';
const CLUSTER = 'there is no cluster in this version';
const BACKGROUND = 'what is removed is always given back in the background';
const MEMORY = 'memory is not taken from an allocator that could be told so';
const MODULES = 'there are no modules';
const CPUS =
  'threads are placed by the system: taskset, or CPUAffinity of systemd, bind all of them';
const THREADS = 'front-threads says how many threads talk to clients';
const SYSLOG =
  'the log goes to standard output or logfile: systemd or a container takes it further';
const CRASH = 'a crash is reported by the runtime, and the supervisor starts the server again';
const OLD_NAME = 'Redis, too, only remembers the name';

const REASONS: Readonly<Record<string, string>> = {
  'bind-source-addr': 'the server does not connect to others',
  'socket-mark-id': 'sockets cannot be marked',
  loadmodule: MODULES,
  'enable-module-command': MODULES,
  daemonize: 'it stays in the foreground, for systemd, a container or a shell to run',
  'syslog-enabled': SYSLOG,
  'syslog-ident': SYSLOG,
  'syslog-facility': SYSLOG,
  'always-show-logo': 'there is no logo',
  'set-proc-title': 'the process keeps its name',
  'proc-title-template': 'the process keeps its name',
  'locale-collate': 'texts are compared by their bytes',
  'crash-log-enabled': CRASH,
  'crash-memcheck-enabled': CRASH,
  'use-exit-on-panic': CRASH,
  'enable-debug-assert': 'assertions are always on',
  'watchdog-period': 'threads that do not turn are found by /livez and by the watchdog of systemd',
  'disable-thp': 'huge pages are left as the system has them',
  'ignore-warnings': 'nothing that it names is checked',
  'dynamic-hz': 'hz is the rate whatever the number of clients',
  'io-threads': THREADS,
  'io-threads-do-reads': THREADS,
  server_cpulist: CPUS,
  bio_cpulist: CPUS,
  aof_rewrite_cpulist: CPUS,
  bgsave_cpulist: CPUS,
  'oom-score-adj': 'nothing is forked that could be given up first; OOMScoreAdjust of systemd',
  'oom-score-adj-values': 'nothing is forked that could be given up first',
  'shutdown-timeout': 'there are no replicas to wait for',
  'lua-enable-deprecated-api': 'scripts have the API of Redis 7',
  'maxmemory-eviction-tenacity': 'eviction goes on in slices until the dataset is small enough',
  'active-expire-effort': 'expired keys are removed as they fall due; hz says how often',
  activerehashing: 'tables grow step by step, with every write',
  'jemalloc-bg-thread': MEMORY,
  'list-compress-depth': 'lists are not compressed in memory',
  'sanitize-dump-payload': 'payloads of RESTORE are always checked in full',
  'gopher-enabled': 'Gopher is not spoken, nor by Redis 7',
  'list-max-ziplist-entries': OLD_NAME,
  'list-max-ziplist-value': OLD_NAME,
  'lua-replicate-commands': OLD_NAME,
  save: SAVES,
  dbfilename: SAVES,
  'stop-writes-on-bgsave-error': 'writes stop when the log cannot be written',
  rdbchecksum: 'everything on disk has checksums, which are always checked',
  'rdb-del-sync-files': REPLICAS,
  'rdb-save-incremental-fsync': SAVES,
  'rdb-key-save-delay': 'for tests of Redis',
  'key-load-delay': 'for tests of Redis',
  'loading-process-events-interval-bytes': 'clients are answered all the time while data is loaded',
  masteruser: REPLICAS,
  masterauth: REPLICAS,
  'propagation-error-behavior': REPLICAS,
};

const GROUPS: readonly (readonly [prefix: RegExp, why: string])[] = [
  [/^lazyfree-/, BACKGROUND],
  [/^(activedefrag|active-defrag-)/, MEMORY],
  [/^(append|aof-|auto-aof-|no-appendfsync)/, LOG],
  [/^(replica|repl-|min-replicas-)/, REPLICAS],
  [/^cluster-/, CLUSTER],
];

const NOT_YET = 'this version of ForgeKV does nothing with it';

/** One line, for a directive that is known and not honoured. @param name canonical */
export function whyWithoutEffect(name: string): string {
  const group = GROUPS.find(([prefix]) => prefix.test(name));
  return REASONS[name] ?? group?.[1] ?? NOT_YET;
}
