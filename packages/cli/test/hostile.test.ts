// Hostile bytes: every case of the table, with and without a password, while another client is
// served and memory stays where it was. Claims without bytes behind them cost nothing. What a
// client may do slowly or too much of is in limits.test.ts.

import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, HOSTILE_CASES, HOSTILE_PASSWORD, runHostileCases } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Certified } from './support/certified.ts';
import { endure } from './support/endure.ts';
import { withoutProc } from './support/process-figures.ts';
import { connect, info, LAYOUTS, serve } from './support/servers.ts';

const CLAIMERS = 200;

/** Cases with a quirk of Redis need not end as they do there; they must do no harm all the same. */
const QUIRKS = HOSTILE_CASES.filter(({ quirk }) => quirk !== undefined);
const BINDING_CASES = HOSTILE_CASES.filter(({ quirk }) => quirk === undefined);

for (const { fronts, workers } of LAYOUTS) {
  test(`hostile cases, ${fronts} fronts, ${workers} workers`, async (t) => {
    const open = await serve(t, { fronts, workers });
    const guarded = await serve(t, { fronts, workers, args: ['--requirepass', HOSTILE_PASSWORD] });
    const servers = { open: { port: open.port }, withPassword: { port: guarded.port } };
    await endure(t, open, async () => {
      t.same(await runHostileCases(servers, BINDING_CASES), []);
      await runHostileCases(servers, QUIRKS);
    });
  });
}

test('hostile cases over TLS', async (t) => {
  const certified = new Certified(t);
  const tls = certified.client;
  const start = (...args: string[]) =>
    serve(t, { fronts: 2, workers: 2, tls, args: [...certified.args, ...args] });
  const open = await start();
  const guarded = await start('--requirepass', HOSTILE_PASSWORD);
  const servers = { open, withPassword: guarded };
  await endure(
    t,
    open,
    async () => {
      t.same(await runHostileCases(servers, BINDING_CASES), []);
      await runHostileCases(servers, QUIRKS);
    },
    { settles: true },
  );
});

function rawSocket(t: Test, port: number): Socket {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  return socket;
}

test('what is only claimed is not allocated', { skip: withoutProc() }, async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const claims = [
    '*2147483647\r\n',
    '*1048576\r\n$4\r\nMSET\r\n',
    '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n',
    '*2\r\n$536870912\r\nxx',
    '*1000000\r\n$3\r\nDEL\r\n$400000000\r\n',
  ];
  await endure(t, server, async () => {
    const sockets = Array.from({ length: CLAIMERS }, (_, i) => {
      const socket = rawSocket(t, server.port);
      socket.write(claims[i % claims.length]!);
      return socket;
    });
    await sleep(300);
    t.ok(
      sockets.every((socket) => !socket.destroyed),
      'the server waits for the rest',
    );
    for (const socket of sockets) socket.destroy();
  });
});

test('half-open and idle connections', { skip: withoutProc() }, async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  await endure(t, server, async () => {
    const sockets = Array.from({ length: 500 }, (_, i) => {
      const socket = createConnection({
        port: server.port,
        host: '127.0.0.1',
        allowHalfOpen: true,
      });
      socket.on('error', () => {});
      t.teardown(() => socket.destroy());
      // A third sends nothing, a third half a command, a third ends its side.
      if (i % 3 === 1) socket.write('*2\r\n$3\r\nGET\r\n$3\r\nke');
      if (i % 3 === 2) socket.end('PING\r\n');
      return socket;
    });
    await sleep(700);
    const [, open] = /connected_clients:(\d+)/.exec(await info(client, 'clients')) ?? [];
    // Besides the idle ones: this client and the one that is served meanwhile.
    t.equal(Number(open), 334 + 2, 'who ended its side is gone');
    for (const socket of sockets) socket.destroy();
  });
  for (let wait = 0; wait < 100; wait++) {
    if ((await info(client, 'clients')).includes('connected_clients:1\r')) break;
    await sleep(20);
  }
  t.match(await info(client, 'clients'), 'connected_clients:1\r', 'none is left');
});

test('names that mean something to JavaScript', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2, args: ['--hot-value-max-bytes', '64'] });
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'];
  for (const resp of [2, 3] as const) {
    const client = await connect(t, server, { resp });
    await client.must('FLUSHALL');
    for (const name of names) {
      const large = name.repeat(50);
      t.match(await client.command('GET', name), { kind: 'null' });
      t.match(await client.command('SET', name, name), { text: 'OK' });
      t.equal(describeReply(await client.command('GET', name)), `"${name}"`);
      t.match(await client.command('SET', `${name}:large`, large), { text: 'OK' });
      t.match(await client.command('GET', `${name}:large`), { bytes: Buffer.from(large) });
      t.match(await client.command(name, 'x'), { text: /^ERR unknown command / });
      t.match(await client.command('CLIENT', name), { text: /^ERR unknown subcommand / });
      t.match(await client.command('CONFIG', 'SET', name, '1'), { text: /^ERR Unknown option/ });
      const got = await client.command('CONFIG', 'GET', name);
      t.match(got, resp === 2 ? { items: [] } : { entries: [] });
      t.match(await client.command('CLIENT', 'SETNAME', name), { text: 'OK' });
      t.match(await client.command('CLIENT', 'SETINFO', 'LIB-NAME', name), { text: 'OK' });
      t.match(await client.command('COMMAND', 'INFO', name), { kind: 'array' });
      t.match(await client.command('OBJECT', 'ENCODING', name), { kind: 'bulk' });
      t.match(await client.command('INFO', name), { bytes: Buffer.alloc(0) });
      t.match(await client.command('SCAN', '0', 'MATCH', name, 'COUNT', '1000'), {
        items: [{ kind: 'bulk' }, { items: [{ bytes: Buffer.from(name) }] }],
      });
    }
    t.match(await client.command('MSET', ...names.flatMap((name) => [name, 'again'])), {
      text: 'OK',
    });
    t.match(await client.command('DEL', ...names), { value: BigInt(names.length) });
  }
});
