// Every bound a client can run into: what it leaves unread, what it sends, how many there are,
// how long it says nothing, and where it comes from.

import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, encodeCommands } from '@forgekv/testkit';
import { test } from 'tap';
import { endure } from './support/endure.ts';
import { residentBytes, watchMemory, withoutProc } from './support/process-figures.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { SlowReader } from './support/slow-reader.ts';
import { leaveUnread, storeValue } from './support/unread-replies.ts';
import { until } from './support/until.ts';

const MB = 1024 * 1024;

for (const { fronts, workers } of [LAYOUTS[0], LAYOUTS[2]]) {
  const name = `100 MB of replies nobody reads, ${fronts} fronts, ${workers} workers`;
  test(name, { skip: withoutProc() }, async (t) => {
    const server = await serve(t, { fronts, workers });
    await leaveUnread(t, server, 700);
  });
}

test('client-output-buffer-limit closes who does not read', { skip: withoutProc() }, async (t) => {
  const args = ['--client-output-buffer-limit', 'normal', '8mb', '0', '0'];
  const server = await serve(t, { fronts: 2, workers: 2, args });
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

test('the soft client-output-buffer-limit counts seconds', async (t) => {
  const args = ['--client-output-buffer-limit', 'normal', '0', '256kb', '1'];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  await storeValue(t, server, 1_000_000);
  const many = encodeCommands(Array.from({ length: 20 }, () => ['GET', 'value']));
  const deaf = new SlowReader(t, server, many);
  const brisk = new SlowReader(t, server, many);
  await sleep(300);
  await brisk.readAll(20_000_000);
  t.ok(await until(() => server.log().includes('does not read its replies')), 'the log says so');
  deaf.socket.resume();
  await deaf.closed;
  t.ok(deaf.bytes < 20_000_000, 'the replies were cut off');
  t.equal(brisk.bytes, 20 * ('$1000000\r\n'.length + 1_000_002), 'who reads is left alone');
});

test('one reply cannot take all memory', { skip: withoutProc() }, async (t) => {
  const args = ['--client-output-buffer-limit', 'normal', '16mb', '0', '0'];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  for (const [bytes, times] of [
    [1_000_000, 1000],
    [16_000, 50_000],
  ] as const) {
    await storeValue(t, server, bytes);
    const request = encodeCommands([['MGET', ...Array<string>(times).fill('value')], ['PING']]);
    await endure(
      t,
      server,
      async () => {
        const reader = new SlowReader(t, server, request);
        reader.socket.resume();
        await reader.closed;
        t.equal(reader.bytes, 0, 'nothing of it is sent');
      },
      { growthBytes: 96 * MB },
    );
  }
  const line = /client \d+ at \S+ asked for more replies at once than 33554432 bytes/;
  t.ok(await until(() => line.test(server.log())), 'the log says so');
});

test('who has not logged in may leave little unread', { skip: withoutProc() }, async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1, args: ['--requirepass', 'secret'] });
  const request = Buffer.from('x\n'.repeat(5_000_000));
  const before = residentBytes(server.pid as number);
  const readers = Array.from({ length: 20 }, () => new SlowReader(t, server, request));
  const line = /client \d+ at \S+ does not read its replies in time: \d+ bytes wait/g;
  const areGone = () => server.log().match(line)?.length === readers.length;
  let most = 0;
  const unwatch = watchMemory(server.pid as number, (bytes) => {
    most = Math.max(most, bytes);
  });
  t.teardown(unwatch);
  t.ok(await until(areGone, 60_000), 'all have been closed, and the log says so');
  const growth = most - before;
  t.ok(growth < 64 * MB, `resident memory grew by ${Math.round(growth / MB)} MB at most`);
  // Who reads gets an answer to everything, whatever it amounts to.
  const brisk = new SlowReader(t, server, Buffer.from('PING\r\n'.repeat(200_000)));
  const reply = '-NOAUTH Authentication required.\r\n';
  await brisk.readAll(200_000 * reply.length);
  t.equal(brisk.bytes, 200_000 * reply.length);
});

