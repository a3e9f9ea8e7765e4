// EVAL, FCALL and their like: what Redis answers, one after the other, wherever the keys lie.

import { skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { FUNCTION_TRANSCRIPTS } from './support/function-transcripts.ts';
import { SCRIPT_TRANSCRIPTS } from './support/script-transcripts.ts';
import { serve } from './support/servers.ts';
import { converseIn, type Step } from './support/transcripts.ts';

const SHOWN_BYTES = 300;
const CLEANING: readonly Step[] = [
  ['a', 'FLUSHALL'],
  ['a', 'SCRIPT', 'FLUSH'],
  ['a', 'FUNCTION', 'FLUSH'],
];
const RUNS = [
  { fronts: 1, workers: 1, args: [] },
  { fronts: 2, workers: 4, args: ['--debug-force-hop', 'yes', '--hot-value-max-bytes', '64'] },
];

for (const { fronts, workers, args } of RUNS) {
  const where = `${fronts} fronts, ${workers} workers ${args.join(' ')}`;
  test(`scripts say what Redis says, ${where}`, { skip: skipWithoutRedis() }, async (t) => {
    const redis = await startRedis();
    t.teardown(() => redis.stop());
    const server = await serve(t, { fronts, workers, args });
    for (const [name, steps] of Object.entries({
      ...SCRIPT_TRANSCRIPTS,
      ...FUNCTION_TRANSCRIPTS,
    })) {
      for (const resp of [2, 3] as const) {
        const all: Step[] = [...steps, ...CLEANING];
        const different = await converseIn(all, redis, server, resp, SHOWN_BYTES);
        t.same(different, [], `${name}, RESP${resp}`);
      }
    }
  });
}
