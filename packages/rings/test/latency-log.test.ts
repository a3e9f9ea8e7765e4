// The latency monitor: what stays of many samples, and for how long.

import { test } from 'tap';
import { createLatencyMemory, LATENCY_SAMPLES, LatencyLog } from '../src/index.ts';

test('samples', (t) => {
  const memory = createLatencyMemory();
  const [log, other] = [new LatencyLog(memory), new LatencyLog(memory)];
  t.strictSame(log.all(), []);
  t.equal(log.series('command'), null);
  log.took('command', 1e9);
  t.equal(log.series('command'), null, 'off');
  log.setThreshold(10);
  t.ok(other.isOn);
  other.took('command', 9_999);
  t.equal(log.series('command'), null);
  other.took('command', 10_500);
  t.equal(log.series('command')?.samples[0]?.milliseconds, 10);
  t.ok(log.reset('command'));
  t.notOk(log.reset('command'));
  t.notOk(log.reset('nosuch'));
  for (let second = 1; second <= 200; second++) {
    for (const ms of [second, 2 * second, second]) {
      log.add('expire-cycle', ms * 1000, second * 1000 + ms);
    }
  }
  const { samples, longestMs, event } = other.series('expire-cycle')!;
  t.equal(event, 'expire-cycle');
  t.equal(longestMs, 400);
  t.equal(samples.length, LATENCY_SAMPLES);
  t.strictSame(samples[0], { unixSeconds: 41, milliseconds: 82 });
  t.strictSame(samples.at(-1), { unixSeconds: 200, milliseconds: 400 });
  t.strictSame(
    other.all().map((series) => series.event),
    ['expire-cycle'],
  );
  t.end();
});
