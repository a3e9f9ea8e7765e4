// The cap on the dataset: what is counted, and when writes are told that it is too much.

import { test } from 'tap';
import { CAP_EVICT, CAP_REFUSE, CAP_UNDER } from '../src/dataset-cap.ts';
import { HotTable } from '../src/hot-table.ts';
import { DATASET_KEY_BYTES } from '../src/layout.ts';
import { KeyedTable, smallArena } from './keyed-table.ts';

const KB = 1024;

test('bytes are those of keys and values, in all databases', async (t) => {
  const keys = new KeyedTable(smallArena(64));
  const { cap } = keys.table;
  t.equal(cap.bytes(), 0);
  keys.set('four', 'x'.repeat(100));
  const first = DATASET_KEY_BYTES + 4 + 100;
  t.equal(cap.bytes(), first);
  keys.set('four', 'x'.repeat(5000));
  t.equal(cap.bytes(), first + 4900);
  keys.set('four', '');
  t.equal(cap.bytes(), first - 100);
  keys.set('other', 'yy', 3);
  const second = DATASET_KEY_BYTES + 5 + 2;
  t.equal(cap.bytes(), first - 100 + second);
  const { databases } = keys;
  databases.withAllLocks(() => databases.swap(0, 3));
  t.equal(cap.bytes(), first - 100 + second);
  databases.withAllLocks(() => databases.flush(0));
  t.equal(cap.bytes(), first - 100, 'the bytes go with the database');
  keys.delete('four', 3);
  t.equal(cap.bytes(), 0);
});

test('a large value counts its length', async (t) => {
  const keys = new KeyedTable(smallArena(64));
  const { cap } = keys.table;
  keys.set('k', '12345678');
  keys.locked('k', 0, (table) => table.setLarge(table.find(), 1, 3_000_000_000));
  t.equal(cap.bytes(), DATASET_KEY_BYTES + 1 + 3_000_000_000);
  keys.locked('k', 0, (table) => table.setLargeLength(table.find(), 2_500_000_000));
  t.equal(cap.bytes(), DATASET_KEY_BYTES + 1 + 2_500_000_000);
  keys.locked('k', 0, (table) => table.chill(table.shard, table.find(), 2_500_000_000));
  t.equal(cap.bytes(), DATASET_KEY_BYTES + 1 + 2_500_000_000, 'cold or not');
  keys.set('k', 'small');
  t.equal(cap.bytes(), DATASET_KEY_BYTES + 1 + 5);
});

test('growth is seen within a step, without anybody looking', async (t) => {
  const keys = new KeyedTable(smallArena(200));
  const { cap } = keys.table;
  t.equal(cap.state, CAP_UNDER);
  const limitBytes = 640 * KB;
  const stepBytes = limitBytes / 64;
  cap.configure(limitBytes, true);
  let i = 0;
  while (cap.state === CAP_UNDER && i < 5000) keys.set(`k${i++}`, 'x'.repeat(500));
  t.equal(cap.state, CAP_EVICT);
  const bytes = cap.bytes();
  t.ok(bytes > limitBytes && bytes < limitBytes + stepBytes + 600, `${bytes - limitBytes} above`);
  t.ok(cap.wasReached);
  const other = new HotTable(keys.table.arena, 2).cap;
  t.equal(other.state, CAP_EVICT, 'every thread sees it');
  other.configure(limitBytes, false);
  t.equal(cap.state, CAP_REFUSE);
  for (let j = 0; j < 200; j++) keys.delete(`k${j}`);
  t.equal(cap.state, CAP_REFUSE, 'as long as nobody looks');
  t.equal(cap.look(), cap.bytes());
  t.equal(cap.state, CAP_UNDER);
  other.configure(0, false);
  while (i < 5000) keys.set(`k${i++}`, 'x'.repeat(500));
  t.equal(cap.state, CAP_UNDER, 'without a cap there is no too much');
});

test('exactly the cap is not above it', async (t) => {
  const keys = new KeyedTable(smallArena(64));
  const { cap } = keys.table;
  keys.set('k', 'v');
  cap.configure(cap.bytes(), false);
  t.equal(cap.state, CAP_UNDER);
  keys.set('k', 'vv');
  cap.look();
  t.equal(cap.state, CAP_REFUSE);
});