test('client-query-buffer-limit', { skip: withoutProc() }, async (t) => {
  const args = ['--client-query-buffer-limit', '1mb'];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  await storeValue(t, server, 1_000_000);
  await endure(t, server, async () => {
    const half = Buffer.alloc(3 * MB, 'x');
    const sender = new SlowReader(t, server, Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n'));
    sender.socket.write('$9000000\r\n');
    sender.socket.write(half);
    sender.socket.resume();
    await sender.closed;
    const line = /client \d+ at \S+ exceeds its query buffer: .*; the connection is closed/;
    t.ok(await until(() => line.test(server.log())), 'the log says so');
  });
  // Many whole commands are something else, also while an earlier one is being served elsewhere.
  const client = await connect(t, server);
  const commands = Array.from({ length: 80_000 }, (_, i) => ['ECHO', `${i}`.padStart(20)]);
  const replies = await client.pipeline([['GET', 'value'], ...commands]);
  t.equal(describeReply(replies.at(-1)!), `"${'79999'.padStart(20)}"`);
});

test('maxclients', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1, args: ['--maxclients', '10'] });
  const first = await connect(t, server);
  const connected = (count: string) => async () =>
    (await infoField(first, 'connected_clients')) === count;
  // The connection that found the server ready may not have ended yet.
  t.ok(await until(connected('1')), 'nobody else is connected');
  const others = await Promise.all(Array.from({ length: 9 }, () => connect(t, server)));
  const clients = [first, ...others];
  await Promise.all(clients.map((client) => client.must('PING')));
  for (let i = 0; i < 5; i++) {
    const refused = new SlowReader(t, server, Buffer.alloc(0));
    refused.socket.resume();
    await refused.closed;
    t.equal(refused.tail.toString(), '-ERR max number of clients reached\r\n');
  }
  t.equal(await infoField(clients[0]!, 'connected_clients'), '10');
  // The fronts make their counts known ten times a second.
  const isCounted = async () => (await infoField(clients[0]!, 'rejected_connections')) === '5';
  t.ok(await until(isCounted), 'refusals are counted');
  await clients[9]?.close();
  t.ok(await until(connected('9')), 'the server hears of it');
  const another = await connect(t, server);
  t.match(await another.command('PING'), { text: 'PONG' });
  t.match(await another.command('CONFIG', 'SET', 'maxclients', '20'), { text: 'OK' });
  const more = await Promise.all(Array.from({ length: 5 }, () => connect(t, server)));
  for (const client of more) t.match(await client.command('PING'), { text: 'PONG' });
});

test('timeout closes idle connections, and only those', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1, args: ['--timeout', '1'] });
  const idle = await Promise.all(Array.from({ length: 8 }, () => connect(t, server)));
  const half = await connect(t, server);
  half.send(Buffer.from('*2\r\n$3\r\nGET\r\n'));
  const busy = await connect(t, server);
  const startMs = Date.now();
  const all = Promise.all([...idle, half].map((client) => client.closed));
  let isClosed = false;
  void all.then(() => {
    isClosed = true;
  });
  while (!isClosed && Date.now() - startMs < 5000) {
    await busy.must('PING');
    await sleep(100);
  }
  const tookMs = Date.now() - startMs;
  t.ok(isClosed && tookMs >= 900, `idle connections were closed after ${tookMs} ms`);
  t.match(await busy.command('PING'), { text: 'PONG' });
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const skip = outside === undefined ? 'this machine has no address but loopback' : false;

test('protected mode', { skip }, async (t) => {
  const host = outside as string;
  const server = await serve(t, { fronts: 2, workers: 1, args: ['--bind', '127.0.0.1', host] });
  const local = await connect(t, server);
  const refused = createConnection({ port: server.port, host });
  t.teardown(() => refused.destroy());
  let text = '';
  refused.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  await new Promise((resolve) => refused.once('close', resolve));
  t.match(text, /^-DENIED Redis is running in protected mode .*\r\n$/);
  const isCounted = async () => (await infoField(local, 'rejected_connections')) === '1';
  t.ok(await until(isCounted), 'the refusal is counted');

  await local.must('CONFIG', 'SET', 'requirepass', 'secret');
  const guarded = await connect(t, { port: server.port, host });
  t.match(await guarded.command('PING'), { text: 'NOAUTH Authentication required.' });
  t.match(await guarded.command('AUTH', 'secret'), { text: 'OK' });
  await local.must('CONFIG', 'SET', 'requirepass', '');
  await local.must('CONFIG', 'SET', 'protected-mode', 'no');
  const free = await connect(t, { port: server.port, host });
  t.match(await free.command('PING'), { text: 'PONG' });
});
