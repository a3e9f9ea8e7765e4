// What applications do with channels through ioredis and node-redis.

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { Test } from 'tap';
import { until } from './until.ts';

const MESSAGES = 300;

export interface ChannelTour {
  readonly port: number;
  readonly protocol: 2 | 3;
}

/** Subscribes to channels and patterns, gets messages, leaves, publishes again. */
export async function channelsWithIoredis(t: Test, { port, protocol }: ChannelTour): Promise<void> {
  const subscriber = new Redis({ port, protocol });
  const publisher = new Redis({ port, protocol });
  t.teardown(() => {
    subscriber.disconnect();
    publisher.disconnect();
  });
  const got: string[] = [];
  subscriber.on('message', (channel: string, message: string) => got.push(`${channel} ${message}`));
  subscriber.on('pmessage', (pattern: string, channel: string, message: string) => {
    got.push(`${pattern} ${channel} ${message}`);
  });
  t.equal(await subscriber.subscribe('io:a', 'io:b'), 2);
  t.equal(await subscriber.psubscribe('io:?'), 3);
  for (let i = 0; i < MESSAGES; i++) t.equal(await publisher.publish('io:a', `${i}`), 2);
  t.ok(await until(() => got.length === 2 * MESSAGES));
  t.strictSame(
    got,
    Array.from({ length: MESSAGES }, (_, i) => [`io:a ${i}`, `io:? io:a ${i}`]).flat(),
    'all messages, in order',
  );
  const bytes = Buffer.from([0, 13, 10, 255]);
  const came = new Promise<Buffer>((resolve) => {
    subscriber.once('messageBuffer', (_: Buffer, message: Buffer) => resolve(message));
  });
  await publisher.publish('io:b', bytes);
  t.same(await came, bytes);
  t.strictSame(await publisher.pubsub('NUMSUB', 'io:a', 'io:none'), ['io:a', 1, 'io:none', 0]);
  t.equal(await subscriber.unsubscribe('io:a', 'io:b'), 1);
  t.equal(await subscriber.punsubscribe('io:?'), 0);
  t.equal(await publisher.publish('io:a', 'nobody'), 0);
  t.equal(await subscriber.ping(), 'PONG', 'an ordinary connection again');
}

/** The same with node-redis, which also has sharded channels. */
export async function channelsWithNodeRedis(
  t: Test,
  { port, protocol }: ChannelTour,
): Promise<void> {
  const open = async () => {
    const client = createClient({ socket: { port }, RESP: protocol });
    t.teardown(() => client.isOpen && client.destroy());
    await client.connect();
    return client;
  };
  const [subscriber, publisher] = [await open(), await open()];
  const got: string[] = [];
  const listen = (message: string, channel: string): void => {
    got.push(`${channel} ${message}`);
  };
  await subscriber.subscribe(['node:a', 'node:b'], listen);
  await subscriber.pSubscribe('node:?', listen);
  await subscriber.sSubscribe('node:a', listen);
  for (let i = 0; i < MESSAGES; i++) {
    t.equal(await publisher.publish('node:b', `${i}`), 2);
    t.equal(await publisher.sPublish('node:a', `sharded ${i}`), 1);
  }
  t.ok(await until(() => got.length === 3 * MESSAGES));
  t.strictSame(
    got,
    Array.from({ length: MESSAGES }, (_, i) => [
      ...[`node:b ${i}`, `node:b ${i}`, `node:a sharded ${i}`],
    ]).flat(),
    'all messages, in order',
  );
  t.same(await publisher.pubSubNumSub(['node:a']), { 'node:a': 1 });
  await subscriber.unsubscribe('node:a', listen);
  await subscriber.unsubscribe();
  await subscriber.pUnsubscribe();
  await subscriber.sUnsubscribe('node:a');
  t.equal(await publisher.publish('node:b', 'nobody'), 0);
  // In RESP2 it stays a buffer after having been a subscriber.
  t.equal(`${await subscriber.ping()}`, 'PONG', 'an ordinary connection again');
}
