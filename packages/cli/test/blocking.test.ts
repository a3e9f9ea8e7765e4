// BLPOP and the others that wait, CLIENT UNBLOCK: what Redis answers, to everybody and one after
// the other, whichever fronts and workers there are.

import { skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { BLOCKING_SCRIPTS } from './support/blocking-scripts.ts';
import { converseWaiting } from './support/blocking-transcripts.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const SERVERS = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: [] as string[] })),
  {
    ...{ fronts: 2, workers: 3 },
    args: ['--debug-force-hop', 'yes', '--hot-value-max-bytes', '64'],
  },
];

test('it says what Redis says', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  for (const { fronts, workers, args } of SERVERS) {
    const server = await serve(t, { fronts, workers, args });
    const about = `${fronts}x${workers} ${args.join(' ')}`;
    for (const resp of args.length > 0 ? [3 as const] : [2 as const, 3 as const]) {
      for (const [name, script] of Object.entries(BLOCKING_SCRIPTS)) {
        for (const { port } of [redis, server]) await (await connect(t, { port })).must('FLUSHALL');
        const lines = await converseWaiting(script, redis, server, resp);
        t.same(lines, [], `${name}, RESP${resp}, ${about}`);
      }
    }
    const client = await connect(t, server);
    const isForgotten = async () => (await infoField(client, 'key_waiters')) === '0';
    t.ok(await until(isForgotten), 'nobody is left in the books');
    t.equal(await infoField(client, 'blocked_clients'), '0', about);
    await server.stop();
  }
});
