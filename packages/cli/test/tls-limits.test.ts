// The bounds of TLS connections: what they leave unread, how many there are, and what is sent to
// the port that is no TLS at all.

import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@forgekv/base';
import {
  dial,
  encodeCommands,
  openSocket,
  type ServerHandle,
  type StartForgeKvOptions,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { endure } from './support/endure.ts';
import { withoutProc } from './support/process-figures.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { SlowReader } from './support/slow-reader.ts';
import { leaveUnread, storeValue } from './support/unread-replies.ts';
import { until } from './support/until.ts';

const MB = 1024 * 1024;
const CONNECT_MS = 20_000;
/** The test itself keeps both processors busy. */
const WAIT_MS = 5000;
const skip = withoutProc();

async function start(t: Test, { args = [] }: StartForgeKvOptions = {}): Promise<ServerHandle> {
  const certified = new Certified(t);
  const all = [...certified.args, ...args];
  return serve(t, { fronts: 2, workers: 2, tls: certified.client, args: all });
}

test('100 MB of replies nobody reads', { skip }, async (t) => {
  const server = await start(t);
  await leaveUnread(t, server, 1000);
});

test('client-output-buffer-limit', { skip }, async (t) => {
  const args = ['--client-output-buffer-limit', 'normal', '8mb', '0', '0'];
  const server = await start(t, { args });
  await storeValue(t, server, 1_000_000);
  const request = encodeCommands([['MGET', ...Array<string>(20).fill('value')]]);
  await endure(t, server, async () => {
    const reader = new SlowReader(t, server, request);
    const line = /client \d+ at 127\.0\.0\.1:\d+ does not read .* connection is closed/;
    t.ok(await until(() => line.test(server.log())), 'the log says so');
    reader.socket.resume();
    await reader.closed;
    t.ok(reader.bytes < 20_000_000, 'the replies were cut off');
  });
});

test('large values from many connections at once', async (t) => {
  const server = await start(t);
  const clients = await Promise.all(Array.from({ length: 16 }, () => connect(t, server)));
  const random = new Random(11);
  await Promise.all(
    clients.map(async (client, n) => {
      for (let i = 0; i < 5; i++) {
        const value = Buffer.alloc(1 + random.below(3 * MB), `${n}:${i} `);
        await client.must('SET', `large:${n}`, value);
        const got = await client.must('GET', `large:${n}`);
        t.ok(got.kind === 'bulk' && got.bytes.equals(value), `${value.length} bytes come back`);
      }
    }),
  );
});

test('waves of connections that say half of something', { skip }, async (t) => {
  const server = await start(t);
  const halves = [
    '',
    '*',
    '*2\r\n$3\r\nGE',
    '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\nxx',
    'PIN',
  ];
  const attack = async () => {
    for (let wave = 0; wave < 4; wave++) {
      const waiting = Array.from({ length: 300 }, async (_, i) => {
        const socket = await openSocket(server, CONNECT_MS);
        t.teardown(() => socket.destroy());
        socket.on('error', () => {});
        for (const byte of halves[i % halves.length]!) {
          socket.write(byte, 'latin1');
          await sleep(2);
        }
        return socket;
      });
      const sockets = await Promise.all(waiting);
      t.notOk(
        sockets.some((socket) => socket.readableEnded),
        'they may wait for a while',
      );
      for (const [i, socket] of sockets.entries()) {
        if (i % 2 === 0) socket.destroy();
        else socket.end();
      }
    }
  };
  await endure(t, server, attack, { settles: true, waitMs: WAIT_MS });
  const client = await connect(t, server);
  const isAlone = async () => (await infoField(client, 'connected_clients')) === '1';
  t.ok(await until(isAlone), 'nobody is left');
});

/** What a client of TLS 1.3 begins with, without extensions. */
const HELLO = Buffer.from(
  `1603010033010000${'2f'}0303${'ab'.repeat(32)}00${'0008130113021303c02b'}0100`,
  'hex',
);

test('bytes that are no handshake', { skip }, async (t) => {
  const server = await start(t);
  const random = new Random(20_261);
  const one = async () => {
    const socket = dial({ port: server.port });
    socket.on('error', () => {});
    socket.resume();
    const bytes = Buffer.from(HELLO);
    const length = random.below(2000);
    switch (random.below(4)) {
      case 0:
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
        socket.write(bytes);
        break;
      case 1:
        socket.write(bytes.subarray(0, random.below(bytes.length)));
        break;
      case 2:
        socket.write(Buffer.from(Array.from({ length }, () => random.below(256))));
        break;
      default:
        socket.write(encodeCommands([['PING'], ['SET', 'k', 'x'.repeat(length)]]));
    }
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await Promise.race([closed, sleep(20)]);
    if (random.chance(0.5)) socket.end();
    else socket.destroy();
    await Promise.race([closed, sleep(20)]);
    socket.destroy();
  };
  const client = await connect(t, server);
  const errors = async () => infoField(client, 'total_error_replies');
  // Who asked too early was told that the server loads.
  const before = await errors();
  let left = 4000;
  const attack = async () => {
    const attackers = Array.from({ length: 40 }, async () => {
      while (left-- > 0) await one();
    });
    await Promise.all(attackers);
  };
  await endure(t, server, attack, { settles: true, waitMs: WAIT_MS });
  const isAlone = async () => (await infoField(client, 'connected_clients')) === '1';
  t.ok(await until(isAlone), 'nobody is left');
  t.equal(await errors(), before, 'nothing of it was a command');
  const lines = server.log().split('TLS handshake with').length;
  t.ok(lines < 200, `${lines} lines in the log`);
});
