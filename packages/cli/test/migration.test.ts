// forgekv import and export beside real Redis: every kind of value comes over from its RDB and
// append-only files, and goes back into one that it loads; files that are damaged change nothing.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Random } from '@forgekv/base';
import { type RespClient, type ServerHandle, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { differences, imageOf, keysIn, runAtRandom } from './support/keyspace-image.ts';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';

const COMMANDS = 6000;
const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";

function directory(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'forgekv-migration-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function forgekv(
  t: Test,
  server: ServerHandle,
  what: string,
  file: string,
  code = 0,
  ...args: string[]
) {
  const url = ['--url', `redis://127.0.0.1:${server.port}`];
  const done = await runForgeKv([what, file, ...url, ...args]);
  t.equal(done.code, code, `${what}: ${done.stdout}${done.stderr}`);
  return done;
}

/** Values of every type in each of its forms, and functions. */
async function fill(t: Test, server: ServerHandle, seed: number): Promise<void> {
  t.comment(`seed ${seed}`);
  await runAtRandom(t, server, seed, COMMANDS);
  const client = await connect(t, server);
  const random = new Random(seed);
  const long = (i: number): string => `${i}:${random.uint32()}`.padEnd(80, 'x');
  const many = Array.from({ length: 300 }, (_, i) => long(i));
  await client.must('SELECT', 9);
  await client.must('FUNCTION', 'LOAD', LIBRARY);
  await client.must('RPUSH', 'list', ...many, 'y'.repeat(20_000));
  await client.must('SADD', 'set', ...many);
  await client.must('SADD', 'ids', 1, 2, 300, -70_000, 2 ** 40);
  await client.must('ZADD', 'scores', ...many.flatMap((member, i) => [`${i / 8}`, member]));
  await client.must('ZADD', 'ends', '-inf', 'a', 'inf', 'b', '1.5', 'c');
  await client.must('HSET', 'hash', ...many.flatMap((field) => [field, 'v']));
  await client.must('SET', 'text', 'compressible '.repeat(5000), 'EX', 100_000);
  await client.must('PFADD', 'hll', ...many);
  for (let i = 1; i <= 500; i++) await client.must('XADD', 'stream', `${i}-${i % 3}`, 'f', `${i}`);
  await client.must('XGROUP', 'CREATE', 'stream', 'group', '0');
  await client.must('XREADGROUP', 'GROUP', 'group', 'one', 'COUNT', 20, 'STREAMS', 'stream', '>');
  await client.must('XACK', 'stream', 'group', '3-0', '4-1');
  await client.must('XDEL', 'stream', '7-1', '500-2');
}

test('an RDB file of Redis, and back', { skip: skipWithoutRedis() }, async (t) => {
  const from = directory(t);
  const redis = await startRedis({ dir: from, args: ['--maxmemory-policy', 'allkeys-lfu'] });
  t.teardown(() => redis.stop());
  await fill(t, redis, Date.now() & 0x7fffffff);
  const admin = await connect(t, redis);
  await admin.must('SAVE');
  const wanted = await imageOf(t, redis);
  const server = await serve(t, { fronts: 2, workers: 2 });
  const dump = path.join(from, 'dump.rdb');
  const { stdout } = await forgekv(t, server, 'import', dump);
  t.match(
    stdout,
    new RegExp(`^imported ${keysIn(wanted)} keys, 1 function libraries, 0 commands\n$`),
  );
  t.same(differences(wanted, await imageOf(t, server)), [], 'as in Redis');

  const again = await forgekv(t, server, 'import', dump, 1);
  t.match(again.stdout, `${keysIn(wanted) + 1} were there already`);
  const replaced = await forgekv(t, server, 'import', dump, 0, '--replace');
  t.match(replaced.stdout, `imported ${keysIn(wanted)} keys`);

  const to = directory(t);
  await forgekv(t, server, 'export', path.join(to, 'dump.rdb'));
  t.same(readdirSync(to), ['dump.rdb'], 'nothing else is left');
  const other = await startRedis({ dir: to });
  t.teardown(() => other.stop());
  t.same(differences(wanted, await imageOf(t, other)), [], 'Redis loads what was exported');
  const client = await connect(t, other);
  t.match(await client.must('FCALL', 'f', 0), { kind: 'integer' });

  const empty = await serve(t);
  const writer = await connect(t, server);
  await writer.must('SELECT', 9);
  await writer.must('HPEXPIRE', 'hash', 9_000_000, 'FIELDS', 1, (await fieldOf(writer)) ?? '');
  await writer.must('JSON.SET', 'document', '$', '{"a":[1,2.5,"x"]}');
  const own = path.join(to, 'own.rdb');
  await forgekv(t, server, 'export', own, 1);
  await forgekv(t, server, 'export', own, 0, '--modules');
  await forgekv(t, empty, 'import', own);
  t.same(differences(await imageOf(t, server), await imageOf(t, empty)), [], 'fields that expire');
  const cleaner = await connect(t, empty);
  await cleaner.must('FLUSHALL');

  const bytes = readFileSync(dump);
  const reader = await connect(t, empty);
  const damaged = path.join(to, 'damaged.rdb');
  for (const [name, change] of [
    ['cut off', (copy: Buffer) => copy.subarray(0, bytes.length - 1000)],
    [
      'a bit',
      (copy: Buffer) =>
        copy.fill(copy[bytes.length >> 1]! ^ 1, bytes.length >> 1, (bytes.length >> 1) + 1),
    ],
    ['another version', (copy: Buffer) => copy.fill('99', 7, 9)],
    ['something else', () => Buffer.from('no such file')],
  ] as const) {
    writeFileSync(damaged, change(Buffer.from(bytes)));
    const { stderr } = await forgekv(t, empty, 'import', damaged, 2);
    t.match(stderr, 'damaged.rdb: ', name);
    t.match(await reader.must('DBSIZE'), { kind: 'integer', value: 0n }, 'nothing was imported');
  }
  const none = await forgekv(t, empty, 'import', path.join(to, 'none'), 2);
  t.match(none.stderr, 'ENOENT');
});

async function fieldOf(client: RespClient): Promise<Buffer | null> {
  const reply = await client.must('HRANDFIELD', 'hash');
  return reply.kind === 'bulk' ? reply.bytes : null;
}

for (const preamble of ['yes', 'no']) {
  test(`append-only files, preamble ${preamble}`, { skip: skipWithoutRedis() }, async (t) => {
    const from = directory(t);
    const args = ['--appendonly', 'yes', '--aof-use-rdb-preamble', preamble];
    const redis = await startRedis({
      dir: from,
      args: [...args, '--aof-timestamp-enabled', 'yes'],
    });
    t.teardown(() => redis.stop());
    const seed = Date.now() & 0x7fffffff;
    await fill(t, redis, seed);
    const client = await connect(t, redis);
    await client.must('BGREWRITEAOF');
    for (let isBusy = true; isBusy; ) {
      const reply = await client.must('INFO', 'persistence');
      isBusy = reply.kind === 'bulk' && /aof_rewrite_in_progress:1/.test(`${reply.bytes}`);
    }
    await runAtRandom(t, redis, seed + 1, COMMANDS / 2);
    await redis.stop();
    // What Redis itself makes of its files: it does not write down every change exactly.
    await redis.restart();
    const wanted = await imageOf(t, redis);
    await redis.stop();
    const server = await serve(t, { fronts: 2, workers: 2 });
    const files = path.join(from, 'appendonlydir');
    await forgekv(t, server, 'import', files);
    t.same(differences(wanted, await imageOf(t, server)), []);

    const last = readdirSync(files).find((name) => name.endsWith('incr.aof'))!;
    const bytes = readFileSync(path.join(files, last));
    writeFileSync(path.join(files, last), bytes.subarray(0, bytes.length - 3));
    const other = await serve(t);
    const { stdout } = await forgekv(t, other, 'import', files, 1);
    t.match(stdout, /are no whole command and were left out/);
  });
}
