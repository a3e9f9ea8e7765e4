// Servers and connections for end-to-end tests: started for one test, gone with it. What a
// process looks like from outside is in process-figures.ts.

import { KeyHasher } from '@forgekv/base';
import {
  describeReply,
  type Endpoint,
  RespClient,
  type RespClientOptions,
  type ServerHandle,
  type StartForgeKvOptions,
  startForgeKv,
} from '@forgekv/testkit';
import type { Test } from 'tap';
import { until } from './until.ts';

/** Fronts and workers of the servers every behaviour is tried on. */
export const LAYOUTS = [
  { fronts: 1, workers: 1 },
  { fronts: 2, workers: 1 },
  { fronts: 2, workers: 4 },
] as const;

/** Enough for connections to reach every front, however the kernel spreads them. */
const MOST_CONNECTIONS = 512;
const CONNECTIONS_AT_ONCE = 8;

const hasher = new KeyHasher(0, 0);

/** Starts a server that stops when the test ends. */
export async function serve(t: Test, options: StartForgeKvOptions = {}): Promise<ServerHandle> {
  const server = await startForgeKv(options);
  t.teardown(() => server.stop());
  return server;
}

/** A raw connection that is gone when the test ends. */
export async function connect(
  t: Test,
  endpoint: Endpoint,
  options: RespClientOptions = {},
): Promise<RespClient> {
  const { port, host, path, tls } = endpoint;
  const where = {
    ...{ ...(port && { port }), ...(host && { host }), ...(path && { path }) },
    ...(tls && { tls }),
  };
  const client = await RespClient.connect({ timeoutMs: 20_000, ...where, ...options });
  t.teardown(() => client.destroy());
  return client;
}

/** Opens connections until every front has at least two of them; returns them all. */
export async function connectToEveryFront(
  t: Test,
  server: Endpoint,
  fronts: number,
): Promise<RespClient[]> {
  const clients: RespClient[] = [];
  while (clients.length < MOST_CONNECTIONS) {
    // At once, so that a front that is slow to accept does not leave them all to another.
    const more = Array.from({ length: CONNECTIONS_AT_ONCE }, () => connect(t, server));
    clients.push(...(await Promise.all(more)));
    await Promise.all(clients.map((client) => client.must('PING')));
    let perFront: number[] = [];
    // Fronts make their counts known ten times a second.
    await until(async () => {
      perFront = await connectionsPerFront(clients[0] as RespClient);
      return perFront.reduce((sum, count) => sum + count, 0) >= clients.length;
    });
    if (perFront.length === fronts && perFront.every((count) => count >= 2)) return clients;
  }
  throw new Error(`${MOST_CONNECTIONS} connections do not reach all of ${fronts} fronts`);
}

async function connectionsPerFront(client: RespClient): Promise<number[]> {
  const text = await info(client, 'forgekv');
  return [...text.matchAll(/^front\d+:connections=(\d+)/gm)].map(([, count]) => Number(count));
}

/** The text of INFO. */
export async function info(client: RespClient, section = 'everything'): Promise<string> {
  const reply = await client.must('INFO', section);
  if (reply.kind === 'bulk' || reply.kind === 'verbatim') return reply.bytes.toString();
  throw new Error(`INFO answered ${describeReply(reply)}`);
}

/** One field of INFO as text; throws when it is not there. */
export async function infoField(client: RespClient, name: string): Promise<string> {
  const [, value] = new RegExp(`^${name}:(.*)\\r$`, 'm').exec(await info(client)) ?? [];
  if (value === undefined) throw new Error(`INFO has no ${name}`);
  return value;
}

/** The shard (0..63) a key belongs to. */
export function shardOf(key: string): number {
  const bytes = Buffer.from(key);
  return hasher.shard(bytes, 0, bytes.length);
}

/** A key that begins with `prefix` and lies on a shard. */
export function keyOnShard(shard: number, prefix: string): string {
  for (let i = 0; ; i++) {
    const key = `${prefix}${i}`;
    if (shardOf(key) === shard) return key;
  }
}
