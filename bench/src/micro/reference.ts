// Yardsticks: what the machine and the JavaScript engine can do at all. The layers' figures are
// read against these, and two machines are compared by them.

import type { Micro } from './harness.ts';

const KEY_BYTES = 16;
const VALUE_BYTES = 64;
const SLOTS = 1 << 12;

/** Loop, copies and an atomic on memory that fits the cache; one random read that does not. */
export const referenceMicros: readonly Micro[] = [
  {
    name: 'reference: empty loop',
    prepare: () => ({
      run(iterations) {
        let sum = 0;
        for (let i = 0; i < iterations; i += 1) sum = (sum + i) | 0;
        return sum;
      },
    }),
  },
  {
    name: `reference: copy ${VALUE_BYTES} bytes by words`,
    prepare() {
      const words = new Int32Array(new SharedArrayBuffer(SLOTS * VALUE_BYTES));
      const perValue = VALUE_BYTES / 4;
      return {
        run(iterations) {
          for (let i = 0; i < iterations; i += 1) {
            const to = (i & (SLOTS - 1)) * perValue;
            const from = ((i * 7 + 1) & (SLOTS - 1)) * perValue;
            words[from] = i;
            for (let word = 0; word < perValue; word += 1) words[to + word] = words[from + word]!;
          }
          return words[0]!;
        },
      };
    },
  },
  {
    name: 'reference: compare and swap, uncontended',
    prepare() {
      const lock = new Int32Array(new SharedArrayBuffer(64));
      return {
        run(iterations) {
          for (let i = 0; i < iterations; i += 1) {
            Atomics.compareExchange(lock, 0, 0, 1);
            Atomics.store(lock, 0, 0);
          }
          return lock[0]!;
        },
      };
    },
  },
  {
    name: `reference: latin1 string of ${KEY_BYTES} bytes`,
    prepare() {
      const bytes = Buffer.alloc(SLOTS * KEY_BYTES, 'k');
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            const at = (i & (SLOTS - 1)) * KEY_BYTES;
            sum += bytes.toString('latin1', at, at + KEY_BYTES).length;
          }
          return sum;
        },
      };
    },
  },
  {
    name: 'reference: dependent random read of 256 MiB',
    prepare() {
      const words = new Int32Array(1 << 26);
      for (let i = 0; i < words.length; i += 16) words[i] = i ^ 0x5bd1e995; // touch every line
      return {
        run(iterations) {
          let at = 1;
          for (let i = 0; i < iterations; i += 1) {
            at = (Math.imul(at, 1664525) + 1013904223 + words[(at >>> 6) & ~15]!) | 0;
          }
          return at;
        },
      };
    },
  },
];
