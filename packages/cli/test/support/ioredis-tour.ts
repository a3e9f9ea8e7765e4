// What an application does with ioredis, on a database of its own.

import type { TlsClient } from '@forgekv/testkit';
import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { ALL_BYTES, bytesOf, PIPELINE, VALUE_SIZES } from './tour-data.ts';
import { until } from './until.ts';

export interface Tour {
  readonly port: number;
  /** TLS is spoken on it. */
  readonly tls?: TlsClient | undefined;
  readonly protocol: 2 | 3;
  /** Used by nobody else. */
  readonly db: number;
}

/** Connects, uses every kind of command, is thrown out, comes back, says goodbye. */
export async function tourWithIoredis(t: Test, { port, tls, protocol, db }: Tour): Promise<void> {
  const connectionName = `ioredis-${protocol}`;
  const options = { port, protocol, db, connectionName, retryStrategy: () => 20 };
  const redis = new Redis({ ...options, ...(tls && { tls }) });
  t.teardown(() => redis.disconnect());
  const errors: Error[] = [];
  redis.on('error', (error: Error) => errors.push(error));
  await new Promise((resolve) => redis.once('ready', resolve));

  await greeting(t, redis, protocol, db);
  await strings(t, redis);
  await pipelines(t, redis);
  await expiry(t, redis);
  await scanning(t, redis);
  await databases(t, redis, db);
  await largeValues(t, redis);
  await inParallel(t, redis);
  await reconnecting(t, redis, connectionName, db);
  t.same(errors, [], 'no errors but those awaited');

  t.equal(await redis.flushdb(), 'OK');
  const ended = new Promise((resolve) => redis.once('end', resolve));
  t.equal(await redis.quit(), 'OK');
  await ended;
}

async function greeting(t: Test, redis: Redis, protocol: number, db: number): Promise<void> {
  t.equal(await redis.ping(), 'PONG');
  const line = await redis.client('INFO');
  t.match(line, ` db=${db} `);
  t.match(line, ` resp=${protocol} lib-name=ioredis lib-ver=`);
  t.match(line, ` name=ioredis-${protocol} `);
  const id = await redis.client('ID');
  t.match(await redis.client('LIST'), new RegExp(`^id=${id} .* name=ioredis-${protocol} `, 'm'));
  const text = await redis.info();
  t.match(text, /^loading:0\r$/m);
  t.match(text, /^redis_mode:standalone\r$/m);
  t.match(await redis.config('GET', 'databases'), ['databases', '16']);
  t.same(await redis.config('GET', 'no-such-*'), []);
}

async function strings(t: Test, redis: Redis): Promise<void> {
  t.equal(await redis.set('s', 'one'), 'OK');
  t.equal(await redis.get('s'), 'one');
  t.equal(await redis.set('s', 'two', 'EX', 100, 'NX'), null);
  t.equal(await redis.set('s', 'two', 'EX', 100, 'GET'), 'one');
  t.equal(await redis.append('s', 'three'), 8);
  t.equal(await redis.getrange('s', 0, 3), 'twot');
  t.equal(await redis.strlen('s'), 8);
  t.equal(await redis.get('absent'), null);
  t.equal(await redis.incrby('n', 41), 41);
  t.equal(await redis.incr('n'), 42);
  t.equal(await redis.incrbyfloat('f', 1.5), '1.5');
  t.equal(await redis.mset({ __proto__x: 'a', constructor: 'b', é: 'ü' }), 'OK');
  t.same(await redis.mget('__proto__x', 'constructor', 'é', 'absent'), ['a', 'b', 'ü', null]);
  t.equal(await redis.exists('s', 'n', 's', 'absent'), 3);
  t.equal(await redis.type('s'), 'string');
  t.equal(await redis.del('s', 'n', 'absent'), 2);
  t.equal(await redis.set(ALL_BYTES, ALL_BYTES), 'OK');
  t.same(await redis.getBuffer(ALL_BYTES), ALL_BYTES);
  t.equal(await redis.getdel('constructor'), 'b');
  await t.rejects(redis.incr('é'), { message: 'ERR value is not an integer or out of range' });
  await t.rejects(redis.call('NOSUCH', ['x']), { message: /^ERR unknown command 'NOSUCH'/ });
  await t.rejects(redis.call('GET', []), {
    message: "ERR wrong number of arguments for 'get' command",
  });
}

