// The cap on the dataset in a real server whose hot table is smaller than the cap: most keys are
// in the stores only. That the cap holds, that keys are counted and weighed right, also behind
// restarts, and that victims come from the stores.

import { Prng, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const BATCH = 200;
const VALUE = 'v'.repeat(200);
/** Long names, so that not even the keys find room in the hot table. */
const NAME_BYTES = 2000;
const FRONTS = 2;
const WORKERS = 2;
const MB = 2 ** 20;
/** What a key counts beside its name and its value. */
const KEY_BYTES = 48;
/** A step of 64 KB per thread, doubled, and the commands under way. */
const MOST_ABOVE_BYTES = 2 * (FRONTS + WORKERS) * 64 * 1024 + 10 * 2300;

function nameOf(prefix: string, i: number): string {
  return `${prefix}:${i}`.padEnd(NAME_BYTES, '.');
}

async function number(client: RespClient, field: string): Promise<number> {
  return Number(await infoField(client, field));
}

async function dbSize(client: RespClient): Promise<number> {
  const reply = await client.must('DBSIZE');
  return reply.kind === 'integer' ? Number(reply.value) : -1;
}

/** Runs commands in pipelines; returns the replies' numbers, 1 for any that is none. */
async function all(client: RespClient, commands: readonly string[][]): Promise<number[]> {
  const numbers: number[] = [];
  for (let at = 0; at < commands.length; at += BATCH) {
    for (const reply of await client.pipeline(commands.slice(at, at + BATCH))) {
      if (reply.kind === 'error') throw new Error(reply.text);
      numbers.push(reply.kind === 'integer' ? Number(reply.value) : 1);
    }
  }
  return numbers;
}

/** All keys, by a full SCAN. */
async function scan(client: RespClient): Promise<string[]> {
  const names: string[] = [];
  let cursor = '0';
  do {
    const reply = await client.must('SCAN', cursor, 'COUNT', '500');
    const [next, page] = reply.kind === 'array' ? reply.items : [];
    if (next?.kind !== 'bulk' || page?.kind !== 'array') throw new Error('SCAN');
    cursor = next.bytes.toString();
    for (const item of page.items) if (item.kind === 'bulk') names.push(item.bytes.toString());
  } while (cursor !== '0');
  return names;
}

/** Checks what the server says of its keys against the keys; returns them. */
async function audited(t: Test, client: RespClient, when: string): Promise<Set<string>> {
  const names = await scan(client);
  const unique = new Set(names);
  t.equal(unique.size, names.length, `${when}: SCAN gives nothing twice while nobody writes`);
  t.equal(await dbSize(client), names.length, `${when}: DBSIZE`);
  const bytes = await number(client, 'forgekv_dataset_bytes');
  const lengths = await all(
    client,
    names.map((name) => ['STRLEN', name]),
  );
  const values = lengths.reduce((sum, length) => sum + length, 0);
  const keys = names.reduce((sum, name) => sum + name.length + KEY_BYTES, 0);
  t.equal(bytes, values + keys, `${when}: bytes of the dataset`);
  return unique;
}

/** Waits until nothing is evicted ahead any more. */
async function settled(t: Test, client: RespClient, capBytes: number): Promise<void> {
  let before = -1;
  const isQuiet = async () => {
    const evicted = await number(client, 'evicted_keys');
    const isSame = evicted === before;
    before = evicted;
    return isSame && (await number(client, 'forgekv_dataset_bytes')) <= capBytes;
  };
  t.ok(await until(isQuiet), 'the dataset is within its cap');
}

/** Notes the largest dataset until it is told to stop. */
function watch(client: RespClient): () => Promise<number> {
  let highest = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      highest = Math.max(highest, await number(client, 'forgekv_dataset_bytes'));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return async () => {
    isDone = true;
    await watching;
    return highest;
  };
}

test('lru: keys that only the stores have, restarts', async (t) => {
  const capBytes = 24 * MB;
  const cap = ['--maxmemory', String(capBytes), '--maxmemory-policy', 'allkeys-lru'];
  const args = ['--memtable-size-mb', '16', ...cap];
  const server = await serve(t, { fronts: FRONTS, workers: WORKERS, args });
  const client = await connect(t, server);
  const stop = watch(await connect(t, server));
  const hot = Array.from({ length: 100 }, (_, i) => nameOf('hot', i));
  await all(
    client,
    hot.map((name) => ['SET', name, VALUE]),
  );
  const count = 24_000;
  const writers = Array.from({ length: 4 }, async (_, who) => {
    const one = await connect(t, server);
    for (let at = who * BATCH; at < count; at += 4 * BATCH) {
      const commands = Array.from({ length: BATCH }, (_, i) => [
        'SET',
        nameOf('key', at + i),
        VALUE,
      ]);
      await all(one, commands);
      await all(
        one,
        hot.map((name) => ['GETRANGE', name, '0', '0']),
      );
    }
  });
  await Promise.all(writers);
  const above = (await stop()) - capBytes;
  t.ok(above <= MOST_ABOVE_BYTES, `${above} bytes above the cap`);
  await settled(t, client, capBytes);
  const away = await number(client, 'stored_only_keys');
  t.ok(away > 1500, `${away} keys are in the stores only`);
  const there = await audited(t, client, 'when all is written');
  const evicted = await number(client, 'evicted_keys');
  t.equal(there.size + evicted, count + hot.length, 'what is not there was evicted');
  const stays = hot.filter((name) => there.has(name)).length / hot.length;
  // A key is away for a moment, now and then, before it is read again.
  t.ok(stays > 0.7, `${stays} of the keys that are read stay`);
  const recent = Array.from({ length: 500 }, (_, i) => nameOf('key', count - 1 - i));
  const recentShare = recent.filter((name) => there.has(name)).length / recent.length;
  const line = `${evicted} evicted, ${away} away, read: ${stays}, last written: ${recentShare}`;
  process.stderr.write(`lru: ${line}, ${Math.max(0, above)} bytes above\n`);

  await server.restart();
  const second = await connect(t, server);
  t.same(await audited(t, second, 'behind a clean stop'), there);

  const names = [...there];
  const prng = new Prng(7);
  const busy = await connect(t, server);
  // Other lengths, new keys, removed keys: so that a pass is under way, and more in the logs.
  let isKilled = false;
  const changing = (async () => {
    while (!isKilled) {
      const commands = Array.from({ length: BATCH }, (_, i) => {
        const name = names[prng.below(names.length)] as string;
        if (i % 5 === 0) return ['DEL', name];
        return [
          'SET',
          i % 5 < 3 ? name : nameOf('new', prng.below(1e6)),
          'w'.repeat(prng.below(400)),
        ];
      });
      await all(busy, commands);
    }
  })().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await server.kill9();
  isKilled = true;
  await changing;
  await server.restart();
  const third = await connect(t, server);
  await settled(t, third, capBytes);
  await audited(t, third, 'behind kill -9');
});
