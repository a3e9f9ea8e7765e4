// The directives that say when a collection is packed, as numbers: they are asked on every write.

import type { Config } from '@forgekv/config';
import type { ListpackLimits, NodeLimits } from '@forgekv/datatypes';

/** One per thread; `configure` replaces all of it. */
export class PackingLimits {
  hash: ListpackLimits = { maxEntries: 512, maxValueBytes: 64 };
  set: ListpackLimits = { maxEntries: 128, maxValueBytes: 64 };
  sortedSet: ListpackLimits = { maxEntries: 128, maxValueBytes: 64 };
  maxIntsetEntries = 512;
  /** list-max-listpack-size: elements, or below 0 a class of bytes. */
  listSize = -2;
  /** When a node of a stream is full. */
  streamNode: NodeLimits = { bytes: 4096, entries: 100 };

  configure(config: Config): void {
    this.hash = listpackLimits(config, 'hash');
    this.set = listpackLimits(config, 'set');
    this.sortedSet = listpackLimits(config, 'zset');
    this.maxIntsetEntries = config.integer('set-max-intset-entries');
    this.listSize = config.integer('list-max-listpack-size');
    this.streamNode = {
      bytes: config.bytes('stream-node-max-bytes'),
      entries: config.integer('stream-node-max-entries'),
    };
  }
}

function listpackLimits(config: Config, type: 'hash' | 'set' | 'zset'): ListpackLimits {
  return {
    maxEntries: config.integer(`${type}-max-listpack-entries`),
    maxValueBytes: config.bytes(`${type}-max-listpack-value`),
  };
}
