// What a key costs before the table is asked: its slot and its hash.

import { KeyHasher } from '@forgekv/base';
import type { Micro } from './harness.ts';
import { KeySet } from './key-set.ts';

const KEYS = 1 << 12;

function keyMicro(
  what: string,
  keyBytes: number,
  measure: (hasher: KeyHasher, keys: KeySet, offset: number) => number,
): Micro {
  return {
    name: `key: ${what}, ${keyBytes} bytes`,
    prepare() {
      const keys = new KeySet(KEYS, keyBytes);
      const hasher = new KeyHasher(0x1234567, 0x89abcdef);
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            sum ^= measure(hasher, keys, keys.offset(i & (KEYS - 1)));
          }
          return sum;
        },
      };
    },
  };
}

/** A short and a long key: both figures in one pass as the hot path does, and the slot alone. */
export const baseMicros: readonly Micro[] = [16, 40].flatMap((keyBytes) => [
  keyMicro('hash and shard', keyBytes, (hasher, { bytes, view }, at) =>
    hasher.digest(bytes, view, at, keyBytes),
  ),
  keyMicro('slot', keyBytes, (hasher, { bytes }, at) => hasher.slot(bytes, at, keyBytes)),
]);
