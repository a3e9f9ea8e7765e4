// JSON documents from outside: the client libraries people use, over both protocols; and through
// eviction, starts and kill -9, where every change that was answered is there afterwards, in a
// document that is whole.

import { setTimeout as sleep } from 'node:timers/promises';
import { RespClient, type ServerHandle, startForgeKv } from '@forgekv/testkit';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { t as file, type Test, test } from 'tap';
import { connect, serve } from './support/servers.ts';

const ROUNDS = Number(process.env.FORGEKV_KILL_ROUNDS ?? 2);
const LOAD_MS = 300;
const MEMBERS = 500;

file.setTimeout(120_000);

async function tourWithNodeRedis(t: Test, port: number, protocol: 2 | 3): Promise<void> {
  const client = createClient({ socket: { port }, RESP: protocol });
  await client.connect();
  t.teardown(() => client.destroy());
  const { json } = client;
  const key = `node-redis:${protocol}`;
  t.equal(await json.set(key, '$', { name: 'é', n: 1, list: [1, 'x'], on: true }), 'OK');
  t.equal(await json.set(key, '$', { none: 1 }, { condition: 'NX' }), null);
  t.strictSame(await json.get(key), { name: 'é', n: 1, list: [1, 'x'], on: true });
  t.strictSame(await json.get(key, { path: '$.list' }), [[1, 'x']]);
  t.strictSame(await json.numIncrBy(key, '$.n', 2), [3]);
  t.strictSame(await json.arrAppend(key, '$.list', { a: null }), [3]);
  t.strictSame(await json.arrPop(key, { path: '$.list' }), [{ a: null }]);
  t.strictSame(await json.arrLen(key, { path: '$.list' }), [2]);
  t.strictSame(await json.arrIndex(key, '$.list', 'x'), [1]);
  t.strictSame(await json.toggle(key, '$.on'), [0]);
  t.strictSame(await json.strAppend(key, '!', { path: '$.name' }), [3]);
  t.strictSame(await json.objKeys(key), ['name', 'n', 'list', 'on']);
  t.same(await json.type(key, { path: '$.list' }), ['array']);
  t.equal(await json.merge(key, '$', { list: null, more: {} }), 'OK');
  t.strictSame(await json.mGet([key, 'none'], '$.n'), [[3], null]);
  t.equal(await json.mSet([{ key, path: '$.n', value: 7 }]), 'OK');
  t.equal(await json.del(key, { path: '$.more' }), 1);
  t.strictSame(await json.get(key), { name: 'é!', n: 7, on: false });
  t.equal(await json.clear(key), 1);
  const reply = await client.multi().json.set(key, '$', [1]).json.get(key).exec();
  t.same(reply, ['OK', [1]]);
  t.equal(await client.type(key), 'ReJSON-RL');
}

async function tourWithIoredis(t: Test, port: number, protocol: 2 | 3): Promise<void> {
  const client = new Redis({ port, protocol });
  t.teardown(() => client.disconnect());
  const key = `ioredis:${protocol}`;
  t.equal(await client.call('JSON.SET', key, '$', '{"a":{"b":[1,2.0]}}'), 'OK');
  t.equal(await client.call('JSON.GET', key), '{"a":{"b":[1,2.0]}}');
  t.equal(await client.call('JSON.GET', key, '$..b'), '[[1,2.0]]');
  const sum = await client.call('JSON.NUMINCRBY', key, '$.a.b[0]', '1');
  t.same(sum, protocol === 3 ? [2] : '[2]');
  t.same(await client.call('JSON.OBJKEYS', key, '.a'), ['b']);
  await t.rejects(client.call('JSON.GET', key, '.nope') as Promise<unknown>, /does not exist/);
  const script = "return redis.call('JSON.ARRAPPEND', KEYS[1], '$.a.b', '\"lua\"')";
  t.same(await client.eval(script, 1, key), [3]);
  const modules = JSON.stringify(await client.call('MODULE', 'LIST'));
  t.match(modules, /ReJSON/);
}

for (const { fronts, workers } of [
  { fronts: 1, workers: 1 },
  { fronts: 2, workers: 2 },
]) {
  test(`clients: ${fronts} fronts, ${workers} workers`, async (t) => {
    const { port } = await serve(t, { fronts, workers });
    for (const protocol of [2, 3] as const) {
      await t.test(`node-redis, RESP${protocol}`, (t) => tourWithNodeRedis(t, port, protocol));
      await t.test(`ioredis, RESP${protocol}`, (t) => tourWithIoredis(t, port, protocol));
    }
  });
}

/** A document of about so many members of 60 bytes. */
function documentOf(members: number): string {
  const parts = Array.from(
    { length: members },
    (_, i) => `"k${i}":{"n":0,"t":"${'x'.repeat(40)}"}`,
  );
  return `{"log":[],${parts.join(',')}}`;
}

