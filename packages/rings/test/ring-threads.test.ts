// Two threads hammer a small ring with frames of random sizes, sleeping on their doorbells
// whenever it is full or empty: every byte arrives, and nobody sleeps while there is work.

import { test } from 'tap';
import { createRingMemory } from '../src/byte-ring.ts';
import { createDoorbellMemory } from '../src/doorbell.ts';
import type { HammerJob, HammerReport } from './ring-hammer.ts';
import { runThread } from './run-thread.ts';

const FRAMES = 60_000;

for (const start of [0, 2 ** 31 - 100_000, -100_000 & ~7]) {
  test(`two threads on a 4 KB ring, positions from ${start}`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.comment(`seed ${seed}`);
    const ring = createRingMemory(4096);
    const words = new Int32Array(ring);
    words[0] = start & ~7;
    words[16] = start & ~7;
    const doorbells = createDoorbellMemory(2);
    const job = { ring, doorbells, seed, frames: FRAMES };
    const run = (role: HammerJob['role']): Promise<HammerReport> =>
      runThread<HammerReport>('./ring-hammer.js', { ...job, role });
    const [writer, reader] = await Promise.all([run('write'), run('read')]);
    t.equal(reader.problem, '');
    t.equal(reader.bytes, writer.bytes);
    t.equal(reader.sum, writer.sum);
    t.ok(writer.sleeps > 10 && reader.sleeps + writer.sleeps > 20, 'it was full and empty');
    t.equal(writer.lateWakes + reader.lateWakes, 0, 'no wake-up was lost');
    t.comment(`${writer.bytes} bytes, ${writer.sleeps} and ${reader.sleeps} sleeps`);
  });
}
