// A server with more keys than its hot table holds: what is answered, counted and walked over, and
// what a restart and kill -9 leave of it. How fast that is, is not looked at.

import { Random } from '@forgekv/base';
import { isErrorReply, type Reply, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { runForgeKv } from './support/run-program.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

const KEYS = 20_000;
const BATCH = 1000;
const SMALL = ['--memtable-size-mb', '8'];
const KEEP_COLD = ['--debug-keep-cold', 'yes'];
const SEED = Number(process.env.FORGEKV_BEYOND_SEED ?? Date.now() % 2 ** 31);

function value(i: number, version = 1): string {
  return `${i}.${version}.`.repeat(1 + (i % 5));
}

async function batches(
  client: RespClient,
  ids: readonly number[],
  command: (id: number) => string[],
): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let i = 0; i < ids.length; i += BATCH) {
    replies.push(...(await client.pipeline(ids.slice(i, i + BATCH).map(command))));
  }
  return replies;
}

/** Counts GETs that do not answer what a key must have. */
async function wrongValues(
  client: RespClient,
  ids: readonly number[],
  expected: (id: number) => string | null,
): Promise<number> {
  const replies = await batches(client, ids, (id) => ['GET', `key:${id}`]);
  return replies.filter((reply, i) => textOf(reply) !== expected(ids[i]!)).length;
}

function textOf(reply: Reply): string | null {
  if (reply.kind === 'bulk') return reply.bytes.toString();
  return reply.kind === 'error' ? reply.text : null;
}

/** Names of all keys, as SCAN gives them. */
async function scanAll(client: RespClient, count: number): Promise<string[]> {
  const names: string[] = [];
  let cursor = '0';
  do {
    const reply = await client.must('SCAN', cursor, 'COUNT', `${count}`);
    const [next, keys] = reply.kind === 'array' ? reply.items : [];
    cursor = textOf(next!)!;
    for (const key of keys?.kind === 'array' ? keys.items : []) names.push(textOf(key)!);
  } while (cursor !== '0');
  return names;
}

async function dbSize(client: RespClient): Promise<number> {
  const reply = await client.must('DBSIZE');
  return reply.kind === 'integer' ? Number(reply.value) : -1;
}

function sample(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.below(KEYS));
}

test(`more keys than fit, seed ${SEED}`, { timeout: 280_000 }, async (t) => {
  const random = new Random(SEED);
  const server = await serve(t, { fronts: 2, workers: 2, args: SMALL });
  let client = await connect(t, server);
  const all = Array.from({ length: KEYS }, (_, i) => i);
  const stored = await batches(client, all, (i) => ['SET', `key:${i}`, value(i)]);
  t.ok(
    stored.every(({ kind }) => kind === 'simple'),
    'every key is taken',
  );
  const away = Number(await infoField(client, 'stored_only_keys'));
  t.ok(away > 1000, `${away} keys are only stored`);
  t.equal(await dbSize(client), KEYS);

  const versions = new Map<number, number>();
  const expected = (i: number): string | null => {
    const version = versions.get(i) ?? 1;
    return version === 0 ? null : value(i, version);
  };
  t.equal(await wrongValues(client, sample(random, 4000), expected), 0);
  const changed = [...new Set(sample(random, 4000))];
  for (const i of changed) versions.set(i, i % 4 === 0 ? 0 : 2);
  const changes = await batches(client, changed, (i) =>
    versions.get(i) === 0 ? ['DEL', `key:${i}`] : ['SET', `key:${i}`, value(i, 2)],
  );
  t.same(changes.filter(isErrorReply).map(textOf), []);
  const isThere = (i: number): boolean => versions.get(i) !== 0;
  const live = all.filter(isThere);
  await look(t, client, live, 'after changes');
  t.equal(await wrongValues(client, changed, expected), 0);

  await server.restart();
  client = await connect(t, server);
  await look(t, client, live, 'after a restart');
  t.equal(await wrongValues(client, [...sample(random, 2000), ...changed], expected), 0);

  // Of keys that are mostly only stored.
  const expiring = live.slice(0, 3000);
  const soon = await batches(client, expiring, (i) => ['PEXPIRE', `key:${i}`, '3000']);
  t.ok(soon.every((reply) => reply.kind === 'integer' && Number(reply.value) === 1));
  await until(async () => (await dbSize(client)) === live.length - expiring.length, 60_000);

  await server.kill9();
  await server.restart();
  client = await connect(t, server);
  await look(t, client, live.slice(3000), 'after kill -9');
  await client.must('FLUSHALL');
  t.equal(await dbSize(client), 0);
  t.same(await scanAll(client, 1000), []);
  t.equal(Number(await infoField(client, 'stored_only_keys')), 0);
});

/** DBSIZE, SCAN, KEYS and RANDOMKEY say that exactly these keys are there. */
async function look(
  t: Test,
  client: RespClient,
  ids: readonly number[],
  when: string,
): Promise<void> {
  t.equal(await dbSize(client), ids.length, `DBSIZE ${when}`);
  const names = new Set(ids.map((i) => `key:${i}`));
  const scanned = await scanAll(client, 500);
  t.equal(scanned.length, ids.length, `SCAN ${when}: each once`);
  t.ok(
    scanned.every((name) => names.has(name)) && new Set(scanned).size === ids.length,
    `SCAN ${when}`,
  );
  const reply = await client.must('KEYS', 'key:*7');
  const found = reply.kind === 'array' ? reply.items.length : -1;
  t.equal(found, ids.filter((i) => i % 10 === 7).length, `KEYS ${when}`);
  t.ok(names.has(textOf(await client.must('RANDOMKEY'))!), `RANDOMKEY ${when}`);
}

test('kill -9 while keys come and go: the counts are those of the records', async (t) => {
  const random = new Random(SEED + 1);
  const dir = temporaryDirectory(t);
  for (let round = 0; round < 3; round++) {
    const server = await serve(t, { dir, fronts: 2, workers: 2, args: KEEP_COLD });
    await traffic(await connect(t, server), random);
    await server.kill9();
    const { code, stdout, stderr } = await runForgeKv(['check', dir], { timeoutMs: 60_000 });
    t.equal(code, 0, `round ${round}: ${stdout}${stderr}`);
  }
  const server = await serve(t, { dir, fronts: 2, workers: 2, args: KEEP_COLD });
  const client = await connect(t, server);
  const names = await scanAll(client, 7);
  t.equal(names.length, await dbSize(client));
  t.equal(new Set(names).size, names.length);
});

async function traffic(client: RespClient, random: Random): Promise<void> {
  for (let batch = 0; batch < 60; batch++) {
    const commands = Array.from({ length: 50 }, () => {
      const key = `key:${random.below(500)}`;
      const draw = random.below(10);
      if (draw < 5) return ['SET', key, 'v'.repeat(random.below(300))];
      if (draw < 7) return ['DEL', key];
      if (draw < 8) return ['PEXPIRE', key, '600000'];
      return draw < 9 ? ['APPEND', key, 'x'] : ['RENAME', key, `key:${random.below(500)}`];
    });
    await client.pipeline(commands);
  }
}
