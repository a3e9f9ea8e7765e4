// Metrics that only ForgeKV has: threads, the hot table, the log, the stores.

import { hotBytesUsed, type StatField } from '@forgekv/commands';
import { PAGE_BYTES } from '@forgekv/keyspace';
import { durabilityMetrics } from '../durability.ts';
import { gauge, type Metric } from './metric.ts';
import { dirtyEffects, type ServerView, threadNames } from './server-view.ts';
import type { StoreSize } from './store-sizes.ts';

const PER_THREAD: readonly (readonly [StatField, name: string, help: string])[] = [
  ['commands', 'forgekv_thread_commands_total', 'Commands executed by each thread'],
  ['turns', 'forgekv_thread_turns_total', 'Turns of each thread'],
];
const PER_FRONT: readonly (readonly [StatField, name: string, help: string])[] = [
  ['hops', 'forgekv_hops_total', 'Runs a front sent to shard workers'],
  ['lockMisses', 'forgekv_lock_misses_total', 'Shard locks a front did not obtain'],
  ['ringFull', 'forgekv_ring_full_total', 'Times a ring to a worker had no room'],
  ['inputBytes', 'forgekv_front_input_bytes_total', 'Bytes each front received'],
  ['outputBytes', 'forgekv_front_output_bytes_total', 'Bytes each front sent'],
];

/** Metrics since the start, RESETSTAT or not. */
export function ownMetrics(view: ServerView, stores: readonly StoreSize[]): Metric[] {
  const { facts, table } = view;
  return [
    gauge('redis_start_time_seconds', 'Time of the start', Math.floor(facts.startedAtMs / 1000)),
    gauge('forgekv_ready', 'Traffic may come', Number(view.whyNotReady() === '')),
    gauge('forgekv_stuck_threads', 'Threads that do not turn', view.stuckThreads().length),
    ...threadMetrics(view),
    gauge('forgekv_hot_table_used_bytes', 'Bytes of the hot table in use', hotBytesUsed(table)),
    gauge(
      'forgekv_hot_table_max_bytes',
      'Bytes of the hot table',
      table.arena.pageCount * PAGE_BYTES,
    ),
    gauge(
      'forgekv_unflushed_changes',
      'Changes that are in the log and not yet in the stores',
      dirtyEffects(view),
    ),
    ...durabilityMetrics(view.durability()),
    ...storeMetrics(stores),
  ];
}

function threadMetrics({ facts, stats }: ServerView): Metric[] {
  const names = threadNames(facts);
  const each = (
    type: Metric['type'],
    [field, name, help]: readonly [StatField, string, string],
    threads: readonly string[],
  ): Metric => ({
    ...{ name, help, type },
    samples: threads.map((thread, i) => ({ labels: { thread }, value: stats.ofThread(i, field) })),
  });
  const fronts = names.slice(0, facts.fronts);
  const connections = 'Open connections of each front';
  return [
    ...PER_THREAD.map((field) => each('counter', field, names)),
    ...PER_FRONT.map((field) => each('counter', field, fronts)),
    each('gauge', ['currentConnections', 'forgekv_front_connections', connections], fronts),
    {
      name: 'forgekv_thread_command_seconds_total',
      help: 'Time each thread spent on commands',
      type: 'counter',
      samples: names.map((thread, i) => ({
        labels: { thread },
        value: stats.microsecondsOf(i) / 1e6,
      })),
    },
  ];
}

function storeMetrics(stores: readonly StoreSize[]): Metric[] {
  const each = (name: string, help: string, pick: (store: StoreSize) => number): Metric => ({
    ...{ name, help, type: 'gauge' },
    samples: stores.map((size, store) => ({
      labels: { store: String(store) },
      value: pick(size),
    })),
  });
  return [
    each('forgekv_store_bytes', 'Bytes of the files of each store', ({ bytes }) => bytes),
    each('forgekv_store_files', 'Files of each store', ({ files }) => files),
  ];
}
