/**
 * The soak from the command line:
 *
 *   node packages/testkit/dist/src/soak-main.js --seconds 60 --fronts 2 --workers 4
 *
 * `--args` are more options of the server, apart by spaces.
 */
import { parseArgs } from 'node:util';
import { startForgeKv } from './server-process.ts';
import { formatSoak, runSoak } from './soak/soak.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    clients: { type: 'string', default: '24' },
    args: { type: 'string', default: '' },
  },
});

const args = values.args.split(/\s+/).filter((word) => word !== '');
const threads = { fronts: Number(values.fronts), workers: Number(values.workers) };
const server = await startForgeKv({ args, ...threads });
try {
  const seed = Number(values.seed);
  const durationMs = 1000 * Number(values.seconds);
  const result = await runSoak({ server, seed, durationMs, clients: Number(values.clients) });
  console.log(`seed ${seed}, ${JSON.stringify(threads)} ${values.args}\n${formatSoak(result)}`);
  process.exitCode = result.left.length === 0 && result.problems.length === 0 ? 0 : 1;
  if (process.exitCode === 1) console.log(server.log().slice(-5000));
} finally {
  await server.stop();
}
