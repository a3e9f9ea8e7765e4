// Clients that wait while the server is killed or stopped; and job queues as applications make
// them, with ioredis.

import { Redis } from 'ioredis';
import { type Test, test } from 'tap';
import { connect, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';

test('no kill -9 loses what was acknowledged, to those who push or those who wait', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const pushed = new Set<string>();
  const tried = new Set<string>();
  const moved = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const waiters = await Promise.all(Array.from({ length: 6 }, () => connect(t, server)));
    const pushers = await Promise.all(Array.from({ length: 3 }, () => connect(t, server)));
    const running = [
      ...waiters.map(async (client, i) => {
        const queue = `q${i % 3}`;
        for (;;) {
          const reply = await client.command('BLMOVE', queue, `done:${queue}`, 'LEFT', 'RIGHT', 0);
          if (reply.kind === 'bulk') moved.add(reply.bytes.toString());
        }
      }),
      ...pushers.map(async (client, i) => {
        for (let n = 0; ; n++) {
          const element = `${round}:${i}:${n}`;
          tried.add(element);
          await client.must('RPUSH', `q${i}`, element);
          pushed.add(element);
        }
      }),
    ].map((run) => run.catch(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 200 + 100 * round));
    await server.kill9();
    await Promise.all(running);
    await server.restart();
  }
  const client = await connect(t, server);
  const there = new Map<string, number>();
  const done = new Set<string>();
  for (const i of [0, 1, 2]) {
    for (const key of [`q${i}`, `done:q${i}`]) {
      const reply = await client.must('LRANGE', key, '0', '-1');
      for (const item of reply.kind === 'array' ? reply.items : []) {
        const text = item.kind === 'bulk' ? item.bytes.toString() : '';
        there.set(text, (there.get(text) ?? 0) + 1);
        if (key.startsWith('done')) done.add(text);
      }
    }
  }
  t.ok(pushed.size > 0 && moved.size > 0);
  t.same(
    [...pushed].filter((element) => !there.has(element)),
    [],
    'nothing is lost',
  );
  t.same(
    [...moved].filter((element) => !done.has(element)),
    [],
    'nor what was moved',
  );
  t.same(
    [...there].filter(([what, times]) => times > 1 || !tried.has(what)),
    [],
    'nothing is double',
  );
});

test('the server stops while clients wait', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(t, server)));
  const other = await connect(t, server);
  const answers = clients.map((client) => client.command('BLPOP', 'k', '0').catch(() => 'closed'));
  t.ok(await until(async () => (await infoField(other, 'blocked_clients')) === '10'));
  other.command('SHUTDOWN').catch(() => {});
  t.same(
    await Promise.all(answers),
    Array.from({ length: 10 }, () => 'closed'),
  );
  await server.restart();
  t.same(await (await connect(t, server)).must('DBSIZE'), { kind: 'integer', value: 0n });
});

const JOBS = 60;

test('job queues with ioredis', async (t) => {
  const { port } = await serve(t, { fronts: 2, workers: 2 });
  const open = (test: Test): Redis => {
    const redis = new Redis({ port: port! });
    test.teardown(() => redis.disconnect());
    return redis;
  };
  await t.test('a reliable queue: BLMOVE to a list of what is in work', async (t) => {
    const producer = open(t);
    const done: string[] = [];
    const work = async (redis: Redis, own: string): Promise<void> => {
      for (;;) {
        const job = await redis.blmove('wait', own, 'RIGHT', 'LEFT', 0.3);
        if (job === null) return;
        done.push(job);
        await redis.multi().lrem(own, 1, job).lpush('completed', job).exec();
      }
    };
    const workers = [0, 1, 2].map((i) => work(open(t), `active:${i}`));
    for (let i = 0; i < JOBS; i++)
      await producer.multi().hset(`job:${i}`, 'n', i).lpush('wait', i).exec();
    await Promise.all(workers);
    t.same(
      done.map(Number).sort((a, b) => a - b),
      Array.from({ length: JOBS }, (_, i) => i),
    );
    t.equal(await producer.llen('completed'), JOBS);
    t.equal(await producer.exists('wait', 'active:0', 'active:1', 'active:2'), 0);
  });
  await t.test('a marker in a sorted set that workers wait for', async (t) => {
    const producer = open(t);
    const worker = open(t);
    for (let i = 0; i < 5; i++) {
      const marked = worker.bzpopmin('marker', 0);
      await producer.zadd('marker', i, '0');
      t.same(await marked, ['marker', '0', String(i)]);
    }
  });
});
