// A minute of real clients, ioredis, node-redis, BullMQ, redis-cli, while the server is stopped and
// killed: nothing that was answered is lost, and nothing is left of those that went. The long form,
// which judges memory too, is support/marathon/main.js.
//
// FORGEKV_MARATHON_MS makes it longer.

import { skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { t as file, test } from 'tap';
import { runMarathon } from './support/marathon/marathon.ts';
import { withoutProc } from './support/process-figures.ts';
import { run } from './support/run-program.ts';
import { serve } from './support/servers.ts';

file.setTimeout(600_000);

const lengthMs = Number(process.env.FORGEKV_MARATHON_MS ?? 40_000);
const hasCli = (await run('redis-cli', ['--version'])).code === 0;
const skip = hasCli ? withoutProc() : 'redis-cli is not installed';

test('a marathon', { skip }, async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2, args: ['--memtable-size-mb', '32'] });
  const result = await runMarathon({
    server,
    restartsMs: lengthMs / 2,
    restartEveryMs: 3000,
    quietMs: lengthMs / 2,
    warmUpMs: lengthMs / 4,
    say: (line) => t.comment(line),
  });
  t.same(result.problems, [], 'nothing is lost');
  t.same(result.left, [], 'nothing is left');
  t.ok(result.stops > 0 && result.kills > 0, JSON.stringify(result));
  for (const [kind, turns] of Object.entries(result.turns)) t.ok(turns > 10, `${kind}: ${turns}`);
  t.equal(Object.keys(result.turns).length, 7, 'everybody has worked');
});

test('what is lost is found', { skip: skip || skipWithoutRedis() }, async (t) => {
  // Without persistence: what a stop or a kill -9 takes is gone.
  const server = await startRedis();
  t.teardown(() => server.stop());
  const times = { restartsMs: 5000, restartEveryMs: 1000, quietMs: 2000, warmUpMs: 1000 };
  const { problems } = await runMarathon({ server, ...times });
  for (const what of ['counter', 'stream:', 'queue:', 'large:', 'shell:']) {
    t.ok(
      problems.some((problem) => problem.includes(what)),
      `${what} ${problems.length}`,
    );
  }
});
