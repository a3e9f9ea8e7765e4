// The long form of the marathon:
//
//   node packages/cli/dist/test/support/marathon/main.js --minutes 10
//
// Half of it with a restart every twenty seconds, half of it quiet. Exit code 1: something is lost,
// or memory has grown by more than a tenth.

import { parseArgs } from 'node:util';
import { startForgeKv } from '@forgekv/testkit';
import { runMarathon } from './marathon.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    args: { type: 'string', default: '--memtable-size-mb 64' },
  },
});

const MINUTE_MS = 60_000;
const MOST_GROWTH = 1.1;

const half = (Number(values.minutes) * MINUTE_MS) / 2;
const args = values.args.split(/\s+/).filter((word) => word !== '');
const threads = { fronts: Number(values.fronts), workers: Number(values.workers) };
const server = await startForgeKv({ args, ...threads });
const startMs = performance.now();
const say = (line: string): void => {
  console.log(`${((performance.now() - startMs) / 1000).toFixed(0).padStart(4)} s  ${line}`);
};
try {
  const result = await runMarathon({
    server,
    restartsMs: half,
    restartEveryMs: MINUTE_MS / 3,
    quietMs: half,
    warmUpMs: half / 3,
    say,
  });
  console.log(JSON.stringify(result, null, 2));
  const growth = result.rssBytes.last / result.rssBytes.first;
  console.log(`memory: ${growth.toFixed(3)} times what it was after the warm-up`);
  const isSound = result.problems.length === 0 && result.left.length === 0;
  process.exitCode = isSound && growth < MOST_GROWTH ? 0 : 1;
} finally {
  await server.stop();
}
