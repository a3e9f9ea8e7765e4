// What an application does with node-redis, on a database of its own.

import { createClient, RESP_TYPES } from 'redis';
import type { Test } from 'tap';
import type { Tour } from './ioredis-tour.ts';
import { ALL_BYTES, bytesOf, PIPELINE, VALUE_SIZES } from './tour-data.ts';
import { until } from './until.ts';

type Client = ReturnType<typeof newClient>;

function newClient({ port, tls, protocol, db }: Tour, name: string) {
  const socket = { port, reconnectStrategy: 20 };
  return createClient({
    socket: tls === undefined ? socket : { ...socket, ...tls, tls: true as const },
    RESP: protocol,
    database: db,
    name,
  });
}

/** Connects, uses every kind of command, is thrown out, comes back, says goodbye. */
export async function tourWithNodeRedis(t: Test, tour: Tour): Promise<void> {
  const name = `node-redis-${tour.protocol}`;
  const client = newClient(tour, name);
  const errors: Error[] = [];
  client.on('error', (error: Error) => errors.push(error));
  t.teardown(() => {
    if (client.isOpen) client.destroy();
  });
  await client.connect();
  t.ok(client.isReady);

  await greeting(t, client, tour, name);
  await strings(t, client);
  await pipelines(t, client);
  await expiry(t, client);
  await scanning(t, client);
  await databases(t, client, tour.db);
  await largeValues(t, client);
  await inParallel(t, client);
  t.same(errors, [], 'no errors');
  await reconnecting(t, client, tour, name);

  t.equal(await client.flushDb(), 'OK');
  await client.close();
  t.notOk(client.isOpen);
}

async function greeting(t: Test, client: Client, tour: Tour, name: string): Promise<void> {
  t.equal(await client.ping(), 'PONG');
  const facts = await client.clientInfo();
  t.match(facts, { name, db: tour.db, resp: tour.protocol, libName: 'node-redis' });
  const all = await client.clientList();
  t.ok(all.some(({ id }) => id === facts.id));
  t.match(await client.info('persistence'), /^loading:0\r$/m);
  const settings = await client.configGet(['databases', 'maxclients']);
  t.equal(settings.databases, '16');
  t.equal(settings.maxclients, '10000');
  t.same(Object.keys(await client.configGet('no-such-*')), []);
}

async function strings(t: Test, client: Client): Promise<void> {
  t.equal(await client.set('s', 'one'), 'OK');
  t.equal(await client.get('s'), 'one');
  t.equal(await client.set('s', 'two', { condition: 'NX' }), null);
  t.equal(await client.set('s', 'two', { GET: true }), 'one');
  t.equal(await client.append('s', 'three'), 8);
  t.equal(await client.getRange('s', 0, 3), 'twot');
  t.equal(await client.get('absent'), null);
  t.equal(await client.incrBy('n', 41), 41);
  t.equal(await client.incr('n'), 42);
  t.equal(await client.incrByFloat('f', 1.5), '1.5');
  await client.mSet([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['é', 'ü'],
  ]);
  const keys = ['__proto__', 'constructor', 'é', 'absent'];
  t.same(await client.mGet(keys), ['a', 'b', 'ü', null]);
  t.equal(await client.exists(['s', 'n', 's', 'absent']), 3);
  t.equal(await client.type('s'), 'string');
  t.equal(await client.del(['s', 'n', 'absent']), 2);
  const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  t.equal(String(await raw.set(ALL_BYTES, ALL_BYTES)), 'OK');
  t.same(await raw.get(ALL_BYTES), ALL_BYTES);
  t.equal(await client.getDel('constructor'), 'b');
  await t.rejects(client.incr('é'), { message: 'ERR value is not an integer or out of range' });
  await t.rejects(client.sendCommand(['NOSUCH', 'x']), {
    message: /^ERR unknown command 'NOSUCH'/,
  });
}

