// The hot table: what a command does between its lock and its unlock. Few keys stay in the
// caches, a million do not: there the memory is the cost, and the touch pass hides part of it.

import { SHARD_SHIFT } from '@forgekv/base';
import { createArena, HotTable, TYPE_STRING } from '@forgekv/keyspace';
import type { Micro } from './harness.ts';
import { KeySet } from './key-set.ts';

const KEY_BYTES = 16;
const VALUE_BYTES = 64;
const FEW = 1 << 12;
const MANY = 1 << 20;
const BATCH = 16;
/** An odd number: its multiples visit all of a power of two of keys in a jumbled order. */
const JUMBLE = 0x9e3779b1;

/** A table with so many keys, and what the route pass knows of each key. */
class Filled {
  readonly table: HotTable;
  readonly keys: KeySet;
  readonly shards: Uint8Array;
  readonly hashes: Int32Array;
  readonly value = Buffer.alloc(VALUE_BYTES, 'v');
  readonly valueView = new DataView(
    this.value.buffer,
    this.value.byteOffset,
    this.value.byteLength,
  );

  /** @param filled how many of the keys are in the table */
  constructor(count: number, filled: number) {
    const poolBytes = Math.max(32 * 1024 * 1024, count * 256);
    const arena = createArena({ poolBytes, databases: 16, hashSecret: [11, 22] });
    this.table = new HotTable(arena, 1);
    this.keys = new KeySet(count, KEY_BYTES);
    this.shards = new Uint8Array(count);
    this.hashes = new Int32Array(count);
    const { hasher } = this.table;
    for (let i = 0; i < count; i += 1) {
      const at = this.keys.offset(i);
      this.shards[i] = hasher.slot(this.keys.bytes, at, KEY_BYTES) >>> SHARD_SHIFT;
      this.hashes[i] = hasher.hash(this.keys.bytes, at, KEY_BYTES);
      if (i < filled) this.set(i);
    }
  }

  /** Locks the key's shard and selects the key. */
  begin(key: number): void {
    const { keys, table } = this;
    const shard = this.shards[key]!;
    table.locks.tryLock(shard);
    const at = keys.offset(key);
    table.selectHashed(keys.bytes, keys.view, at, KEY_BYTES, 0, shard, this.hashes[key]!);
  }

  get(key: number): number {
    this.begin(key);
    const { table } = this;
    const entry = table.find();
    const sum = table.expireAtMs(entry) + table.words[table.valueWord(entry)]!;
    table.locks.unlock(this.shards[key]!);
    return sum;
  }

  set(key: number): number {
    this.begin(key);
    const { table } = this;
    let entry = table.find();
    if (entry === 0) {
      entry = table.create(TYPE_STRING, VALUE_BYTES);
    } else {
      entry = table.resize(entry, VALUE_BYTES, 0);
      table.setExpireAtMs(entry, 0);
    }
    table.writeValue(entry, 0, this.value, this.valueView, 0, VALUE_BYTES);
    table.stamp(entry);
    table.locks.unlock(this.shards[key]!);
    return entry;
  }

  remove(key: number): number {
    this.begin(key);
    const { table } = this;
    const entry = table.find();
    table.remove(entry, 0);
    table.locks.unlock(this.shards[key]!);
    return entry;
  }
}

function tableMicro(
  name: string,
  count: number,
  one: (filled: Filled, key: number) => number,
): Micro {
  return {
    name: `table: ${name}, ${count >= MANY ? '1 M' : '4 k'} keys`,
    prepare() {
      const filled = new Filled(count, count);
      let next = 0;
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            next = (next + JUMBLE) & (count - 1);
            sum += one(filled, next);
          }
          return sum;
        },
      };
    },
  };
}

/** In batches of a pipeline: all buckets, all entries, then the commands. */
function touchedMicro(name: string, one: (filled: Filled, key: number) => number): Micro {
  return {
    name: `table: ${name} after a touch pass over ${BATCH}, 1 M keys`,
    operationsPerIteration: BATCH,
    prepare() {
      const filled = new Filled(MANY, MANY);
      const batch = new Int32Array(BATCH);
      const heads = new Int32Array(BATCH);
      let next = 0;
      return {
        run(iterations) {
          const { table, shards, hashes } = filled;
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            for (let k = 0; k < BATCH; k += 1) {
              next = (next + JUMBLE) & (MANY - 1);
              batch[k] = next;
              heads[k] = table.touchBucket(shards[next]!, hashes[next]!);
            }
            for (let k = 0; k < BATCH; k += 1) sum ^= table.touchEntry(heads[k]!);
            for (let k = 0; k < BATCH; k += 1) sum += one(filled, batch[k]!);
          }
          return sum;
        },
      };
    },
  };
}

/** Get, overwrite, and a new key that is removed again. */
export const keyspaceMicros: readonly Micro[] = [
  tableMicro('GET hit', FEW, (filled, key) => filled.get(key)),
  tableMicro('GET hit', MANY, (filled, key) => filled.get(key)),
  touchedMicro('GET hit', (filled, key) => filled.get(key)),
  tableMicro(`SET ${VALUE_BYTES} bytes, overwrite`, FEW, (filled, key) => filled.set(key)),
  tableMicro(`SET ${VALUE_BYTES} bytes, overwrite`, MANY, (filled, key) => filled.set(key)),
  touchedMicro(`SET ${VALUE_BYTES} bytes, overwrite`, (filled, key) => filled.set(key)),
  {
    name: `table: SET ${VALUE_BYTES} bytes, new, and DEL, among 4 k keys`,
    prepare() {
      const filled = new Filled(FEW * 2, FEW);
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            const key = FEW + (i & (FEW - 1));
            sum += filled.set(key) + filled.remove(key);
          }
          return sum;
        },
      };
    },
  },
];
