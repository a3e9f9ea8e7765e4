/**
 * The kill -9 loop against a real Redis: with its log it loses nothing, and every way of losing
 * something that can be arranged is noticed. FORGEKV_KILL_SEED repeats a run.
 */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { formatKillLoop, killLoop } from '../src/kill-loop.ts';
import { RespClient } from '../src/resp-client.ts';
import { type ServerHandle, skipWithoutRedis, startRedis } from '../src/server-process.ts';

const seed = Number(process.env.FORGEKV_KILL_SEED ?? Date.now() % 2 ** 31);
const LOG = ['--appendonly', 'yes', '--appendfsync', 'always'];
const base = { seed, rounds: 3, msPerRound: 200, connections: 4 };

test('Redis with a log loses nothing', { skip: skipWithoutRedis() }, async (t) => {
  process.stderr.write(`kill loop: FORGEKV_KILL_SEED=${seed}\n`);
  const rounds: number[] = [];
  const result = await killLoop({
    ...base,
    rounds: 6,
    connections: 8,
    strictOrder: true,
    start: () => startRedis({ args: LOG }),
    onRound: ({ round }) => rounds.push(round),
  });
  t.ok(result.ok, formatKillLoop(result));
  t.same(rounds, [1, 2, 3, 4, 5, 6]);
  t.equal(result.rounds, 6);
  t.ok(result.kills >= 6);
  t.ok(result.acknowledged > 100, `${result.acknowledged} writes were acknowledged`);
  t.equal(result.reordered, 0);
});

test('Redis without a log is found out', { skip: skipWithoutRedis() }, async (t) => {
  const result = await killLoop({ ...base, start: () => startRedis() });
  t.notOk(result.ok);
  t.ok(
    result.violations.every(({ kind }) => kind === 'lost'),
    formatKillLoop(result),
  );
});

/** A Redis to which something happens between its end and its next start. */
async function startWith(accident: (server: ServerHandle) => Promise<void>, args = LOG) {
  const server = await startRedis({ args });
  return {
    port: server.port,
    dir: server.dir,
    get pid() {
      return server.pid;
    },
    log: () => server.log(),
    stop: () => server.stop(),
    kill9: () => server.kill9(),
    restart: () => accident(server),
  };
}

test('a log without its end is found out', { skip: skipWithoutRedis() }, async (t) => {
  const result = await killLoop({
    ...base,
    start: () =>
      startWith(async (server) => {
        await server.kill9();
        const dir = join(server.dir, 'appendonlydir');
        const name = readdirSync(dir).find((one) => one.endsWith('.incr.aof')) as string;
        const path = join(dir, name);
        // More than can be in flight, less than all.
        truncateSync(path, Math.floor(statSync(path).size / 2));
        await server.restart();
      }),
  });
  t.notOk(result.ok);
  t.ok(
    result.violations.some(({ kind }) => kind === 'lost'),
    formatKillLoop(result),
  );
});

for (const [name, command] of [
  ['one key of a group', ['DEL', 'own:1:group0:2', 'own:2:group0:2', 'own:3:group0:2']],
  ['a key more', ['SET', 'stranger', 'x']],
  ['one INCR more', ['INCRBY', 'shared:0', '100000']],
] as const) {
  test(`${name} is found out`, { skip: skipWithoutRedis() }, async (t) => {
    const kinds = { 'one key of a group': 'torn', 'a key more': 'invented' };
    const result = await killLoop({
      ...base,
      start: () =>
        startWith(async (server) => {
          await server.restart();
          const client = await RespClient.connect({ port: server.port });
          await client.must(...command);
          client.destroy();
        }),
    });
    const expected = kinds[name as keyof typeof kinds] ?? 'invented';
    t.ok(
      result.violations.some(({ kind }) => kind === expected),
      formatKillLoop(result),
    );
  });
}

test('a server that does not start again is found out', { skip: skipWithoutRedis() }, async (t) => {
  const result = await killLoop({
    ...base,
    start: () =>
      startWith(async (server) => {
        await server.kill9();
        throw new Error('it does not start');
      }),
  });
  t.same(result.violations, [{ kind: 'start', what: 'it does not start' }]);
});

/** Resolves when the server holds something: the load has begun. */
async function untilLoaded({ port }: ServerHandle): Promise<void> {
  const client = await RespClient.connect({ port });
  for (;;) {
    const size = await client.must('DBSIZE');
    if (size.kind === 'integer' && size.value > 0n) break;
    await sleep(5);
  }
  client.destroy();
}

test('a server that ends by itself is found out', { skip: skipWithoutRedis() }, async (t) => {
  const result = await killLoop({
    ...base,
    // So long that it would be noticed if a round did not end with its connections.
    msPerRound: 1_000_000,
    connections: 1,
    start: async () => {
      const server = await startRedis({ args: LOG });
      untilLoaded(server).then(() => process.kill(server.pid as number, 'SIGKILL'), t.error);
      return server;
    },
  });
  t.match(result.violations[0], { kind: 'reply', what: /closed/ });
});

test('a server that is not empty is refused', { skip: skipWithoutRedis() }, async (t) => {
  const start = async () => {
    const server = await startRedis();
    const client = await RespClient.connect({ port: server.port });
    await client.must('SET', 'k', 'v');
    client.destroy();
    return server;
  };
  await t.rejects(killLoop({ ...base, start }), /1 keys, it must be empty/);
});
