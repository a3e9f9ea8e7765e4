// The large values of a test's worker.

import assert from 'node:assert/strict';
import type { LargeValue, LargeValues } from '../../src/index.ts';

/** Large values in a map: those of a single worker that owns every shard. */
export class MemoryLargeValues implements LargeValues {
  readonly values = new Map<number, { shard: number; value: LargeValue }>();

  /** Number of values ever put: how often a buffer was made or changed hands. */
  puts = 0;

  reaches(): boolean {
    return true;
  }

  owns(): boolean {
    return true;
  }

  grow(): boolean {
    return false;
  }

  isHeld(): boolean {
    return false;
  }

  has(id: number): boolean {
    return this.values.has(id);
  }

  get(id: number): LargeValue {
    const found = this.values.get(id);
    assert.ok(found, `no large value ${id}`);
    return found.value;
  }

  put(shard: number, id: number, value: LargeValue): void {
    assert.ok(!this.values.has(id), `large value ${id} is there already`);
    this.values.set(id, { shard, value });
    this.puts++;
  }

  touch(shard: number, id: number): void {
    assert.equal(this.values.get(id)?.shard, shard, `large value ${id} is not of this shard`);
  }

  awaitRelease(): boolean {
    return false;
  }

  queueFor(): boolean {
    return false;
  }

  drop(shard: number, id: number): void {
    assert.equal(this.values.get(id)?.shard, shard, `large value ${id} is not of this shard`);
    this.values.delete(id);
  }
}