async function pipelines(t: Test, client: Client): Promise<void> {
  const pipeline = client.multi();
  for (let i = 0; i < PIPELINE / 2; i++) pipeline.set(`p:${i}`, `v${i}`).get(`p:${i}`);
  const replies: unknown[] = await pipeline.execAsPipeline();
  t.equal(replies.length, PIPELINE);
  const expected = (at: number) => (at % 2 === 0 ? 'OK' : `v${(at - 1) / 2}`);
  const wrong = replies.findIndex((reply, at) => reply !== expected(at));
  t.equal(wrong, -1, 'every reply of the pipeline is its own');
}

async function expiry(t: Test, client: Client): Promise<void> {
  await client.set('e', 'x', { expiration: { type: 'PX', value: 500 } });
  await client.setEx('far', 1000, 'x');
  const left = await client.pTTL('e');
  t.ok(left > 0 && left <= 500, `${left} ms are left`);
  t.ok((await client.ttl('far')) > 990);
  t.equal(Number(await client.persist('far')), 1);
  t.equal(await client.ttl('far'), -1);
  t.equal(Number(await client.expireAt('far', 1)), 1);
  t.equal(await client.get('far'), null);
  t.ok(await until(async () => (await client.get('e')) === null), 'it expires');
  t.equal(await client.ttl('e'), -2);
}

async function scanning(t: Test, client: Client): Promise<void> {
  const seen: string[] = [];
  for await (const keys of client.scanIterator({ MATCH: 'p:*', COUNT: 300 })) seen.push(...keys);
  t.equal(seen.length, PIPELINE / 2, 'no key comes twice');
  t.equal(new Set(seen).size, PIPELINE / 2, 'every key comes');
  const rest = (await client.keys('*')).filter((key) => !key.startsWith('p:'));
  t.equal(await client.dbSize(), PIPELINE / 2 + rest.length);
  t.equal(await client.unlink(seen), PIPELINE / 2);
}

async function databases(t: Test, client: Client, db: number): Promise<void> {
  await client.set('where', 'own');
  await client.select(15);
  t.equal(await client.get('where'), null);
  await client.select(db);
  t.equal(await client.get('where'), 'own');
  await t.rejects(client.select(16), { message: 'ERR DB index is out of range' });
}

async function largeValues(t: Test, client: Client): Promise<void> {
  const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  for (const size of VALUE_SIZES) {
    const value = bytesOf(size);
    await client.set('large', value);
    const back = await raw.get('large');
    t.ok(back?.equals(value), `a value of ${size} bytes comes back`);
    t.equal(await client.append('large', 'end'), size + 3);
    t.equal(await client.getRange('large', -3, -1), 'end');
  }
}

async function inParallel(t: Test, client: Client): Promise<void> {
  const clients = Array.from({ length: 8 }, () => client.duplicate());
  t.teardown(() => {
    for (const one of clients) if (one.isOpen) one.destroy();
  });
  await Promise.all(clients.map((one) => one.connect()));
  await client.del('counter');
  const counts = await Promise.all(
    clients.flatMap((one) => Array.from({ length: 250 }, () => one.incr('counter'))),
  );
  t.equal(new Set(counts).size, 2000, 'every INCR has a result of its own');
  t.equal(await client.get('counter'), '2000');
  await Promise.all(clients.map((one) => one.close()));
}

async function reconnecting(t: Test, client: Client, tour: Tour, name: string): Promise<void> {
  const admin = newClient(tour, 'admin');
  t.teardown(() => {
    if (admin.isOpen) admin.destroy();
  });
  await admin.connect();
  const before = await client.clientId();
  const again = new Promise((resolve) => client.once('ready', resolve));
  t.equal(Number(await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(before)])), 1);
  await again;
  await client.set('after', 'x');
  const facts = await client.clientInfo();
  t.not(facts.id, before);
  t.match(facts, { name, db: tour.db });
  await admin.close();
}
