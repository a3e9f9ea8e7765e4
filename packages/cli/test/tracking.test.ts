// Client-side caching on the real server, over several fronts: the bytes of Redis, what CLIENT LIST
// and INFO say, the bound on what is remembered, and that nothing is left behind.

import { Random } from '@forgekv/base';
import { type RespClient, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { Redis } from 'ioredis';
import { BasicClientSideCache, createClient } from 'redis';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { play, type Record } from './support/play-transcript.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { randomTracking, TRACKING_TRANSCRIPTS } from './support/tracking-transcripts.ts';
import { until } from './support/until.ts';

/** Pushes behind each other in ascending order: a command changes keys in an order of its own. */
function inOrder(record: Record): Record {
  const isPush = (frame: string | undefined): boolean => frame?.includes('invalidate\r\n') === true;
  const sorted = (frames: readonly string[]): string[] => {
    const result: string[] = [];
    for (let i = 0; i < frames.length; i++) {
      let end = i;
      while (isPush(frames[end])) end++;
      result.push(...frames.slice(i, end).sort());
      if (end > i) i = end - 1;
      else result.push(frames[i]!);
    }
    return result;
  };
  return record.map((step) => new Map([...step].map(([name, frames]) => [name, sorted(frames)])));
}

/** Everything is executed by workers. */
const BY_HOP = ['--debug-force-hop', 'yes'];
const RANDOM_STEPS = 50;
/** Changes of keys are told a moment later than they are made. */
const ON_ITS_WAY_MS = 60;

test('transcripts beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const transcripts = [...TRACKING_TRANSCRIPTS, randomTracking(new Random(seed), RANDOM_STEPS)];
  const records = new Map<string, Record>();
  const cleaner = await connect(t, redis);
  for (const transcript of transcripts) {
    await cleaner.must('FLUSHALL');
    records.set(transcript.name, await play(t, redis, transcript));
  }
  for (const { fronts, workers } of LAYOUTS) {
    for (const args of fronts === 1 ? [[]] : [workers > 1 ? [] : BY_HOP]) {
      const server = await serve(t, { fronts, workers, args });
      const admin = await connect(t, server);
      for (const transcript of transcripts) {
        // What a run reads is noted before it begins, and stays so when the run changes it itself.
        if (args === BY_HOP && transcript.name === 'NOLOOP') continue;
        await admin.must('FLUSHALL');
        const wanted = records.get(transcript.name)!;
        const record = await play(t, server, transcript, wanted, ON_ITS_WAY_MS);
        const layout = `${fronts} fronts, ${workers} workers, ${args}`;
        t.strictSame(inOrder(record), inOrder(wanted), `${transcript.name}, ${layout}`);
      }
    }
  }
});

