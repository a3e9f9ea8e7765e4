// Residents with node-redis: a queue that is filled and emptied, and large values.

import type { ServerHandle } from '@forgekv/testkit';
import { createClient } from 'redis';
import { must, type Resident, Tally } from './resident.ts';

const QUEUE_LENGTH = 400;
const LARGE_VALUES = 12;
const LARGE_BYTES = 60_000;

async function connected({ port }: ServerHandle) {
  const client = createClient({
    socket: { port, reconnectStrategy: 50 },
    disableOfflineQueue: true,
    RESP: 3,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Numbers in order: pushed once, popped once. */
export async function queue(server: ServerHandle, index: number): Promise<Resident> {
  const client = await connected(server);
  const key = `queue:${index}`;
  const [pushed, popped] = [new Tally(), new Tally()];
  return {
    name: `node-redis queue ${index}`,
    async work() {
      const first = pushed.tried + 1;
      const numbers = Array.from({ length: 5 }, (_, i) => String(first + i));
      const length = await pushed.of(() => client.rPush(key, numbers), 5);
      must(
        length === pushed.acked - popped.acked,
        () => `${key} is ${length} long: ${pushed.acked} pushed, ${popped.acked} popped`,
      );
      if (length <= QUEUE_LENGTH) return;
      for (let i = 0; i < 5; i++) {
        const number = await popped.of(() => client.lPop(key));
        must(Number(number) === popped.acked, () => `${key} gave ${number}, not ${popped.acked}`);
      }
    },
    async settle() {
      const found = (await client.lRange(key, 0, -1)).map(Number);
      const [first = popped.acked + 1] = found;
      must(
        found.every((n, i) => n === first + i),
        () => `${key} has gaps`,
      );
      popped.settle(first - 1, `what was popped from ${key}`);
      pushed.settle(found.at(-1) ?? first - 1, `what was pushed to ${key}`);
    },
    async close() {
      client.destroy();
    },
  };
}

/** Values of many kilobytes, each all of one version. */
export async function largeValues(server: ServerHandle, index: number): Promise<Resident> {
  const client = await connected(server);
  const tallies = Array.from({ length: LARGE_VALUES }, () => new Tally());
  const key = (i: number): string => `large:${index}:${i}`;
  const versionOf = (value: string | null, i: number): number => {
    const version = Number(value?.slice(0, 10) ?? 0);
    must(
      value === null || value === valueOfVersion(version),
      () => `${key(i)} is of several versions`,
    );
    return version;
  };
  let turn = 0;
  return {
    name: `node-redis large values ${index}`,
    async work() {
      const i = turn++ % LARGE_VALUES;
      const tally = tallies[i] as Tally;
      const value = valueOfVersion(tally.tried + 1);
      await tally.of(() => client.set(key(i), value));
      const found = versionOf(await client.get(key(i)), i);
      must(found === tally.acked, () => `${key(i)} has version ${found}, not ${tally.acked}`);
    },
    async settle() {
      for (const [i, tally] of tallies.entries()) {
        tally.settle(versionOf(await client.get(key(i)), i), key(i));
      }
    },
    async close() {
      client.destroy();
    },
  };
}

function valueOfVersion(version: number): string {
  return String(version)
    .padStart(10, '0')
    .repeat(LARGE_BYTES / 10);
}
