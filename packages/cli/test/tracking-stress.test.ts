// Clients with caches under load: others write, expire and flush what they have read, in place and
// on workers. Once it is quiet no cache has anything that has changed, and nothing is left behind.

import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@forgekv/base';
import { describeReply, type RespClient, type ServerHandle } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { CACHING_MODES, CachingClient, versionOf } from './support/caching-client.ts';
import { FrameClient } from './support/frame-client.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const KEYS = Array.from({ length: 24 }, (_, i) => `k${i}`);
const WRITERS = 4;
const RUN_MS = 2000;
/** Above `--hot-value-max-bytes`: the value is a worker's. */
const LARGE_BYTES = 200;
const VERSION_DIGITS = 12;

/** Writes its own keys, with ascending versions, until told to stop. */
async function write(
  client: RespClient,
  random: Random,
  keys: readonly string[],
  acknowledged: Map<string, number>,
  isOver: () => boolean,
): Promise<void> {
  let version = 0;
  const next = (): string => {
    const digits = `${++version}`.padStart(VERSION_DIGITS, '0');
    return random.chance(0.3) ? digits.padEnd(LARGE_BYTES, '.') : digits;
  };
  while (!isOver()) {
    const key = random.pick(keys);
    const other = random.pick(keys);
    const what = random.below(100);
    const written = version;
    if (what < 50) await client.must('SET', key, next());
    else if (what < 60) await client.must('SET', key, next(), 'PX', `${1 + random.below(30)}`);
    else if (what < 68) await client.must('DEL', key, other);
    else if (what < 74) await client.must('PEXPIRE', key, `${1 + random.below(30)}`);
    else if (what < 80) await client.must('APPEND', key, '');
    else if (what < 98) {
      await client.pipeline([['MULTI'], ['SET', key, next()], ['SET', other, next()], ['EXEC']]);
      if (other !== key) acknowledged.set(other, version);
    } else await client.must('FLUSHDB');
    if (what < 60) acknowledged.set(key, version);
    else if (what >= 80 && what < 98) acknowledged.set(key, other === key ? version : written + 1);
  }
}

interface Outcome {
  readonly problems: string[];
  readonly invalidations: number;
  readonly cached: number;
}

/** @param overlooks one invalidation in so many is overlooked by the clients, 0: none */
async function stress(t: Test, { port }: ServerHandle, seed: number, overlooks = 0) {
  const acknowledged = new Map<string, number>();
  const endMs = performance.now() + RUN_MS;
  const isOver = (): boolean => performance.now() > endMs;
  const clients = await Promise.all(
    Array.from({ length: CACHING_MODES.length * 2 }, async (_, i) => {
      const random = new Random(seed + i);
      const mode = CACHING_MODES[i % CACHING_MODES.length]!;
      const frames = await FrameClient.connect(t, port, 3);
      const client = new CachingClient(frames, random, mode, overlooks);
      await client.begin();
      return { client, random };
    }),
  );
  const reading = clients.map(async ({ client, random }) => {
    while (!isOver()) {
      client.ask(KEYS, acknowledged);
      await client.take(random.chance(0.9));
    }
    await client.take(true);
  });
  const writing = Array.from({ length: WRITERS }, async (_, i) => {
    const random = new Random(seed + 100 + i);
    const own = KEYS.filter((_key, at) => at % WRITERS === i);
    await write(await connect(t, { port }), random, own, acknowledged, isOver);
  });
  await Promise.all([...reading, ...writing]);
  const admin = await connect(t, { port });
  // From now on nothing changes, not even by expiring; and there is something to be compared.
  await admin.pipeline(KEYS.map((key) => ['PERSIST', key]));
  for (const { client } of clients) {
    client.ask(KEYS, new Map());
    await client.take(true);
  }
  const differences = async (): Promise<string[]> => {
    const reply = await admin.must('MGET', ...KEYS);
    const versions = reply.kind === 'array' ? reply.items.map(versionOf) : [];
    const wrong: string[] = [];
    for (const [i, { client }] of clients.entries()) {
      await client.take(false);
      for (const [key, version] of client.cache) {
        const now = versions[KEYS.indexOf(key)];
        if (now !== version) wrong.push(`client ${i}: ${key} is ${version}, not ${now}`);
      }
    }
    return wrong;
  };
  // The last pushes come.
  let found: string[] = [];
  const isRight = async (): Promise<boolean> => {
    found = await differences();
    return found.length === 0;
  };
  await until(isRight, overlooks > 0 ? 500 : 5000);
  const problems = clients.map(({ client }) => client.problem).filter((text) => text !== '');
  problems.push(...found);
  const sum = (of: (client: CachingClient) => number): number =>
    clients.reduce((total, { client }) => total + of(client), 0);
  const outcome: Outcome = {
    problems,
    invalidations: sum(({ invalidations }) => invalidations),
    cached: sum(({ cache }) => cache.size),
  };
  return outcome;
}

test('a key that has expired when its command turns out to belong on a worker', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1, args: ['--hot-value-max-bytes', '64'] });
  const writer = await connect(t, server);
  const reader = await FrameClient.connect(t, server.port, 3);
  await reader.call('CLIENT', 'TRACKING', 'ON');
  await writer.must('SET', 'large', 'x'.repeat(LARGE_BYTES));
  for (let i = 0; i < 20; i++) {
    await writer.must('SET', 'brief', `${i}`, 'PX', '2');
    // Nothing depends on how long: the worker may have removed it, or it may still be there.
    await sleep(4);
    reader.send('MGET', 'brief', 'large');
    let frame = await reader.next();
    while (frame.kind === 'push') frame = await reader.next();
    await writer.must('SET', 'brief', 'again');
    t.equal(await reader.shown(), '(push) ["invalidate", ["brief"]]', 'told behind the reply');
    reader.take();
  }
});

for (const { fronts, workers } of [
  { fronts: 1, workers: 1 },
  { fronts: 3, workers: 2 },
]) {
  test(`caches are right, ${fronts} fronts, ${workers} workers`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.comment(`seed ${seed}`);
    const args = ['--hot-value-max-bytes', '64'];
    const server = await serve(t, { fronts, workers, args });
    const { problems, invalidations, cached } = await stress(t, server, seed);
    t.same(problems, []);
    t.ok(invalidations > 100 && cached > 0, `${invalidations} invalidations, ${cached} cached`);
    if (fronts === 1) return;

    const planted = await stress(t, server, seed, 2);
    t.not(planted.problems.length, 0, 'an invalidation that is overlooked is found');

    const admin = await connect(t, server);
    const killed = await admin.must('CLIENT', 'KILL', 'TYPE', 'normal');
    t.not(describeReply(killed), '(integer) 0');
    const left = async (): Promise<string> => {
      const names = ['clients', 'total_keys', 'total_items', 'total_prefixes'];
      const counts = names.map((name) => infoField(admin, `tracking_${name}`));
      return (await Promise.all(counts)).join(' ');
    };
    t.ok(await until(async () => (await left()) === '0 0 0 0'), await left());
  });
}
