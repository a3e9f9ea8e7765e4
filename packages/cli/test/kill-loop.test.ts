// kill -9 at random moments, again and again, on one data directory: nothing that was acknowledged,
// and nothing that anybody was shown, may be gone afterwards, in any mode of syncing; what was in
// flight may have happened in order, and MSET and DEL of several keys as a whole or not at all.
//
// FORGEKV_KILL_SEED repeats a run, FORGEKV_KILL_ROUNDS makes each of them longer.

import { formatKillLoop, killLoop, startForgeKv } from '@forgekv/testkit';
import { test } from 'tap';

const firstSeed = Number(process.env.FORGEKV_KILL_SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.FORGEKV_KILL_ROUNDS ?? 4);
/** Longest time under load before a kill. */
const MS_PER_ROUND = 300;
/** Nearly every value is large, and every command goes to a worker. */
const LONG_WAY = ['--hot-value-max-bytes', '64', '--debug-force-hop', 'yes'];
/** Keys and values leave the hot table as soon as they can. */
const KEEP_COLD = ['--debug-keep-cold', 'yes'];
/** Most of a run is starting threads: so every mode is tried, but not on every layout. */
const RUNS = [
  { fronts: 1, workers: 1, args: [] },
  { fronts: 2, workers: 4, args: [] },
  { fronts: 2, workers: 1, args: ['--appendfsync', 'always'] },
  { fronts: 1, workers: 1, args: ['--appendfsync', 'no'] },
  { fronts: 2, workers: 2, args: LONG_WAY },
  { fronts: 2, workers: 2, args: KEEP_COLD },
];

process.stderr.write(`kill loop: FORGEKV_KILL_SEED=${firstSeed}\n`);

for (const [index, { fronts, workers, args }] of RUNS.entries()) {
  test(`kill -9, ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const result = await killLoop({
      start: () => startForgeKv({ fronts, workers, args }),
      rounds,
      seed: firstSeed + index,
      msPerRound: MS_PER_ROUND,
    });
    t.ok(result.ok, formatKillLoop(result));
    t.equal(result.rounds, rounds, 'all rounds were verified');
    t.comment(formatKillLoop(result));
  });
}
