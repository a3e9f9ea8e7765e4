// Who guesses passwords is slowed down, by address; nobody else notices. And the kernel looks after
// connections that say nothing: tcp-keepalive.

import { readFileSync } from 'node:fs';
import { dial, freePort, HOSTILE_PASSWORD, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { withoutProc } from './support/process-figures.ts';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const WRONG = 'WRONGPASS invalid username-password pair or user is disabled.';
/** After four failures the first delays are 50, 100, 200 and 400 ms, and none is shorter. */
const GUESSES = 8;
const DELAYED_MS = 50 + 100 + 200 + 400;

async function guess(client: RespClient): Promise<number> {
  const startMs = performance.now();
  const reply = await client.command('AUTH', 'guess');
  if (reply.kind !== 'error' || reply.text !== WRONG) throw new Error('a guess was right');
  return performance.now() - startMs;
}

for (const isTls of [false, true]) {
  test(`guesses are answered late, ${isTls ? 'TLS' : 'plain'}`, async (t) => {
    const certified = new Certified(t);
    const tls = isTls ? certified.client : undefined;
    const args = [...(isTls ? certified.args : []), '--requirepass', HOSTILE_PASSWORD];
    const server = await serve(t, { fronts: 1, workers: 1, args, ...(tls && { tls }) });
    let tookMs = 0;
    for (let i = 0; i < GUESSES; i++) {
      // Another connection does not help.
      const client = await connect(t, server);
      tookMs += await guess(client);
      await client.close();
    }
    t.ok(tookMs >= DELAYED_MS, `${GUESSES} guesses took ${Math.round(tookMs)} ms`);
    const guesser = await connect(t, server);
    const friend = await connect(t, server);
    const late = guess(guesser);
    const first = await Promise.race([late.then(() => 'guess'), login(friend)]);
    t.equal(first, 'login', 'a right password is not delayed, even from the same address');
    await late;
    t.equal(await login(guesser), 'login', 'nor for who has guessed before');
  });
}

async function login(client: RespClient): Promise<string> {
  await client.must('AUTH', HOSTILE_PASSWORD);
  return 'login';
}

/** Timers of the sockets the server holds on a port, as the kernel shows them: 2 is keepalive. */
function timers(port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(local) && state === '01')
    .map((fields) => fields[5]?.slice(0, 2) ?? '');
}

async function open(t: Test, port: number, tls: Certified['client'] | undefined): Promise<void> {
  const socket = dial({ port, tls });
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('PING\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
}

test('tcp-keepalive', { skip: withoutProc() }, async (t) => {
  const certified = new Certified(t);
  const tlsPort = await freePort();
  const args = [...certified.args, '--tls-port', String(tlsPort)];
  const server = await serve(t, { fronts: 2, workers: 1, args });
  const admin = await connect(t, server);
  for (const [seconds, timer] of [
    ['300', '02'],
    ['0', '00'],
  ] as const) {
    await admin.must('CONFIG', 'SET', 'tcp-keepalive', seconds);
    for (const [port, tls] of [
      [server.port, undefined],
      [tlsPort, certified.client],
    ] as const) {
      const before = timers(port).filter((one) => one === timer).length;
      await open(t, port, tls);
      const isSet = () => timers(port).filter((one) => one === timer).length === before + 1;
      t.ok(await until(isSet), `${seconds}, ${tls === undefined ? 'plain' : 'TLS'}`);
    }
  }
});
