// The state of a test's keyspace: as text, to see whether anything has changed, and checked for
// what must hold between any two commands.

import assert from 'node:assert/strict';
import { SHARD_COUNT } from '@forgekv/base';
import { LargeStream, packedCount, verifyPacked } from '@forgekv/datatypes';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext, ThreadStats } from '../../src/index.ts';
import type { MemoryLargeValues } from './memory-large-values.ts';

/** Of longer values the dump has the beginning and the length: it is made for every command. */
const SHOWN_BYTES = 2000;

const COLLECTIONS = [TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_ZSET];

type Visit = (entry: number, db: number, shard: number) => void;

/** Every entry there is, one line each, and what is counted: equal when nothing has changed. */
export function dumpKeyspace(
  c: CommandContext,
  large: MemoryLargeValues,
  stats: readonly ThreadStats[],
): string {
  const { table } = c;
  const lines: string[] = [];
  forEachEntry(c, (entry, db, shard) => {
    const about = [db, shard, table.typeOf(entry), table.flagsOf(entry), table.lsnOf(entry)];
    const value = packedOrLarge(c, large, entry);
    const shown = `${value.toString('latin1', 0, SHOWN_BYTES)} ${value.length}`;
    lines.push(`${about} ${table.expireAtMs(entry)} ${keyOf(c, entry)} ${shown}`);
  });
  for (const { hits, misses, changes } of stats) lines.push(`stats ${[hits, misses, changes]}`);
  return [...lines.sort(), `pages ${table.pool.freePages}`].join('\n');
}

/**
 * Checks counters, locks, promised pages, packed collections, and large values against entries.
 * @param hasPlants there may be collections that are none
 */
export function auditKeyspace(
  c: CommandContext,
  large: MemoryLargeValues,
  contexts: readonly CommandContext[],
  hasPlants: boolean,
): void {
  const { table, databases } = c;
  const keys = new Map<string, number>();
  const expires = new Map<number, number>();
  const bytes = new Map<string, number>();
  const largeIds = new Set<number>();
  forEachEntry(c, (entry, db, shard) => {
    keys.set(`${db} ${shard}`, (keys.get(`${db} ${shard}`) ?? 0) + 1);
    bytes.set(`${db} ${shard}`, (bytes.get(`${db} ${shard}`) ?? 0) + table.datasetBytes(entry));
    if (table.expireAtMs(entry) !== 0) expires.set(db, (expires.get(db) ?? 0) + 1);
    const at = table.valueWord(entry);
    if (!table.isLarge(entry)) {
      const length = table.valueLength(entry);
      const isCollection = !hasPlants && COLLECTIONS.includes(table.typeOf(entry));
      if (isCollection) auditPacked(table.bytes, at * 4, length);
      return;
    }
    const id = table.words[at]!;
    assert.ok(!largeIds.has(id), 'two entries share a large value');
    largeIds.add(id);
    const value = large.get(id);
    if (Buffer.isBuffer(value)) assert.ok(value.length >= table.words[at + 1]!, 'it is cut off');
    else if (!(value instanceof LargeStream)) {
      assert.ok(value.count > 0, 'an empty collection stays');
    }
  });
  for (let db = 0; db < databases.count; db++) {
    assert.equal(databases.expires(db), expires.get(db) ?? 0, 'keys with expiry are miscounted');
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      const counted = keys.get(`${db} ${shard}`) ?? 0;
      const here = databases.keysOfShard(db, shard) - databases.awayOfShard(db, shard);
      assert.equal(here, counted, 'keys are miscounted');
      const sum = bytes.get(`${db} ${shard}`) ?? 0;
      const counts = databases.bytesOfShard(db, shard);
      // Nobody here knows how long those are that are away.
      if (databases.isComplete(db, shard)) assert.equal(counts, sum, 'bytes are miscounted');
      else assert.ok(counts > sum, 'bytes are miscounted');
    }
  }
  for (const context of contexts) {
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      assert.ok(!context.table.locks.holds(shard), `the lock of shard ${shard} is kept`);
    }
  }
  for (const id of large.values.keys()) {
    assert.ok(largeIds.has(id), `large value ${id} is left behind`);
  }
}

function auditPacked(bytes: Buffer, offset: number, length: number): void {
  assert.equal(verifyPacked(bytes, offset, length), null);
  assert.ok(packedCount(bytes, offset) > 0, 'an empty collection stays');
}

function forEachEntry({ scanner, databases }: CommandContext, visit: Visit): void {
  for (let db = 0; db < databases.count; db++) {
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      let position = 0;
      while (position < 2 ** 32) {
        // The beginning of time: entries that have expired are seen too.
        position = scanner.walk(shard, db, position, 1000, 0, (entry) => visit(entry, db, shard));
      }
    }
  }
}

function keyOf({ table }: CommandContext, entry: number): string {
  const at = table.keyWord(entry) * 4;
  return table.bytes.toString('latin1', at, at + table.keyLength(entry));
}

function packedOrLarge({ table }: CommandContext, large: MemoryLargeValues, entry: number): Buffer {
  const at = table.valueWord(entry);
  if (table.isLarge(entry)) {
    const value = large.get(table.words[at]!);
    if (Buffer.isBuffer(value)) return value.subarray(0, table.words[at + 1]!);
    return Buffer.from(`${value.constructor.name} ${value.count} ${value.memoryBytes}`);
  }
  return table.bytes.subarray(at * 4, at * 4 + table.valueLength(entry));
}
