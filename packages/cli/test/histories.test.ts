// Histories of twenty clients at once are linearizable: registers, counters, lists, sets, commands
// and transactions on several keys, WATCH; on one place and on many, and over kill -9. What the
// histories consist of is in the testkit; `history-main.js` there runs longer ones.
//
// FORGEKV_HISTORY_SEED repeats what clients send, FORGEKV_HISTORY_MS makes every phase longer.

import { checkHistory, formatVerdict, plantBugs, runHistory } from '@forgekv/testkit';
import { test } from 'tap';
import { serve } from './support/servers.ts';

const seed = Number(process.env.FORGEKV_HISTORY_SEED ?? Date.now() % 2 ** 31);
const phaseMs = Number(process.env.FORGEKV_HISTORY_MS ?? 400);

/** Of every kind of value, some are large. */
const LARGE = [
  ...['--hot-value-max-bytes', '64', '--list-max-listpack-size', '4'],
  ...['--set-max-listpack-entries', '3'],
];
const FORCE_HOP = [...LARGE, '--debug-force-hop', 'yes'];
const KEEP_COLD = ['--debug-keep-cold', 'yes'];

/** Of those that are killed, the first half of the history is on a fresh server. */
const RUNS = [
  { fronts: 1, workers: 1, args: LARGE, kills: 1 },
  { fronts: 2, workers: 2, args: FORCE_HOP, kills: 0 },
  { fronts: 2, workers: 2, args: KEEP_COLD, kills: 1 },
  { fronts: 3, workers: 4, args: LARGE, kills: 1 },
];
const LEAST_OPERATIONS = 200;

process.stderr.write(`histories: FORGEKV_HISTORY_SEED=${seed}\n`);

for (const { fronts, workers, args, kills } of RUNS) {
  const name = `${fronts} fronts, ${workers} workers, ${kills} kills, ${args.join(' ')}`;
  test(name, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    const result = await runHistory({ server, seed, phaseMs, kills });
    const { verdict, sums, history, unanswered, refused } = result;
    t.equal(verdict.kind, 'linearizable', formatVerdict(verdict));
    t.same([...sums], [6000], 'no money comes or goes');
    t.ok(history.length > LEAST_OPERATIONS, `${history.length} operations`);
    t.comment(`${formatVerdict(verdict)}, ${unanswered} unanswered, ${refused} refused`);
    // The same with a lie in it: so the judge was awake.
    const bugs = plantBugs(history);
    t.ok(bugs.length >= 4, bugs.map((bug) => bug.name).join(', '));
    for (const bug of bugs) t.equal(checkHistory(bug.history).kind, 'violation', bug.name);
  });
}
