// Puts a server under attack and checks what must hold meanwhile: other clients are served, and
// its memory stays within bounds.

import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, type ServerHandle } from '@forgekv/testkit';
import type { Test } from 'tap';
import { residentBytes, watchMemory } from './process-figures.ts';
import { connect } from './servers.ts';
import { until } from './until.ts';

export interface Endurance {
  /** Of the server, when it wants one. */
  readonly password?: string | undefined;
  /**
   * Memory is looked at once the server has come to rest: what was gained while hundreds were
   * connected may be more, but has to be given back. Default false: it counts at any time.
   */
  readonly settles?: boolean;
  /** Most resident memory gained at any time. Default 64 MB. */
  readonly growthBytes?: number;
  /** Longest wait of another client. Default 1500 ms, since the machine is busy with the test. */
  readonly waitMs?: number;
}

/** Time memory has to come down, in milliseconds. */
const SETTLE_MS = 30_000;

/** Runs `attack` and checks that others were served and memory stayed within bounds. */
export async function endure(
  t: Test,
  server: ServerHandle,
  attack: () => Promise<void>,
  { growthBytes = 64 * 2 ** 20, waitMs = 1500, settles = false, password }: Endurance = {},
): Promise<void> {
  const pid = server.pid;
  if (pid === undefined) throw new Error('the server does not run');
  const stop = await someoneElse(t, server, password);
  const before = residentBytes(pid);
  let most = 0;
  const unwatch = watchMemory(pid, (bytes) => {
    most = Math.max(most, bytes);
  });
  t.teardown(unwatch);
  await attack();
  unwatch();
  // Others are still being served, so that the collector of the server has its occasions.
  if (settles) {
    const isAtRest = () => {
      most = residentBytes(pid);
      return most - before <= growthBytes;
    };
    await until(isAtRest, SETTLE_MS);
  }
  const waitedMs = await stop();
  t.ok(waitedMs < waitMs, `another client waited ${Math.round(waitedMs)} ms at most`);
  const growth = Math.round((most - before) / 2 ** 20);
  t.ok(most - before <= growthBytes, `resident memory grew by ${growth} MB at most`);
}

/** Serves a well-behaved client until called; then returns the longest wait of an exchange. */
async function someoneElse(
  t: Test,
  server: ServerHandle,
  password: string | undefined,
): Promise<() => Promise<number>> {
  const client = await connect(t, server);
  if (password !== undefined) await client.must('AUTH', password);
  await client.must('SET', 'other:large', 'x'.repeat(30_000));
  let longestMs = 0;
  let isDone = false;
  const served = (async () => {
    for (let i = 0; !isDone; i++) {
      const startMs = performance.now();
      // In place, and on a worker.
      const [, got, last] = await client.pipeline([
        ['SET', 'other', i],
        ['GET', 'other'],
        ['GETRANGE', 'other:large', '0', '0'],
      ]);
      const said = `${got && describeReply(got)} ${last && describeReply(last)}`;
      if (said !== `"${i}" "x"`) throw new Error(`another client was told ${said}`);
      longestMs = Math.max(longestMs, performance.now() - startMs);
      await sleep(2);
    }
  })();
  // A rejection is seen when it is awaited below; until then it must not end the test.
  served.catch(() => {});
  return async () => {
    isDone = true;
    await served;
    await client.close();
    return longestMs;
  };
}
