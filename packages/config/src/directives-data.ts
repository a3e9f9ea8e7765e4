// Directives of the data set: memory and eviction, encodings, expiry, snapshots and the log.
// Names, defaults and bounds are those of redis-server 7.0 and 7.2.

import { INT_MAX, INT32_MAX, INT32_MIN, KIB, MIB } from './bounds.ts';
import { boolean, integer, lines, list, memory, oneOf, string, type Traits } from './directive.ts';

const AT_START: Traits = { change: 'start' };
const HONOURED: Traits = { status: 'honoured' };
const HIDDEN: Traits = { hidden: true };

export const memoryDirectives = [
  memory('maxmemory', 0, [0, INT_MAX], HONOURED),
  oneOf(
    'maxmemory-policy',
    [
      ...(['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'] as const),
      ...(['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'noeviction'] as const),
    ],
    'noeviction',
    HONOURED,
  ),
  integer('maxmemory-samples', 5, [1, INT32_MAX], HONOURED),
  integer('maxmemory-eviction-tenacity', 10, [0, 100]),
  integer('lfu-log-factor', 10, [0, INT32_MAX], HONOURED),
  integer('lfu-decay-time', 1, [0, INT32_MAX], HONOURED),
  integer('active-expire-effort', 1, [1, 10]),
  boolean('activerehashing', true),
  boolean('lazyfree-lazy-eviction', false),
  boolean('lazyfree-lazy-expire', false),
  boolean('lazyfree-lazy-server-del', false),
  boolean('lazyfree-lazy-user-del', false),
  boolean('lazyfree-lazy-user-flush', false),
  boolean('jemalloc-bg-thread', true),
  boolean('activedefrag', false),
  memory('active-defrag-ignore-bytes', 100 * MIB, [1, INT_MAX]),
  integer('active-defrag-threshold-lower', 10, [0, 1000]),
  integer('active-defrag-threshold-upper', 100, [0, 1000]),
  integer('active-defrag-cycle-min', 1, [1, 99]),
  integer('active-defrag-cycle-max', 25, [1, 99]),
  integer('active-defrag-max-scan-fields', 1000, [1, INT_MAX]),
] as const;

export const encodingDirectives = [
  integer('hash-max-listpack-entries', 512, [0, INT_MAX], {
    ...HONOURED,
    aliases: ['hash-max-ziplist-entries'],
  }),
  memory('hash-max-listpack-value', 64, [0, INT_MAX], {
    ...HONOURED,
    aliases: ['hash-max-ziplist-value'],
  }),
  integer('list-max-listpack-size', -2, [INT32_MIN, INT32_MAX], {
    ...HONOURED,
    aliases: ['list-max-ziplist-size'],
  }),
  integer('list-compress-depth', 0, [0, INT32_MAX]),
  integer('set-max-intset-entries', 512, [0, INT_MAX], HONOURED),
  integer('set-max-listpack-entries', 128, [0, INT_MAX], HONOURED),
  memory('set-max-listpack-value', 64, [0, INT_MAX], HONOURED),
  integer('zset-max-listpack-entries', 128, [0, INT_MAX], {
    ...HONOURED,
    aliases: ['zset-max-ziplist-entries'],
  }),
  memory('zset-max-listpack-value', 64, [0, INT_MAX], {
    ...HONOURED,
    aliases: ['zset-max-ziplist-value'],
  }),
  memory('hll-sparse-max-bytes', 3000, [0, INT_MAX], HONOURED),
  memory('stream-node-max-bytes', 4 * KIB, [0, INT_MAX], HONOURED),
  integer('stream-node-max-entries', 100, [0, INT_MAX], HONOURED),
  string('notify-keyspace-events', '', { ...HONOURED, rule: 'keyspace-events' }),
  oneOf('sanitize-dump-payload', ['no', 'yes', 'clients'], 'no'),
  // Names of the past that redis-server still reads and forgets, or did in 6.2.
  lines('gopher-enabled', [1, 1], AT_START),
  lines('list-max-ziplist-entries', [1, 1], AT_START),
  lines('list-max-ziplist-value', [1, 1], AT_START),
  lines('lua-replicate-commands', [1, 1], AT_START),
] as const;

export const persistenceDirectives = [
  // Redis: CONFIG SET of a trusted peer may move `dir`; here it is the data directory, in use.
  string('dir', './data', { status: 'honoured', change: 'start' }),
  list('save', 'save', ['3600', '1', '300', '100', '60', '10000']),
  string('dbfilename', 'dump.rdb', { change: 'protected', rule: 'base-name' }),
  boolean('stop-writes-on-bgsave-error', true),
  boolean('rdbcompression', true, HONOURED),
  boolean('rdbchecksum', true, AT_START),
  boolean('rdb-del-sync-files', false),
  boolean('rdb-save-incremental-fsync', true),
  boolean('appendonly', false),
  string('appendfilename', 'appendonly.aof', { change: 'start', rule: 'base-name' }),
  string('appenddirname', 'appendonlydir', { change: 'start', rule: 'base-name' }),
  boolean('no-appendfsync-on-rewrite', false),
  integer('auto-aof-rewrite-percentage', 100, [0, INT32_MAX]),
  memory('auto-aof-rewrite-min-size', 64 * MIB, [0, INT_MAX]),
  boolean('aof-load-truncated', true),
  boolean('aof-use-rdb-preamble', true),
  boolean('aof-timestamp-enabled', false),
  boolean('aof-rewrite-incremental-fsync', true),
  boolean('aof-disable-auto-gc', false),
  integer('rdb-key-save-delay', 0, [INT32_MIN, INT32_MAX], HIDDEN),
  integer('key-load-delay', 0, [INT32_MIN, INT32_MAX], HIDDEN),
  integer('loading-process-events-interval-bytes', 2 * MIB, [KIB, INT32_MAX], HIDDEN),
] as const;