test('a large document as a value like any other', async (t) => {
  const args = ['--debug-slice-elements', '4', '--debug-keep-cold', 'yes'];
  const server = await serve(t, { fronts: 2, workers: 2, args });
  const client = new Redis({ port: server.port, protocol: 2 });
  const listener = new Redis({ port: server.port });
  t.teardown(() => {
    client.disconnect();
    listener.disconnect();
  });
  const events: string[] = [];
  await client.config('SET', 'notify-keyspace-events', 'KEAd');
  await listener.psubscribe('__keyevent@*');
  listener.on('pmessage', (_pattern: string, channel: string) => {
    events.push(channel.slice(channel.indexOf(':') + 1));
  });
  const text = documentOf(MEMBERS);
  await client.call('JSON.SET', 'a', '$', text);
  t.equal(await client.copy('a', 'b'), 1);
  t.equal(await client.rename('b', 'c'), 'OK');
  const payload = await client.dumpBuffer('c');
  t.equal(await client.restore('d', 0, payload!), 'OK');
  t.ok((await client.call('JSON.GET', 'd')) === text, 'the same after all that');
  t.equal(await client.expire('d', 1000), 1);
  t.equal(await client.call('JSON.SET', 'd', '$.k3.n', '7'), 'OK');
  t.ok((await client.ttl('d')) > 0, 'a change leaves the expiry');
  t.equal(await client.move('d', 1), 1);
  const block = client.multi();
  block.call('JSON.NUMINCRBY', 'a', '$.k3.n', '5').call('JSON.GET', 'c', '$.k3.n').del('c');
  t.same(await block.exec(), [
    [null, '[5]'],
    [null, '[0]'],
    [null, 1],
  ]);
  const script = "return redis.call('JSON.NUMINCRBY', KEYS[1], '.k3.n', ARGV[1])";
  t.equal(await client.eval(script, 1, 'a', '2'), '7');
  t.equal(await client.call('JSON.MSET', 'a', '$.k4', '[]', 'new', '$', text), 'OK');
  t.equal(
    await client.call('JSON.GET', 'a', '$["k3","k4"]'),
    `[{"n":7,"t":"${'x'.repeat(40)}"},[]]`,
  );
  t.equal(await client.call('JSON.DEL', 'a'), 1);
  t.equal(await client.exists('a', 'new'), 1);
  await listener.ping();
  await sleep(50);
  const wanted = ['json.set', 'copy_to', 'rename_from', 'rename_to', 'restore', 'expire'];
  for (const event of [...wanted, 'json.numincrby', 'json.mset', 'json.del', 'del']) {
    t.ok(events.includes(event), event);
  }
});

/** What a client knows of its counters: answered and asked for. */
class Counter {
  answered = 0;
  asked = 0;
}

async function count(client: RespClient, key: string, i: number, counter: Counter): Promise<void> {
  for (;;) {
    counter.asked++;
    await client.must('JSON.NUMINCRBY', key, `$.k${i}.n`, 1);
    counter.answered++;
    if (counter.asked % 5 === 0) await client.must('JSON.ARRAPPEND', key, '$.log', `"${i}"`);
    if (counter.asked % 7 === 0)
      await client.must('JSON.SET', key, `$.new${i}`, `[${'1,'.repeat(99)}1]`);
    if (counter.asked % 14 === 0) await client.must('JSON.DEL', key, `$.new${i}`);
  }
}

const KEYS = ['large', 'small', 'other'];

async function load(server: ServerHandle, counters: ReadonlyMap<string, Counter>): Promise<void> {
  const running: Promise<void>[] = [];
  for (const [name, counter] of counters) {
    const [key, i] = name.split(' ') as [string, string];
    const client = await RespClient.connect({ port: server.port });
    running.push(count(client, key, Number(i), counter));
  }
  const ended = Promise.allSettled(running);
  await sleep(LOAD_MS);
  await server.kill9();
  await ended;
}

for (const { fronts, workers, args } of [
  { fronts: 1, workers: 1, args: [] as string[] },
  { fronts: 2, workers: 2, args: ['--debug-keep-cold', 'yes'] },
]) {
  test(`kill -9: ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await startForgeKv({ fronts, workers, args });
    t.teardown(() => server.stop());
    const first = await RespClient.connect({ port: server.port });
    for (const key of KEYS) {
      await first.must('JSON.SET', key, '$', documentOf(key === 'small' ? 5 : MEMBERS));
    }
    const names = KEYS.flatMap((key) => ['0', '3'].map((i) => `${key} ${i}`));
    const counters = new Map(names.map((name) => [name, new Counter()]));
    for (let round = 0; round < (args.length > 0 ? 1 : ROUNDS); round++) {
      await load(server, counters);
      await server.restart();
      const client = await connect(t, server);
      for (const key of KEYS) {
        const reply = await client.must('JSON.GET', key);
        const document = JSON.parse(textOf(reply)) as Record<string, { n: number }>;
        for (const i of ['0', '3']) {
          const counter = counters.get(`${key} ${i}`)!;
          const { n } = document[`k${i}`]!;
          t.ok(n >= counter.answered && n <= counter.asked, `${key}: ${n} of ${counter.answered}`);
          // What was not answered may have happened.
          counter.answered = n;
          counter.asked = n;
        }
        t.ok(Object.keys(document).length >= (key === 'small' ? 6 : MEMBERS + 1));
      }
    }
    // And an orderly stop, which takes it all to the stores.
    const client = await connect(t, server);
    const before = textOf(await client.must('JSON.GET', 'large'));
    await server.restart();
    const again = await connect(t, server);
    t.ok(textOf(await again.must('JSON.GET', 'large')) === before, 'the same after a start');
    t.equal(textOf(await again.must('JSON.GET', 'large', '$.k7.n')), '[0]');
    t.ok(Number(((await again.must('MEMORY', 'USAGE', 'large')) as { value: bigint }).value) > 0);
  });
}

function textOf(reply: unknown): string {
  return (reply as { bytes: Buffer }).bytes.toString();
}
