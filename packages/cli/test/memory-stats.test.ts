// MEMORY STATS beside Redis: the same fields in the same forms, and figures that move with what is
// stored. MEMORY DOCTOR, MALLOC-STATS and PURGE.

import {
  describeReply,
  type Reply,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const OWN = 'forgekv.';

/** Names and kinds of the fields, without those of ours. */
async function fields(t: Test, server: ServerHandle, resp: 2 | 3): Promise<string[]> {
  const client = await connect(t, server);
  if (resp === 3) await client.hello3();
  await client.must('SET', 'a', 'b');
  await client.must('SELECT', '3');
  await client.must('SET', 'a', 'b');
  const found = pairsOf(await client.must('MEMORY', 'STATS')).flatMap(([name, value]) => {
    if (name.startsWith(OWN)) return [];
    if (!name.startsWith('db.')) return [`${name}: ${value.kind}`];
    return pairsOf(value).map(([field, { kind }]) => `${name} ${field}: ${kind}`);
  });
  for (const args of [['STATS', 'x'], ['NOSUCH'], ['DOCTOR', 'x']]) {
    found.push(describeReply(await client.command('MEMORY', ...args)));
  }
  return found;
}

function pairsOf(reply: Reply): [string, Reply][] {
  if (reply.kind === 'map') return reply.entries.map(([key, value]) => [textOf(key), value]);
  if (reply.kind !== 'array') throw new Error(describeReply(reply));
  const pairs: [string, Reply][] = [];
  for (let i = 0; i < reply.items.length; i += 2) {
    pairs.push([textOf(reply.items[i]!), reply.items[i + 1]!]);
  }
  return pairs;
}

function textOf(reply: Reply): string {
  if (reply.kind === 'bulk' || reply.kind === 'verbatim') return reply.bytes.toString();
  if (reply.kind === 'integer') return `${reply.value}`;
  return describeReply(reply);
}

async function stats(client: RespClient): Promise<Map<string, number>> {
  const pairs = pairsOf(await client.must('MEMORY', 'STATS'));
  return new Map(
    pairs
      .filter(([name]) => !name.startsWith('db.'))
      .map(([name, value]) => [name, Number(textOf(value))]),
  );
}

test('fields beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const server = await serve(t, { fronts: 2, workers: 2 });
  for (const resp of [2, 3] as const) {
    t.strictSame(await fields(t, server, resp), await fields(t, redis, resp), `RESP${resp}`);
  }
});

test('figures move', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  const before = await stats(client);
  for (const [name, value] of before) if (!Number.isFinite(value)) t.fail(`${name}: ${value}`);
  const value = 'x'.repeat(1000);
  const sets = Array.from({ length: 5000 }, (_, i) => ['SET', `key${i}`, value]);
  await client.pipeline(sets);
  const after = await stats(client);
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  t.equal(after.get('keys.count'), 5000);
  t.ok(grown('dataset.bytes') > 5_000_000 && grown('dataset.bytes') < 10_000_000);
  t.ok(grown('forgekv.hot-table.used') > 5_000_000);
  t.ok(grown('allocator.allocated') > 0);
  t.ok((after.get('keys.bytes-per-key') ?? 0) > 1000);
  t.ok((after.get('peak.percentage') ?? 0) <= 100);
  await client.must('SET', 'large', Buffer.alloc(8_000_000));
  await until(async () => ((await stats(client)).get('forgekv.large-values') ?? 0) >= 8_000_000);
  const slots = textOf(await client.must('MEMORY', 'MALLOC-STATS'));
  const rows = [...slots.matchAll(/^ *(\d+) +(\d+) +(\d+) \d+%$/gm)];
  t.ok(rows.some(([, bytes, , count]) => Number(bytes) > 1000 && Number(count) >= 5000));
  t.match(textOf(await client.must('MEMORY', 'DOCTOR')), /\S/);
  t.equal(describeReply(await client.must('MEMORY', 'PURGE')), '+"OK"');
  const half = Array.from({ length: 5000 }, (_, i) => ['DEL', `key${i}`]);
  await client.pipeline(half);
  t.ok(((await stats(client)).get('forgekv.hot-table.used') ?? 0) < 3_000_000);
});
