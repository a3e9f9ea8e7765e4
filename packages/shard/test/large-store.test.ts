// Large values of a worker and of others: counted, remembered, lent and taken back.

import { Random, SHARD_COUNT } from '@forgekv/base';
import { allocateLarge, type LargeCollection } from '@forgekv/commands';
import { test } from 'tap';
import { emptyElements } from '../src/element-forms.ts';
import type { CollectionElements } from '../src/element-records.ts';
import { LargeStore } from '../src/large-store.ts';
import {
  COLLECTION_TYPES,
  change,
  digestOf,
  emptyCollection,
  emptyPlain,
  type Plain,
} from './collection-model.ts';
import { TestDisk, TestWorker } from './test-worker.ts';

const SEED = Number(process.env.FORGEKV_LARGE_SEED ?? Date.now() & 0x7fffffff);

test(`collections between two workers, seed ${SEED}`, async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  const random = new Random(SEED);
  // Shard 0 is the first worker's, all others are the second one's.
  const workerOf = new Uint8Array(SHARD_COUNT).fill(1);
  workerOf[0] = 0;
  const options = { hasher: worker.table.hasher, random };
  for (const type of COLLECTION_TYPES) {
    const home = new LargeStore(0, workerOf, options);
    const owner = new LargeStore(1, workerOf, options);
    const value = emptyCollection(worker, type);
    const plain = emptyPlain(type);
    change(random, value, plain, 3000, 9000);
    owner.put(5, 7, value);
    t.equal(owner.bytes, value.memoryBytes);
    home.enter(new Set([0, 5]));
    t.ok(home.reaches(5));
    const lent = owner.lend(7);
    if (lent === null || lent === '') throw new Error('it is there');
    home.borrow(7, lent);
    const borrowed = home.get(7) as LargeCollection;
    t.equal(digestOf(borrowed), digestOf(value));
    t.same(home.leave(), [], 'what was only read does not go back');
    home.enter(new Set([0, 5]));
    home.borrow(7, lent);
    const changed = home.get(7) as LargeCollection;
    change(random, changed, plain, 50, 20);
    home.touch(5, 7);
    home.touch(5, 7);
    home.put(5, 8, emptyCollection(worker, type));
    home.drop(5, 8);
    const changes = home.leave();
    t.equal(changes.length, 2, 'each value goes back once');
    for (const { id, value: back } of changes) {
      if (back === null) owner.forget(id);
      else owner.takeBack(id, home.packChange(back));
    }
    t.equal(digestOf(owner.get(7) as LargeCollection), digestOf(changed));
    t.equal(owner.bytes, (owner.get(7) as LargeCollection).memoryBytes);
    t.equal(owner.ownCollection(7)!.elements.changedCount, Number.POSITIVE_INFINITY);
    owner.forget(7);
    t.equal(owner.bytes, 0);
    t.equal(owner.lend(7), null);
  }
});

test('a string is lent as it is, without a copy', async (t) => {
  const workerOf = new Uint8Array(SHARD_COUNT);
  const worker = await TestWorker.start(new TestDisk(t));
  const store = new LargeStore(0, workerOf, worker.context.largeOptions);
  const value = allocateLarge(100)!;
  store.keep(1, value);
  const lent = store.lend(1);
  if (lent === null || lent === '') throw new Error('it is there');
  t.equal(lent.pieces[0], value.buffer);
});

/** Some of them leave a value as it is, in rare cases all; gives up where none is noticed. */
function changeSome(
  random: Random,
  value: LargeCollection,
  plain: Plain,
  elements: CollectionElements,
): void {
  for (let i = 0; i < 20 && elements.changedCount === 0; i++) change(random, value, plain, 10, 20);
}

test('changes in place are counted and remembered, a moved collection goes on so', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  const random = new Random(SEED + 1);
  for (const type of COLLECTION_TYPES) {
    const store = new LargeStore(0, new Uint8Array(SHARD_COUNT), worker.context.largeOptions);
    const value = emptyCollection(worker, type);
    const plain = emptyPlain(type);
    change(random, value, plain, 3000, 20);
    store.keepStored(1, value, 99);
    const own = store.ownCollection(1)!;
    t.equal(own.elements.changedCount, 0);
    changeSome(random, value, plain, own.elements);
    store.touch(0, 1);
    t.equal(store.bytes, value.memoryBytes);
    t.ok(own.elements.changedCount > 0 && own.elements.changedCount <= 20);
    store.put(0, 2, value);
    store.drop(0, 1);
    const moved = store.ownCollection(2)!;
    t.equal(moved.elements.changedCount, Number.POSITIVE_INFINITY);
    moved.elements.changes();
    changeSome(random, value, plain, moved.elements);
    t.ok(moved.elements.changedCount > 0, 'the listener is that of the new id');
    store.touch(0, 2);
    t.equal(store.bytes, value.memoryBytes);
  }
});

test('records that no collection has are refused', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  const { largeOptions } = worker.context;
  const key = Buffer.alloc(8, 200);
  const bad: [number, Buffer, Buffer][] = [
    ...['', '\u0002value', '\u0001short'].map((text): [number, Buffer, Buffer] => [
      5,
      key,
      Buffer.from(text),
    ]),
    [3, key, Buffer.from('x')],
    [4, key, Buffer.alloc(7)],
    [4, key, Buffer.alloc(8, 255)],
    [2, Buffer.alloc(7), Buffer.from([1, 0, 0, 0, 65])],
    [2, key, Buffer.alloc(0)],
    [2, key, Buffer.from([9, 0, 0, 0, 65])],
    [2, key, Buffer.from([1, 0, 0])],
    [2, Buffer.alloc(8, 255), Buffer.from([1, 0, 0, 0, 65])],
  ];
  for (const [type, name, payload] of bad) {
    t.equal(emptyElements(type, largeOptions)!.add(name, payload), false, `${type} ${payload}`);
  }
  t.equal(emptyElements(1, largeOptions), null);
});
