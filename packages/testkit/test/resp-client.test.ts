/** The client against small servers of its own: order, pushes, deadlines, broken peers. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { encodeCommand, encodeCommands } from '../src/encode-command.ts';
import type { Endpoint } from '../src/open-socket.ts';
import { describeReply } from '../src/reply.ts';
import { ConnectionError, RespClient } from '../src/resp-client.ts';

/** A server that hands each connection's bytes to `onData`. */
async function serve(
  t: Test,
  onData: (socket: Socket, bytes: Buffer) => void,
  path?: string,
): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => onData(socket, bytes));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'string' || address === null
    ? { path: path as string }
    : { port: address.port };
}

async function connect(t: Test, endpoint: Endpoint, timeoutMs = 5000): Promise<RespClient> {
  const client = await RespClient.connect({ ...endpoint, timeoutMs });
  t.teardown(() => client.destroy());
  return client;
}

test('encodes arguments of every kind', async (t) => {
  const bytes = encodeCommand(['SET', Buffer.from([0, 255]), 'é', 12, 9007199254740993n]);
  const wire =
    '*5\r\n$3\r\nSET\r\n$2\r\n\0\xff\r\n$2\r\n\xc3\xa9\r\n$2\r\n12\r\n$16\r\n9007199254740993\r\n';
  t.equal(bytes.toString('latin1'), wire);
  const large = Buffer.alloc(20_000, 'x');
  const two = encodeCommands([['A', large], ['B']]).toString();
  t.equal(two, `*2\r\n$1\r\nA\r\n$20000\r\n${large}\r\n*1\r\n$1\r\nB\r\n`);
});

test('matches replies to exchanges in order, over TCP and a unix socket', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'testkit-client-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const path of [undefined, join(dir, 's')]) {
    let count = 0;
    const endpoint = await serve(
      t,
      (socket, bytes) => {
        const commands = bytes.toString().split('*1\r\n').length - 1;
        for (let one = 0; one < commands; one++) socket.write(`:${count++}\r\n`);
      },
      path,
    );
    const client = await connect(t, endpoint);
    const all = await Promise.all([client.pipeline([['A'], ['B']]), client.command('C')]);
    t.same(
      all.flat().map((reply) => describeReply(reply)),
      ['(integer) 0', '(integer) 1', '(integer) 2'],
    );
    t.same(await client.pipeline([]), []);
    const [raw] = await client.exchange(encodeCommand(['D']), 1);
    t.equal(raw?.raw.toString(), ':3\r\n');
    await client.close();
    t.equal(await client.closed, undefined);
    await t.rejects(client.command('E'), ConnectionError);
  }
});

test('keeps pushes apart', async (t) => {
  const endpoint = await serve(t, (socket, bytes) => {
    const isHello = bytes.includes('HELLO');
    socket.write(isHello ? '%0\r\n' : '>1\r\n+first\r\n+OK\r\n>1\r\n+second\r\n');
  });
  const client = await RespClient.connect({ ...endpoint, resp: 3 });
  t.teardown(() => client.destroy());
  t.equal(describeReply(await client.command('X')), '+"OK"');
  t.equal(describeReply((await client.nextPush())!), '(push) [+"first"]');
  t.equal(describeReply((await client.nextPush())!), '(push) [+"second"]');
  t.equal(await client.nextPush(20), undefined);
});

test('fails clearly: deadline, close, malformed and uncalled-for replies', async (t) => {
  const answer = (text: string) => serve(t, (socket) => void socket.write(text));
  const slow = await connect(t, await answer(':1\r\n'), 100);
  const late = slow.pipeline([['A'], ['B']]);
  await t.rejects(late, {
    name: 'ConnectionError',
    message: 'no complete reply in 100 ms after 1 of 2 replies',
  });
  await late.catch((error: ConnectionError) => t.equal(error.received.length, 1));
  const closing = await connect(t, await serve(t, (socket) => void socket.end('+a\r\n')));
  await t.rejects(closing.pipeline([['A'], ['B']]), {
    message: 'connection closed after 1 of 2 replies',
  });
  const bad = await connect(t, await answer('$1\r\nabc'));
  await t.rejects(bad.command('A'), { message: /bulk without CRLF/ });
  t.match(await bad.closed, { name: 'ReplyFormatError' });
  const chatty = await connect(t, await answer('+a\r\n+b\r\n'));
  await chatty.command('A');
  t.match(await chatty.closed, { message: /nobody asked for: \+"b"/ });
  const refusing = await answer('-ERR no\r\n');
  await t.rejects(RespClient.connect({ ...refusing, resp: 3 }), { message: /HELLO 3 answered/ });
  const polite = await connect(t, refusing);
  await t.rejects(polite.must('SET', 'k', 'v'), { message: 'SET: (error) "ERR no"' });
  await t.rejects(RespClient.connect({ path: '/nonexistent/socket' }), ConnectionError);
});
