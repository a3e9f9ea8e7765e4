// Times of commands since they were looked at before.

import { test } from 'tap';
import { statsBytes, ThreadStats } from '../../src/stats.ts';
import { RecentTimes } from '../../src/timing/recent-times.ts';

test('recent times', async (t) => {
  const memory = new SharedArrayBuffer(statsBytes(5));
  const stats = new ThreadStats(memory);
  stats.took(4, 1_000_000);
  const recent = new RecentTimes(memory);
  recent.look();
  t.equal(recent.meanMicroseconds, 1_000_000, 'at first, since the start');
  recent.look();
  t.ok(Number.isNaN(recent.meanMicroseconds), 'nothing was called');
  t.ok(Number.isNaN(recent.percentile(99)));
  // Waits lie behind the commands, and are none.
  stats.waits.tell({ connections: 1000, borrowedValues: 1000 });
  stats.took(0, 10, 98);
  stats.took(4, 500, 2);
  recent.look();
  t.equal(recent.meanMicroseconds, (98 * 10 + 2 * 500) / 100);
  const near = (value: number, wanted: number): boolean => Math.abs(value / wanted - 1) < 0.13;
  t.ok(near(recent.percentile(50), 10));
  t.ok(near(recent.percentile(99), 500));
  stats.took(0, 20);
  recent.look();
  t.equal(recent.meanMicroseconds, 20);
  t.ok(near(recent.percentile(100), 20));
});
