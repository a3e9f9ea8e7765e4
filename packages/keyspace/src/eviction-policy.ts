// The policies of `maxmemory-policy`: which keys may go, and which of them goes first. Knows
// single entries; who is compared with whom is decided in `dataset-evictor.ts`.

import type { Random } from '@forgekv/base';
import type { Entries } from './entries.ts';

/** What decides among the keys that may go. */
export type EvictionOrder = 'lru' | 'lfu' | 'random' | 'ttl' | 'none';

export interface EvictionPolicy {
  /** 'none': no key goes. */
  readonly order: EvictionOrder;
  /** Only keys that have an expiry. */
  readonly isVolatile: boolean;
}

const ORDERS: readonly EvictionOrder[] = ['lru', 'lfu', 'random', 'ttl'];
/** More than the seconds a use clock can tell apart: idle time decides among equal counters. */
const COUNTER_WEIGHT = 2 ** 32;

/** Returns the policy of a name, as redis.conf spells it. */
export function evictionPolicy(name: string): EvictionPolicy {
  const order = ORDERS.find((word) => name.endsWith(`-${word}`)) ?? 'none';
  return { order, isVolatile: name.startsWith('volatile-') };
}

/**
 * Returns how good a victim a live entry is: the larger the better. It gets smaller when the key is
 * used, or its expiry put off.
 * @param seconds now, since the arena's epoch
 */
export function victimScore(
  order: EvictionOrder,
  entries: Entries,
  entry: number,
  seconds: number,
  random: Random,
): number {
  switch (order) {
    case 'lru':
      return -entries.usedAt(entry);
    case 'lfu':
      return -entries.frequencyOf(entry, seconds) * COUNTER_WEIGHT - entries.usedAt(entry);
    case 'ttl':
      return -entries.expireAtMs(entry);
    default:
      return random.uint32();
  }
}
