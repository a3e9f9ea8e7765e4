// The border of every threshold: the last value that stays packed, and the first that does not.

import { test } from 'tap';
import {
  hashCountStaysPacked,
  hashMayStayPacked,
  intsetStays,
  listGrowthStaysPacked,
  listMayPack,
  listShrinkPacks,
  newSetForm,
  setAddStaysPacked,
  setMayStayPacked,
  sortedSetAddStaysPacked,
  sortedSetMayStayPacked,
} from '../src/index.ts';

const limits = { maxEntries: 128, maxValueBytes: 64 };
const none = { maxEntries: 0, maxValueBytes: 64 };

test('hashes', async (t) => {
  t.equal(hashMayStayPacked(128, 64, limits), true);
  t.equal(hashMayStayPacked(129, 64, limits), false);
  t.equal(hashMayStayPacked(128, 65, limits), false);
  t.equal(hashCountStaysPacked(128, limits), true);
  t.equal(hashCountStaysPacked(129, limits), false);
  t.equal(hashMayStayPacked(1, 1, none), false);
});

test('sets', async (t) => {
  t.equal(newSetForm(true, 512, 512, limits), 'intset');
  t.equal(newSetForm(true, 513, 512, limits), 'hashtable');
  t.equal(newSetForm(true, 20, 10, limits), 'listpack');
  t.equal(newSetForm(false, 128, 512, limits), 'listpack');
  t.equal(newSetForm(false, 129, 512, limits), 'hashtable');
  t.equal(setMayStayPacked('intset', 512, 512, limits), true);
  t.equal(setMayStayPacked('intset', 513, 512, limits), false);
  t.equal(setMayStayPacked('listpack', 128, 512, limits), true);
  t.equal(setMayStayPacked('listpack', 129, 512, limits), false);
  t.equal(intsetStays(512, 512), true);
  t.equal(intsetStays(513, 512), false);
  t.equal(setAddStaysPacked(127, 64, limits), true);
  t.equal(setAddStaysPacked(128, 64, limits), false);
  t.equal(setAddStaysPacked(127, 65, limits), false);
});

test('sorted sets', async (t) => {
  t.equal(sortedSetMayStayPacked(128, 64, limits), true);
  t.equal(sortedSetMayStayPacked(129, 0, limits), false);
  t.equal(sortedSetMayStayPacked(1, 65, limits), false);
  t.equal(sortedSetAddStaysPacked(127, 64, limits), true);
  t.equal(sortedSetAddStaysPacked(128, 1, limits), false);
  t.equal(sortedSetAddStaysPacked(0, 65, limits), false);
  t.equal(sortedSetAddStaysPacked(0, 1, none), false);
});

test('lists by size', async (t) => {
  const classes = [4096, 8192, 16384, 32768, 65536, 65536, 65536];
  for (const [i, bytes] of classes.entries()) {
    const size = -1 - i;
    t.equal(listMayPack(bytes, 60_000, size), true);
    t.equal(listMayPack(bytes + 1, 1, size), false);
    t.equal(listGrowthStaysPacked(bytes - 10, 1, 10, 1, size), true);
    t.equal(listGrowthStaysPacked(bytes - 10, 1, 11, 1, size), false);
    t.equal(listShrinkPacks(bytes / 2, 60_000, size), true);
    t.equal(listShrinkPacks(bytes / 2 + 1, 1, size), false);
  }
});

test('lists by count', async (t) => {
  t.equal(listMayPack(8192, 128, 128), true);
  t.equal(listMayPack(8192, 129, 128), false);
  t.equal(listMayPack(8193, 1, 128), false);
  t.equal(listMayPack(10, 1, 0), true, '0 stands for 1');
  t.equal(listMayPack(10, 2, 0), false);
  t.equal(listGrowthStaysPacked(100, 127, 5, 1, 128), true);
  t.equal(listGrowthStaysPacked(100, 127, 5, 2, 128), false);
  t.equal(listShrinkPacks(9000, 64, 128), true);
  t.equal(listShrinkPacks(9000, 65, 128), false);
  t.equal(listShrinkPacks(10, 1, 0), false);
});
