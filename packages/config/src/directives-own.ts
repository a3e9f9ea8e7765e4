// Directives Redis does not have: threads, hot budget, WAL, stores, HTTP. `wal-sync-mode` is here
// with its Redis name `appendfsync`; the two are one value.

import { PORTS } from './bounds.ts';
import { boolean, integer, list, memory, oneOf, string, type Traits } from './directive.ts';

const HONOURED_AT_START: Traits = { status: 'honoured', change: 'start' };

export const ownDirectives = [
  oneOf('wal-sync-mode', ['EverySecond', 'Always', 'Never'], 'EverySecond', {
    twin: { name: 'appendfsync', words: ['everysec', 'always', 'no'] },
    status: 'honoured',
  }),
  /** MiB of a log segment. */
  integer('wal-segment-mb', 64, [1, 1024], HONOURED_AT_START),
  /** MiB of shared memory for hot entries. */
  integer('memtable-size-mb', 512, [8, 65536], HONOURED_AT_START),
  /** Bytes; a larger value lives in its worker, not in shared memory. */
  integer('hot-value-max-bytes', 16384, [64, 24576], HONOURED_AT_START),
  /** Bytes of large values in memory, of all workers; 0 = as much as the hot table has. */
  memory('large-values-max-bytes', 0, [0, Number.MAX_SAFE_INTEGER], { status: 'honoured' }),
  /** 0 = chosen from the number of cores. */
  integer('front-threads', 0, [0, 64], HONOURED_AT_START),
  /** 0 = chosen from the number of cores. */
  integer('shard-threads', 0, [0, 64], HONOURED_AT_START),
  /** LevelDB instances; fixed when the data directory is created. */
  integer('stores', 4, [4, 8], HONOURED_AT_START),
  /** Starts on a damaged log with what of it is intact. */
  boolean('recover', false, HONOURED_AT_START),
  /** 0 = no HTTP listener. */
  integer('http-port', 0, PORTS, HONOURED_AT_START),
  /** Where it listens. Beyond loopback the console is off until there is a password. */
  list('http-bind', 'bind', ['127.0.0.1'], HONOURED_AT_START),
  /** Of the console, for any user name; "" = none. */
  string('http-password', '', { status: 'honoured', secret: true }),
  /** /metrics is served without the password, as the exporters of Prometheus do. */
  boolean('http-metrics-open', true, { status: 'honoured' }),
  /** Flushes all the time and keeps no value hot that could be cold, for tests. */
  boolean('debug-keep-cold', false, { status: 'honoured', change: 'start', hidden: true }),
  /** A command on more elements is done in slices; below the default they are short, for tests. */
  integer('debug-slice-elements', 4096, [1, 2 ** 31], {
    ...HONOURED_AT_START,
    hidden: true,
  }),
  /** Scripts may call for keys that they do not declare; no: these are refused. */
  boolean('script-undeclared-keys', true, { status: 'honoured' }),
  /** Sends every keyed command over the ring, for benchmarks and tests. */
  boolean('debug-force-hop', false, { status: 'honoured', change: 'start', hidden: true }),
] as const;
