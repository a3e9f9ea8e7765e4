// The same random commands to ForgeKV and to a real redis-server, every reply and the final state
// compared, on every layout of threads, in both protocols, and with the settings that send
// commands the long way round.
//
// FORGEKV_DIFF_SEED repeats a run, FORGEKV_DIFF_COMMANDS makes each of them longer.

import {
  familiesWithout,
  formatResult,
  runDifferential,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { test } from 'tap';
import { LAYOUTS, serve } from './support/servers.ts';

const commands = Number(process.env.FORGEKV_DIFF_COMMANDS ?? 10_000);
const firstSeed = Number(process.env.FORGEKV_DIFF_SEED ?? Date.now() % 2 ** 31);

interface Run {
  readonly fronts: number;
  readonly workers: number;
  readonly args: readonly string[];
  /** Settings of both servers. */
  readonly both?: readonly string[];
}

const COLLECTIONS: ReadonlySet<string> = new Set(['hash', 'list', 'set', 'sorted-set', 'geo']);

/** Nearly every value is large, so commands on several keys run as transactions over gates. */
const LARGE = ['--hot-value-max-bytes', '64'];
/** Every command on a key goes to a worker. */
const FORCE_HOP = ['--debug-force-hop', 'yes'];
/** Keys and values are only in the stores as soon as they can be: every command waits for them. */
const KEEP_COLD = ['--debug-keep-cold', 'yes'];

/** What is more than one element is done in slices. */
const SLICED = ['--debug-slice-elements', '1'];

/** Collections are large, lists from two elements on. */
const SMALL_LISTPACKS = [
  ...['--hash-max-listpack-entries', '0', '--list-max-listpack-size', '1'],
  ...['--set-max-intset-entries', '0', '--zset-max-listpack-entries', '0'],
];

const RUNS: readonly Run[] = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: [] })),
  { fronts: 2, workers: 4, args: LARGE },
  { fronts: 2, workers: 4, args: FORCE_HOP },
  { fronts: 2, workers: 4, args: KEEP_COLD },
  { fronts: 2, workers: 4, args: SLICED, both: SMALL_LISTPACKS },
  { fronts: 2, workers: 4, args: KEEP_COLD, both: SMALL_LISTPACKS },
  { fronts: 2, workers: 4, args: [...KEEP_COLD, ...LARGE] },
  { fronts: 2, workers: 4, args: [...SLICED, ...LARGE] },
  { fronts: 2, workers: 4, args: [...SLICED, ...KEEP_COLD, ...LARGE] },
];

test('ForgeKV answers what Redis answers', { skip: skipWithoutRedis() }, async (t) => {
  process.stderr.write(`differential test: FORGEKV_DIFF_SEED=${firstSeed}\n`);
  let seed = firstSeed;
  let total = 0;
  let planned = 0;
  for (const { fronts, workers, args, both = [] } of RUNS) {
    const name = `${fronts} fronts, ${workers} workers ${[...args, ...both].join(' ')}`;
    // A collection of which fewer bytes may be hot than may be packed is not called a listpack.
    const isShort = args.includes('--hot-value-max-bytes');
    const families = familiesWithout(isShort ? COLLECTIONS : new Set());
    await t.test(name, async (t) => {
      const count = args.includes(KEEP_COLD[0]!) ? Math.ceil(commands / 4) : commands;
      const redis = await startRedis({ args: both });
      t.teardown(() => redis.stop());
      const forge = await serve(t, { fronts, workers, args: [...args, ...both] });
      for (const resp of [2, 3] as const) {
        const result = await runDifferential({
          left: { port: redis.port },
          right: { port: forge.port },
          seed: seed++,
          commands: count,
          families,
          resp,
          connections: 4,
        });
        t.ok(result.ok, `RESP${resp}: ${formatResult(result)}`);
        total += result.commands;
        planned += count;
      }
    });
  }
  t.ok(total >= planned, `${total} commands were compared`);
});
