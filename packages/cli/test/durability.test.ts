// What is there after a restart: everything, with as many threads as one likes; what a server does
// while it loads, and what it says about a damaged log. Crashes at random moments are in
// kill-loop.test.ts, disks that fail in disk-trouble.test.ts.
//
// FORGEKV_RESTART_SEED repeats the random commands.

import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeReply, encodeCommands, freePort, startForgeKv } from '@forgekv/testkit';
import { test } from 'tap';
import {
  differences,
  imageOf,
  keysIn,
  runAtRandom,
  runEveryKind,
} from './support/keyspace-image.ts';
import { runForgeKv } from './support/run-program.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { Spawned, temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

const EXIT_USAGE = 2;
const COMMANDS = 3000;
/** As describeReply shows it. */
const NIL = '(nil $-1)';
const LOADING = 'LOADING Redis is loading the dataset in memory';
const seed = Number(process.env.FORGEKV_RESTART_SEED ?? Date.now() % 2 ** 31);

test('a restart keeps every key, its value and its time, with other threads', async (t) => {
  process.stderr.write(`restart test: FORGEKV_RESTART_SEED=${seed}\n`);
  const dir = temporaryDirectory(t);
  const layouts = [
    { fronts: 1, workers: 1, end: 'stop' },
    { fronts: 2, workers: 4, end: 'kill9' },
    { fronts: 2, workers: 1, end: 'stop' },
    { fronts: 1, workers: 2, end: 'kill9' },
  ] as const;
  let before: Awaited<ReturnType<typeof imageOf>> = new Map();
  for (const [round, { fronts, workers, end }] of layouts.entries()) {
    const args = ['--hot-value-max-bytes', '512'];
    const server = await startForgeKv({ dir, fronts, workers, args });
    try {
      t.same(
        differences(before, await imageOf(t, server)),
        [],
        `${fronts}x${workers}: all is there`,
      );
      await runAtRandom(t, server, seed + round, COMMANDS);
      await runEveryKind(t, server);
      before = await imageOf(t, server);
      t.ok(keysIn(before) > 20, `${keysIn(before)} keys`);
    } finally {
      await server[end]();
    }
  }
});

test('FLUSHALL is for ever, and what was written after it is there', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  for (const [round, flush] of [['FLUSHALL'], ['FLUSHALL', 'SYNC'], ['FLUSHDB']].entries()) {
    const client = await connect(t, server);
    await client.pipeline(Array.from({ length: 500 }, (_, i) => ['SET', `k:${i}`, 'old']));
    await client.pipeline([flush, ['SET', 'k:1', `new:${round}`], ['MSET', 'a', '1', 'k:2', '2']]);
    await server.kill9();
    await server.restart();
    const after = await connect(t, server);
    const replies = await after.pipeline([
      ['DBSIZE'],
      ['GET', 'k:1'],
      ['MGET', 'k:2', 'a'],
      ['GET', 'k:3'],
    ]);
    const said = replies.map((reply) => describeReply(reply));
    const expected = ['(integer) 3', `"new:${round}"`, '["2", "1"]', NIL];
    t.same(said, expected, flush.join(' '));
    await after.must('FLUSHALL');
  }
});

test('keys that expire while nobody runs are gone', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1 });
  const client = await connect(t, server);
  await client.must('SET', 'short', 'v', 'PX', 30);
  await client.must('SET', 'long', 'v', 'EX', 1000);
  await server.kill9();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.restart();
  const after = await connect(t, server);
  t.equal(describeReply(await after.command('GET', 'short')), NIL);
  t.equal(describeReply(await after.command('GET', 'long')), '"v"');
  const left = Number(describeReply(await after.command('TTL', 'long')).replace(/\D/g, ''));
  t.ok(left > 900 && left <= 1000, `${left} s are left`);
  t.ok(await until(async () => describeReply(await after.command('DBSIZE')) === '(integer) 1'));
});

