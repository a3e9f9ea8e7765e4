// A few seconds of clients that come, use everything, and go in the worst ways, while others kill
// and pause them: nothing is left of them, and those that stayed got all their replies. The longer
// one is `soak-main.js` of the testkit.
//
// FORGEKV_SOAK_SEED repeats what clients send, FORGEKV_SOAK_MS makes it longer.

import { formatSoak, runSoak } from '@forgekv/testkit';
import { t as file, test } from 'tap';
import { serve } from './support/servers.ts';

file.setTimeout(240_000);

const seed = Number(process.env.FORGEKV_SOAK_SEED ?? Date.now() % 2 ** 31);
const durationMs = Number(process.env.FORGEKV_SOAK_MS ?? 5000);
/** Seen above 0 meanwhile, however short the soak: so the figures do count. */
const ALWAYS_SEEN = ['waiting_connections', 'hops_in_flight', 'pubsub_clients'];

test('a soak', async (t) => {
  process.stderr.write(`soak: FORGEKV_SOAK_SEED=${seed}\n`);
  const server = await serve(t, { fronts: 2, workers: 2 });
  const { pid } = server;
  const result = await runSoak({ server, seed, durationMs });
  t.same(result.problems, [], formatSoak(result));
  t.same(result.left, [], 'nothing is left');
  t.same(
    ALWAYS_SEEN.filter((name) => result.most[name] === 0),
    [],
    'the figures count',
  );
  t.ok(result.clients > 30 && result.cut > 3, formatSoak(result));
  t.equal(server.pid, pid, 'the server lives');
});
