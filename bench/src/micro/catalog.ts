// From a command's name to its number.

import { CATALOG, CommandTable, runnableNames } from '@forgekv/catalog';
import type { Micro } from './harness.ts';

const NAMES = ['SET', 'get', 'HGETALL', 'zadd', 'INCR', 'expire', 'LPUSH', 'nosuchcommand'];

function named(): { bytes: Buffer; offsets: number[]; lengths: number[] } {
  const lengths = NAMES.map((name) => name.length);
  const offsets = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, n) => sum + n, 0));
  return { bytes: Buffer.from(NAMES.join('')), offsets, lengths };
}

/** Lookups in the whole catalog, upper and lower case, one in eight unknown. */
export const catalogMicros: readonly Micro[] = [
  {
    name: 'command table: lookup',
    prepare() {
      const table = new CommandTable(CATALOG, runnableNames(CATALOG));
      const { bytes, offsets, lengths } = named();
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            sum += table.lookup(bytes, offsets[i & 7]!, lengths[i & 7]!);
          }
          return sum;
        },
      };
    },
  },
  {
    name: 'command table: lookup of a subcommand',
    prepare() {
      const table = new CommandTable(CATALOG, runnableNames(CATALOG));
      const bytes = Buffer.from('CLIENTgetname');
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            sum += table.lookupSub(table.lookup(bytes, 0, 6), bytes, 6, 7);
          }
          return sum;
        },
      };
    },
  },
];
