// Thousands of connections that send mangled commands, before and after they log in, with TLS and
// without: everybody else is served, what the server answers is RESP, nothing is left behind.

import { HOSTILE_PASSWORD, type ServerHandle } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { assault, type Standing } from './support/assault.ts';
import { Certified } from './support/certified.ts';
import { endure } from './support/endure.ts';
import { withoutProc } from './support/process-figures.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';

/** Each case has its own: another one finds other things. */
const SEED = Number(process.env.HOSTILE_SEED ?? 20_261);
const PLAIN_CONNECTIONS = 4000;
/** Handshakes take most of the time. */
const TLS_CONNECTIONS = 1200;
/** The test itself keeps both processors busy. */
const WAIT_MS = 5000;

async function start(t: Test, isTls: boolean, standing: Standing): Promise<ServerHandle> {
  const password = standing === 'open' ? [] : ['--requirepass', HOSTILE_PASSWORD];
  if (!isTls) return serve(t, { fronts: 2, workers: 2, args: password });
  const certified = new Certified(t);
  const args = [...certified.args, ...password];
  return serve(t, { fronts: 2, workers: 2, tls: certified.client, args });
}

for (const isTls of [false, true]) {
  for (const standing of ['open', 'stranger', 'member'] as const) {
    const name = `mangled commands, ${standing}, ${isTls ? 'TLS' : 'plain'}`;
    test(name, { skip: withoutProc() }, async (t) => {
      const server = await start(t, isTls, standing);
      const connections = isTls ? TLS_CONNECTIONS : PLAIN_CONNECTIONS;
      const seed = SEED + (isTls ? 100_000 : 0);
      const password = standing === 'open' ? undefined : HOSTILE_PASSWORD;
      t.comment(`HOSTILE_SEED=${SEED}`);
      const attack = async () => {
        const { garbage, replies, closed } = await assault(server, { seed, connections, standing });
        t.same(garbage, [], 'every answer is RESP');
        t.ok(replies > connections, `${replies} replies, ${closed} connections closed`);
      };
      await endure(t, server, attack, { settles: true, waitMs: WAIT_MS, password });
      const client = await connect(t, server);
      if (password !== undefined) await client.must('AUTH', password);
      const isAlone = async () => (await infoField(client, 'connected_clients')) === '1';
      t.ok(await until(isAlone), 'nobody is left');
    });
  }
}
