/**
 * Linearizability from the command line, round after round until the time is over:
 *
 *   node packages/testkit/dist/src/history-main.js --seconds 120 --fronts 3 --workers 4 --kills 1
 *
 * `--args` are more options of the server, apart by spaces. `--server redis` is the control; it has
 * no kills. A round that is not sound ends it.
 */
import { parseArgs } from 'node:util';
import { checkHistory } from './histories/index.ts';
import { formatVerdict } from './histories/linearizability.ts';
import { plantBugs } from './histories/planted-bugs.ts';
import { isSound, runHistory } from './histories/run-history.ts';
import { startForgeKv, startRedis } from './server-process.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'forgekv' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    clients: { type: 'string', default: '20' },
    /** Per round. */
    kills: { type: 'string', default: '0' },
    /** How long clients send before each kill and before the end of a round. */
    ms: { type: 'string', default: '1000' },
    args: { type: 'string', default: '' },
    /** Also judges each history with lies planted in it. */
    plant: { type: 'boolean', default: false },
  },
});

const args = values.args.split(/\s+/).filter((word) => word !== '');
const threads = { fronts: Number(values.fronts), workers: Number(values.workers) };
const server =
  values.server === 'redis' ? await startRedis({ args }) : await startForgeKv({ args, ...threads });
const deadlineMs = performance.now() + 1000 * Number(values.seconds);
const total = { rounds: 0, operations: 0, steps: 0, unanswered: 0, refused: 0, planted: 0 };
try {
  for (let seed = Number(values.seed); performance.now() < deadlineMs; seed += 100_000) {
    const options = { phaseMs: Number(values.ms), kills: Number(values.kills) };
    const result = await runHistory({ server, seed, clients: Number(values.clients), ...options });
    total.rounds++;
    total.operations += result.history.length;
    total.steps += result.verdict.steps;
    total.unanswered += result.unanswered;
    total.refused += result.refused;
    if (!isSound(result)) {
      console.log(`seed ${seed}: ${formatVerdict(result.verdict)}\nsums ${[...result.sums]}`);
      process.exitCode = 1;
      break;
    }
    if (!values.plant) continue;
    for (const bug of plantBugs(result.history)) {
      total.planted++;
      const verdict = checkHistory(bug.history);
      if (verdict.kind === 'violation') continue;
      console.log(`seed ${seed}: ${bug.name} was not found: ${formatVerdict(verdict)}`);
      process.exitCode = 1;
    }
  }
} finally {
  await server.stop();
}
console.log(`${values.server} ${JSON.stringify(threads)} ${values.args}: ${JSON.stringify(total)}`);
