// The servers that the libraries' workloads run on: ForgeKV on one worker and on several, and a
// real Redis, which shows that a workload is right.

import { skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { serve } from './servers.ts';

const FORGEKV = [
  { fronts: 1, workers: 1 },
  { fronts: 2, workers: 4 },
] as const;

/** Plays the same on every one of them, each time in a test of its own. */
export function onEveryServer(name: string, play: (t: Test, port: number) => Promise<void>): void {
  for (const layout of FORGEKV) {
    test(`${name}, ${layout.fronts} fronts, ${layout.workers} workers`, async (t) => {
      await play(t, (await serve(t, layout)).port);
    });
  }
  test(`${name}, redis-server`, { skip: skipWithoutRedis() }, async (t) => {
    const server = await startRedis();
    t.teardown(() => server.stop());
    await play(t, server.port);
  });
}
