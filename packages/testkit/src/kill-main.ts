/**
 * The kill -9 test from the command line:
 *
 *   node packages/testkit/dist/src/kill-main.js --rounds 100 --server forgekv
 *   node packages/testkit/dist/src/kill-main.js --server redis --args='--appendonly yes'
 *
 * `--args` are more options of the server, apart by spaces. Redis keeps nothing unless they say so.
 * The directory is a temporary one, or `--dir`; it is left when anything was violated.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatKillLoop, killLoop } from './kill-loop.ts';
import { startForgeKv, startRedis } from './server-process.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'forgekv' },
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    /** The longest time under load before a kill. */
    ms: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '8' },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    args: { type: 'string', default: '' },
    dir: { type: 'string' },
    'strict-order': { type: 'boolean', default: false },
  },
});

if (values.server !== 'redis' && values.server !== 'forgekv') {
  throw new Error(`--server is redis or forgekv, not ${values.server}`);
}
const dir = values.dir ?? mkdtempSync(join(tmpdir(), `kill-${values.server}-`));
mkdirSync(dir, { recursive: true });
const args = values.args.split(/\s+/).filter((word) => word !== '');
const threads = { fronts: Number(values.fronts), workers: Number(values.workers) };

const result = await killLoop({
  start: () =>
    values.server === 'redis' ? startRedis({ dir, args }) : startForgeKv({ dir, args, ...threads }),
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  msPerRound: Number(values.ms),
  connections: Number(values.connections),
  strictOrder: values['strict-order'],
  onRound: ({ round, acknowledged, inFlight, applied }) => {
    console.log(
      `round ${round}: ${acknowledged} acknowledged, ${applied} of ${inFlight} in flight`,
    );
  },
});
console.log(formatKillLoop(result));
if (!result.ok) console.log(`left for you to look at: ${dir}`);
else if (values.dir === undefined) rmSync(dir, { recursive: true, force: true });
process.exitCode = result.ok ? 0 : 1;
