// What the directives of `maxmemory` mean for a thread's hot table: the cap, and how uses are
// noted. Called at start and after every CONFIG SET, by every thread; evicts nothing.

import type { Config } from '@forgekv/config';
import { evictionPolicy, type HotTable, UseFrequency } from '@forgekv/keyspace';

/** Takes over `maxmemory`, `maxmemory-policy`, `lfu-log-factor` and `lfu-decay-time`. */
export function configureEviction(table: HotTable, config: Config): void {
  const { order } = evictionPolicy(config.word('maxmemory-policy'));
  if (order === 'lfu') {
    table.frequency ??= new UseFrequency();
    table.frequency.logFactor = config.integer('lfu-log-factor');
    table.frequency.decayMinutes = config.integer('lfu-decay-time');
  } else {
    table.frequency = null;
  }
  table.cap.configure(config.bytes('maxmemory'), order !== 'none');
}