test('a damaged log: the start is refused, with --recover it goes on', async (t) => {
  const dir = temporaryDirectory(t);
  const server = await startForgeKv({ dir, fronts: 1, workers: 1 });
  const client = await connect(t, server);
  // A frame each; those that follow the sync say that those before it were durable.
  for (let i = 0; i < 100; i++) await client.must('SET', `key:${i}`, `value:${i}`);
  const isSynced = async () => (await infoField(client, 'forgekv_wal_unsynced_bytes')) === '0';
  t.ok(await until(async () => (await infoField(client, 'forgekv_wal_syncs')) !== '0', 10_000));
  t.ok(await until(isSynced, 10_000), 'the log is synced every second');
  for (let i = 100; i < 200; i++) await client.must('SET', `key:${i}`, `value:${i}`);
  await server.kill9();
  const { file, offset } = damage(join(dir, 'wal'), 'value:50');

  const options = ['--dir', dir, '--port', String(await freePort()), '--wal-segment-mb', '1'];
  const refused = await runForgeKv(options);
  t.equal(refused.code, EXIT_USAGE);
  t.match(refused.stderr, file);
  const [, said = ''] = / at offset (\d+)/.exec(refused.stderr) ?? [];
  t.ok(Number(said) <= offset && Number(said) > offset - 200, `${said} is the damaged frame's`);
  t.match(refused.stderr, /recovery would go on/);
  t.equal((await runForgeKv(options)).code, EXIT_USAGE, 'trying again changes nothing');

  const args = ['--recover', 'yes'];
  const recovered = await startForgeKv({ dir, fronts: 2, workers: 2, args });
  t.teardown(() => recovered.stop());
  t.match(recovered.log(), /is damaged at \d+: passed over/);
  const after = await connect(t, recovered);
  const values = await after.pipeline(Array.from({ length: 200 }, (_, i) => ['GET', `key:${i}`]));
  const lost = values.flatMap((reply, i) => (describeReply(reply) === `"value:${i}"` ? [] : [i]));
  const others = lost.filter((i) => i !== 50);
  t.same(others, [], 'nothing is lost but what the damaged frame said');
});

/** Flips a bit of `text` in the log that has it. */
function damage(directory: string, text: string): { file: string; offset: number } {
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.wal'))) {
    const file = join(directory, name);
    const descriptor = openSync(file, 'r+');
    const bytes = Buffer.alloc(1 << 20);
    readSync(descriptor, bytes, 0, bytes.length, 0);
    const offset = bytes.indexOf(text);
    if (offset >= 0) writeSync(descriptor, Buffer.from([bytes[offset]! ^ 1]), 0, 1, offset);
    closeSync(descriptor);
    if (offset >= 0) return { file, offset };
  }
  throw new Error(`no log has ${text}`);
}

test('two servers on one directory: the second is refused', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1 });
  const client = await connect(t, server);
  await client.must('SET', 'k', 'v');
  const options = ['--dir', server.dir, '--port', String(await freePort())];
  const refused = await runForgeKv([...options, '--wal-segment-mb', '1']);
  t.equal(refused.code, EXIT_USAGE);
  t.match(refused.stderr, server.dir);
  await client.must('SET', 'k', 'w');
  t.equal(describeReply(await client.command('GET', 'k')), '"w"', 'the first goes on');
  await server.kill9();
  await server.restart();
  const after = await connect(t, server);
  t.equal(describeReply(await after.command('GET', 'k')), '"w"', 'a crash leaves no lock behind');
});

test('while it loads: LOADING, INFO, probes', async (t) => {
  const dir = temporaryDirectory(t);
  const writing = await startForgeKv({ dir, fronts: 1, workers: 1 });
  const client = await connect(t, writing);
  const commands = encodeCommands(Array.from({ length: 5000 }, (_, i) => ['INCR', `n:${i % 100}`]));
  for (let i = 0; i < 80; i++) await client.exchange(commands, 5000);
  await writing.kill9();

  const port = await freePort();
  const httpPort = await freePort();
  const threads = ['--front-threads', '2', '--shard-threads', '1'];
  const server = new Spawned(t, [
    ...['--dir', dir, '--port', String(port), '--http-port', String(httpPort)],
    ...threads,
  ]);
  // Answered, not only accepted: the port is bound for a moment to see whether it is free.
  const answers = () =>
    connect(t, { port })
      .then((client) => client.command('PING'))
      .then(
        () => true,
        () => false,
      );
  t.ok(await until(answers, 20_000));
  const early = await connect(t, { port });
  const [info, ...replies] = await early.pipeline([
    ['INFO', 'persistence'],
    ...[['PING'], ['GET', 'n:1'], ['SET', 'n:1', '0'], ['DBSIZE'], ['NOSUCH']],
    ...[
      ['SELECT', '1'],
      ['CLIENT', 'SETNAME', 'early'],
      ['CONFIG', 'GET', 'port'],
    ],
  ]);
  const probe = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
  t.match(describeReply(info!, 10_000), /loading:1/);
  t.equal(probe.status, 503);
  t.match(await probe.text(), /^loading: \d+ %\n$/);
  t.equal((await fetch(`http://127.0.0.1:${httpPort}/livez`)).status, 200);
  const refused = replies.slice(0, 4).map((reply) => reply.kind === 'error' && reply.text);
  t.same(refused, [LOADING, LOADING, LOADING, LOADING]);
  t.match(replies[4], { text: /^ERR unknown command/ });
  for (const reply of replies.slice(5)) t.not(reply.kind, 'error', 'served as Redis does');

  await server.ready();
  const after = await connect(t, { port });
  t.equal(describeReply(await after.command('GET', 'n:1')), '"4000"');
  t.equal(await infoField(after, 'loading'), '0');
  t.equal((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status, 200);
  t.match(server.log, /recovered \d+ keys from the stores and \d+ effects from the logs in \d+ ms/);
  t.match(server.log, `EverySecond, log in ${join(dir, 'wal')}`);
});
