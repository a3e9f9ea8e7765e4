// The same random commands to ForgeKV and to a real redis-server, every reply and the final state
// compared, on every layout of threads, in both protocols, and with the settings that send
// commands the long way round.
//
// FORGEKV_DIFF_SEED repeats a run, FORGEKV_DIFF_COMMANDS makes each of them longer.

import { formatResult, runDifferential, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { LAYOUTS, serve } from './support/servers.ts';

const commands = Number(process.env.FORGEKV_DIFF_COMMANDS ?? 10_000);
const firstSeed = Number(process.env.FORGEKV_DIFF_SEED ?? Date.now() % 2 ** 31);

interface Run {
  readonly fronts: number;
  readonly workers: number;
  readonly args: readonly string[];
}

/** Nearly every value is large, so commands on several keys run as transactions over gates. */
const LARGE = ['--hot-value-max-bytes', '64'];
/** Every command on a key goes to a worker. */
const FORCE_HOP = ['--debug-force-hop', 'yes'];
/** Values are in the stores as soon as they can be. */
const KEEP_COLD = ['--debug-keep-cold', 'yes'];

const RUNS: readonly Run[] = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: [] })),
  { fronts: 2, workers: 4, args: LARGE },
  { fronts: 2, workers: 4, args: FORCE_HOP },
  { fronts: 2, workers: 4, args: KEEP_COLD },
  { fronts: 2, workers: 4, args: [...KEEP_COLD, ...LARGE] },
];

test('ForgeKV answers what Redis answers', { skip: skipWithoutRedis() }, async (t) => {
  process.stderr.write(`differential test: FORGEKV_DIFF_SEED=${firstSeed}\n`);
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  let seed = firstSeed;
  let total = 0;
  for (const { fronts, workers, args } of RUNS) {
    const name = `${fronts} fronts, ${workers} workers ${args.join(' ')}`;
    await t.test(name, async (t) => {
      const forge = await serve(t, { fronts, workers, args });
      for (const resp of [2, 3] as const) {
        const result = await runDifferential({
          left: { port: redis.port },
          right: { port: forge.port },
          seed: seed++,
          commands,
          resp,
          connections: 4,
        });
        t.ok(result.ok, `RESP${resp}: ${formatResult(result)}`);
        total += result.commands;
      }
    });
  }
  t.ok(total >= RUNS.length * 2 * commands, `${total} commands were compared`);
});
