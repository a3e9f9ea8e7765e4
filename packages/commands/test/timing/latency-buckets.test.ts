// The buckets of times: how exact they are, and how Redis spells their bounds.

import { test } from 'tap';
import {
  cumulativeCounts,
  LATENCY_BUCKETS,
  latencyBoundOf,
  latencyBucketOf,
  percentileOf,
} from '../../src/timing/latency-buckets.ts';

function counted(...times: number[]): number[] {
  const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
  for (const time of times) counts[latencyBucketOf(time)]!++;
  return counts;
}

test('a time is known to an eighth', (t) => {
  let last = -1;
  for (let us = 0.01; us < 3e6; us *= 1.01) {
    const bucket = latencyBucketOf(us);
    if (bucket < last || bucket >= LATENCY_BUCKETS) t.fail(`${us} us is in bucket ${bucket}`);
    last = bucket;
    if (us < 0.064 || us > 1_000_000) continue;
    const bound = latencyBoundOf(bucket);
    if (bound < us - 0.001 || bound > us * 1.126) t.fail(`${us} us has the bound ${bound}`);
  }
  t.equal(latencyBucketOf(0), 0);
  t.equal(latencyBucketOf(1e12), LATENCY_BUCKETS - 1);
  t.end();
});

test('bounds', (t) => {
  t.strictSame(cumulativeCounts(counted()), []);
  t.strictSame(cumulativeCounts(counted(0.1, 0.5, 1, 1.5, 3, 3)), [
    [1, 3],
    [2, 4],
    [4, 6],
  ]);
  // Of a Redis 7.0 that slept for so long.
  const times = [1500, 3000, 6000, 15_000, 30_000, 60_000, 120_000, 300_000];
  t.strictSame(
    cumulativeCounts(counted(...times)).map(([bound]) => bound),
    [2113, 4227, 8454, 16908, 33816, 67633, 135266, 541065],
  );
  t.end();
});

test('percentiles', (t) => {
  const counts = counted(...Array.from({ length: 100 }, (_, i) => (i < 90 ? 10 : 1000)));
  for (const [percent, us] of [
    [0, 10],
    [50, 10],
    [90, 10],
    [91, 1000],
    [100, 1000],
  ] as const) {
    const value = percentileOf(counts, percent);
    t.ok(value >= us && value <= us * 1.126, `p${percent} is ${value}`);
  }
  t.equal(percentileOf(counted(), 50), 0);
  t.end();
});
