/** The table of hostile inputs is true of real Redis, and a server that differs is caught. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'tap';
import { HOSTILE_CASES, HOSTILE_PASSWORD } from '../src/hostile.ts';
import { runHostileCases } from '../src/hostile-runner.ts';
import { skipWithoutRedis, startRedis } from '../src/server-process.ts';

test('Redis does what the table says', { skip: skipWithoutRedis() }, async (t) => {
  const open = await startRedis();
  t.teardown(() => open.stop());
  const guarded = await startRedis({ args: ['--requirepass', HOSTILE_PASSWORD] });
  t.teardown(() => guarded.stop());
  const servers = { open: { port: open.port }, withPassword: { port: guarded.port } };
  t.same(await runHostileCases(servers, HOSTILE_CASES), []);
});

test('names are unique and every aftermath is there', async (t) => {
  t.equal(new Set(HOSTILE_CASES.map(({ name }) => name)).size, HOSTILE_CASES.length);
  const aftermaths = new Set(HOSTILE_CASES.map(({ aftermath }) => aftermath));
  t.same([...aftermaths].sort(), ['answers', 'closes', 'waits']);
});

test('canary: a server that says PONG to everything fails every case', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => void socket.end('+PONG\r\n'));
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cases = HOSTILE_CASES.filter(({ pieceBytes }) => pieceBytes === undefined);
  const failures = await runHostileCases({ open: { port: address.port } }, cases);
  const tried = cases.filter(({ needsPassword }) => !needsPassword);
  const failed = new Set(failures.map(({ name }) => name));
  t.same(
    tried.filter(({ name }) => !failed.has(name)).map(({ name }) => name),
    [],
  );
  t.match(failures[0], { difference: /expected ".*", got ".*", connection/ });
});