test('over several fronts', async (t) => {
  const server = await serve(t, { fronts: 3, workers: 2 });

  await t.test('redirections', async (t) => {
    const admin = await connect(t, server);
    const clients = await Promise.all(
      Array.from({ length: 12 }, () => FrameClient.connect(t, server.port, 3)),
    );
    const ids: string[] = [];
    for (const client of clients) {
      const id = await client.call('CLIENT', 'ID');
      ids.push(id.kind === 'integer' ? `${id.value}` : '');
    }

    // Each redirects to the next, wherever that is.
    for (const [i, client] of clients.entries()) {
      await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', ids[(i + 1) % 12]!);
      await client.call('GET', `key${i}`);
    }
    const figure = (name: string): Promise<string> => infoField(admin, `tracking_${name}`);
    t.ok(await until(async () => (await figure('total_keys')) === '12'));
    t.ok(await until(async () => (await figure('clients')) === '12'));
    await admin.must('MSET', ...ids.flatMap((id, i) => [`key${i}`, id]));
    for (const [i, client] of clients.entries()) {
      t.equal(await client.shown(), `(push) ["invalidate", ["key${(i + 11) % 12}"]]`);
    }
    t.ok(await until(async () => (await figure('total_items')) === '0'));

    const listed = async (id: string): Promise<string> => {
      const reply = await admin.must('CLIENT', 'LIST', 'ID', id);
      return reply.kind === 'bulk' ? reply.bytes.toString() : '';
    };
    t.match(await listed(ids[3]!), new RegExp(` flags=t .* redir=${ids[4]} resp=3 `));
    clients[4]!.destroy();
    t.ok(await until(async () => (await listed(ids[4]!)) === ''));
    await clients[3]!.call('GET', 'key3');
    await admin.must('SET', 'key3', 'x');
    t.equal(await clients[3]!.shown(), `(push) ["tracking-redir-broken", (integer) ${ids[4]}]`);
    t.match(await listed(ids[3]!), new RegExp(` flags=tR .* redir=${ids[4]} resp=3 `));
    await clients[5]!.call('CLIENT', 'TRACKING', 'OFF');
    await clients[5]!.call('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'x', 'PREFIX', 'y');
    t.match(await listed(ids[5]!), / flags=tB .* redir=0 resp=3 /);
    t.ok(await until(async () => (await figure('total_prefixes')) === '2'));
    await clients[5]!.call('RESET');
    t.match(await listed(ids[5]!), / flags=N .* redir=-1 resp=2 /);
  });

  await t.test('no more keys than may be', async (t) => {
    const admin = await connect(t, server);
    await admin.must('CONFIG', 'SET', 'tracking-table-max-keys', '10');
    const clients = await Promise.all(
      Array.from({ length: 6 }, () => FrameClient.connect(t, server.port, 3)),
    );
    for (const [i, client] of clients.entries()) {
      await client.call('CLIENT', 'TRACKING', 'ON');
      const keys = Array.from({ length: 50 }, (_, k) => `key${i}:${k}`);
      await client.call('MGET', ...keys);
    }
    const told = (): number => clients.reduce((sum, { received }) => sum + received, 0);
    // HELLO, and the two replies.
    t.ok(await until(() => told() - 6 * 3 >= 290), `${told()} frames`);
    const keys = async (): Promise<number> => Number(await infoField(admin, 'tracking_total_keys'));
    t.ok(await until(async () => (await keys()) <= 10));
  });

  await t.test('libraries', async (t) => {
    const { port } = server;
    const writer = await connect(t, { port });
    for (const isLarge of [false, true]) {
      const value = (text: string): string => text.repeat(isLarge ? 100_000 : 1);
      await cachedByNodeRedis(t, port, async (key, text) => {
        await writer.must('SET', key, value(text));
        return value(text);
      });
    }
    await toldByIoredis(t, port, writer);
  });
});

/** @param set gives a key another value, and returns it */
async function cachedByNodeRedis(
  t: Test,
  port: number,
  set: (key: string, text: string) => Promise<string>,
): Promise<void> {
  const cache = new BasicClientSideCache({ maxEntries: 100 });
  const client = createClient({ socket: { port }, RESP: 3, clientSideCache: cache });
  await client.connect();
  t.teardown(() => client.destroy());
  for (let i = 0; i < 10; i++) {
    const value = await set('cached', `${i}`);
    t.ok(await until(async () => (await client.get('cached')) === value));
    const before = cache.stats().hitCount;
    t.equal(await client.get('cached'), value);
    t.equal(cache.stats().hitCount, before + 1, 'the second time from the cache');
  }
}

/** With RESP2, where messages are for subscribers only. */
function newIoredis(port: number): Redis {
  return new Redis({ port, protocol: 2 });
}

/** One connection that reads, and another one that is told. */
async function toldByIoredis(t: Test, port: number, writer: RespClient): Promise<void> {
  const [reader, listener] = [newIoredis(port), newIoredis(port)];
  t.teardown(() => {
    reader.disconnect();
    listener.disconnect();
  });
  const id = (await listener.call('CLIENT', 'ID')) as number;
  const told: string[] = [];
  listener.on('message', (channel, keys) => told.push(`${channel} ${keys}`));
  await listener.subscribe('__redis__:invalidate');
  await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id);
  await reader.get('ioredis');
  await writer.must('SET', 'ioredis', '1');
  t.ok(await until(() => told.length === 1));
  t.same(told, ['__redis__:invalidate ioredis']);
}
