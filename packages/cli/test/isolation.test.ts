// Commands are atomic, whoever runs them: counters add up, values that grow lose nothing, and a
// command on several keys is never seen half done, packed or large, on one worker or several.

import { describeReply, Prng, type Reply, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connectToEveryFront, keyOnShard, LAYOUTS, serve } from './support/servers.ts';

const LARGE_ARGS = ['--hot-value-max-bytes', '64'];
const COUNTERS = ['counter:a', 'counter:b', 'counter:c', 'counter:d'];
const INCREMENTS = 4000;
const BATCH = 200;
const APPENDS = 3000;
/** Keys of MSET and MGET: on eight shards, so with four workers on all of them. */
const KEYS = Array.from({ length: 8 }, (_, i) => keyOnShard(i * 9, 'k'));
const MSETS = 1200;

const SERVERS = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: LARGE_ARGS })),
  { fronts: 2, workers: 4, args: [...LARGE_ARGS, '--debug-force-hop', 'yes'] },
];

for (const { fronts, workers, args } of SERVERS) {
  test(`isolation with ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    const clients = await connectToEveryFront(t, server, fronts);
    await t.test('counters add up', (t) => addUp(t, clients.slice(0, 12)));
    await t.test('a value that becomes large loses nothing', (t) => grow(t, clients.slice(0, 8)));
    for (const paddings of [[0], [150], [0, 150]]) {
      const name = `MSET is never seen torn, paddings ${paddings.join(' and ')}`;
      await t.test(name, (t) => writeTogether(t, clients, paddings));
    }
  });
}

async function addUp(t: Test, clients: readonly RespClient[]): Promise<void> {
  const seen = new Map<string, Set<bigint>>(COUNTERS.map((key) => [key, new Set()]));
  const count = async (client: RespClient): Promise<void> => {
    for (let done = 0; done < INCREMENTS; done += BATCH) {
      const commands = Array.from({ length: BATCH }, (_, i) => ['INCR', COUNTERS[i % 4]!]);
      const replies = await client.pipeline(commands);
      for (const [i, reply] of replies.entries()) {
        if (reply.kind !== 'integer') throw new Error(describeReply(reply));
        seen.get(COUNTERS[i % 4]!)!.add(reply.value);
      }
    }
  };
  await Promise.all(clients.map(count));
  const expected = (clients.length * INCREMENTS) / 4;
  for (const key of COUNTERS) {
    t.equal(describeReply(await clients[0]!.command('GET', key)), `"${expected}"`);
    t.equal(seen.get(key)?.size, expected, 'no two replies are the same');
  }
}

async function grow(t: Test, clients: readonly RespClient[]): Promise<void> {
  const append = async (client: RespClient, who: number): Promise<void> => {
    for (let done = 0; done < APPENDS; done += BATCH) {
      const commands = Array.from({ length: BATCH }, () => ['APPEND', 'grows', String(who)]);
      await client.pipeline(commands);
    }
  };
  await Promise.all(clients.map(append));
  const reply = await clients[0]!.command('GET', 'grows');
  const text = reply.kind === 'bulk' ? reply.bytes.toString() : describeReply(reply);
  const counts = clients.map((_, who) => text.split(String(who)).length - 1);
  t.same(
    counts,
    clients.map(() => APPENDS),
  );
}

/** The first key decides which worker runs a command, so each of them gets its turn. */
function rotatedKeys(prng: Prng): string[] {
  const at = prng.below(KEYS.length);
  return [...KEYS.slice(at), ...KEYS.slice(0, at)];
}

/** What is wrong: all keys must have the same value, or none exist. */
function tornness(reply: Reply): string | undefined {
  if (reply.kind !== 'array') return describeReply(reply);
  const said = reply.items.map((item) => describeReply(item, 24));
  return said.every((one) => one === said[0]) ? undefined : said.join(' ');
}

async function writeTogether(
  t: Test,
  clients: readonly RespClient[],
  paddings: readonly number[],
): Promise<void> {
  const writers = clients.slice(0, 3);
  const readers = clients.slice(3, 7);
  const torn: string[] = [];
  let running = writers.length;
  let reads = 0;
  const write = async (client: RespClient, who: number): Promise<void> => {
    const prng = new Prng(who);
    for (let i = 0; i < MSETS / writers.length; i += 4) {
      const commands = Array.from({ length: 4 }, (_, j) => {
        if (prng.below(10) === 0) return ['DEL', ...rotatedKeys(prng)];
        const value = `${who}-${i + j}-${'x'.repeat(prng.pick(paddings))}`;
        return ['MSET', ...rotatedKeys(prng).flatMap((key) => [key, value])];
      });
      await client.pipeline(commands);
    }
    running--;
  };
  const read = async (client: RespClient, who: number): Promise<void> => {
    const prng = new Prng(100 + who);
    while (running > 0) {
      const commands = Array.from({ length: 3 }, () => ['MGET', ...rotatedKeys(prng)]);
      const replies = await client.pipeline(commands);
      for (const reply of replies) {
        reads++;
        const problem = tornness(reply);
        if (problem !== undefined) torn.push(problem);
      }
    }
  };
  await Promise.all([...writers.map(write), ...readers.map(read)]);
  t.same(torn.slice(0, 3), [], `${reads} reads`);
  t.ok(reads > 100, `${reads} reads beside ${MSETS} writes`);
}
