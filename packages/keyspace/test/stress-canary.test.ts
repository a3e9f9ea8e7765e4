// The canary of the stress run: with a planted bug it must fail, or it proves nothing.

import { t as file, test } from 'tap';
import type { Fault } from './stress-job.ts';
import { runRound } from './stress-run.ts';

/** Time in which a planted bug must be found; it usually takes a fraction of a second. */
const BOUND_MS = 30_000;

file.setTimeout(5 * BOUND_MS);

for (const fault of ['skips-lock', 'unlocks-early'] satisfies Fault[]) {
  test(`the stress run finds a lock that ${fault}`, { timeout: 2 * BOUND_MS }, async (t) => {
    const startedAtMs = performance.now();
    let problems: readonly string[] = [];
    let rounds = 0;
    while (problems.length === 0 && performance.now() - startedAtMs < BOUND_MS) {
      rounds++;
      const result = await runRound({ seed: rounds, durationMs: 1000, fault });
      problems = result.problems;
    }
    const tookMs = performance.now() - startedAtMs;
    t.ok(problems.length > 0, `found in round ${rounds} after ${tookMs.toFixed(0)} ms`);
    t.comment(problems[0]?.split('\n')[0] ?? 'not found');
  });
}