async function pipelines(t: Test, redis: Redis): Promise<void> {
  const pipeline = redis.pipeline();
  for (let i = 0; i < PIPELINE / 2; i++) pipeline.set(`p:${i}`, `v${i}`).get(`p:${i}`);
  const replies = (await pipeline.exec()) ?? [];
  t.equal(replies.length, PIPELINE);
  const wrong = replies.findIndex(([error, reply], at) => {
    return error !== null || reply !== (at % 2 === 0 ? 'OK' : `v${(at - 1) / 2}`);
  });
  t.equal(wrong, -1, 'every reply of the pipeline is its own');
}

async function expiry(t: Test, redis: Redis): Promise<void> {
  t.equal(await redis.set('e', 'x', 'PX', 500), 'OK');
  t.equal(await redis.set('far', 'x', 'EX', 1000), 'OK');
  const left = await redis.pttl('e');
  t.ok(left > 0 && left <= 500, `${left} ms are left`);
  t.ok((await redis.ttl('far')) > 990);
  t.equal(await redis.persist('far'), 1);
  t.equal(await redis.ttl('far'), -1);
  t.equal(await redis.expireat('far', 1), 1);
  t.equal(await redis.get('far'), null);
  t.ok(await until(async () => (await redis.get('e')) === null), 'it expires');
  t.equal(await redis.ttl('e'), -2);
}

async function scanning(t: Test, redis: Redis): Promise<void> {
  const seen: string[] = [];
  for await (const keys of redis.scanStream({ match: 'p:*', count: 300 })) seen.push(...keys);
  t.equal(seen.length, PIPELINE / 2, 'no key comes twice');
  t.equal(new Set(seen).size, PIPELINE / 2, 'every key comes');
  const rest = (await redis.keys('*')).filter((key) => !key.startsWith('p:'));
  t.equal(await redis.dbsize(), PIPELINE / 2 + rest.length);
  t.equal(await redis.unlink(...seen), PIPELINE / 2);
}

async function databases(t: Test, redis: Redis, db: number): Promise<void> {
  await redis.set('where', 'own');
  t.equal(await redis.select(15), 'OK');
  t.equal(await redis.get('where'), null);
  t.equal(await redis.select(db), 'OK');
  t.equal(await redis.get('where'), 'own');
}

async function largeValues(t: Test, redis: Redis): Promise<void> {
  for (const size of VALUE_SIZES) {
    const value = bytesOf(size);
    t.equal(await redis.set('large', value), 'OK');
    const back = await redis.getBuffer('large');
    t.ok(back?.equals(value), `a value of ${size} bytes comes back`);
    t.equal(await redis.append('large', 'end'), size + 3);
    t.equal(await redis.getrange('large', -3, -1), 'end');
  }
  const many = VALUE_SIZES.map((size) => redis.set(`large:${size}`, bytesOf(size)));
  await Promise.all(many);
  const back = await redis.mgetBuffer(...VALUE_SIZES.map((size) => `large:${size}`));
  t.ok(back.every((value, at) => value?.equals(bytesOf(VALUE_SIZES[at] as number))));
}

async function inParallel(t: Test, redis: Redis): Promise<void> {
  const clients = Array.from({ length: 8 }, () => redis.duplicate());
  t.teardown(() => {
    for (const client of clients) client.disconnect();
  });
  await redis.del('counter');
  const counts = await Promise.all(
    clients.flatMap((client) => Array.from({ length: 250 }, () => client.incr('counter'))),
  );
  t.equal(new Set(counts).size, 2000, 'every INCR has a result of its own');
  t.equal(await redis.get('counter'), '2000');
  await Promise.all(clients.map((client) => client.quit()));
}

async function reconnecting(t: Test, redis: Redis, name: string, db: number): Promise<void> {
  const admin = redis.duplicate();
  t.teardown(() => admin.disconnect());
  const before = await redis.client('ID');
  const closed = new Promise((resolve) => redis.once('close', resolve));
  t.equal(await admin.client('KILL', 'ID', before), 1);
  await closed;
  t.equal(await redis.set('after', 'x'), 'OK', 'what comes meanwhile is sent after reconnecting');
  t.not(await redis.client('ID'), before);
  t.match(await redis.client('INFO'), new RegExp(` name=${name} .* db=${db} `));
  await admin.quit();
}
