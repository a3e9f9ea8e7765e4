// Function libraries through kill -9: what was acknowledged is there in every mode of syncing, a
// transaction that changes libraries and keys is there as a whole, and whoever was shown what a
// function wrote finds its library. Other layouts open the same directory, and older ones do.
//
// FORGEKV_FUNCTIONS_SEED repeats a run, FORGEKV_FUNCTIONS_ROUNDS makes it longer.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  type CommandArg,
  describeReply,
  Prng,
  type Reply,
  type RespClient,
  startForgeKv,
} from '@forgekv/testkit';
import { test } from 'tap';
import { smallDisk } from './support/bad-disk.ts';
import { LibraryWriters, libraryCode, versionsOf } from './support/library-writers.ts';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';
import { WriteLog } from './support/write-log.ts';

const seed = Number(process.env.FORGEKV_FUNCTIONS_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.FORGEKV_FUNCTIONS_ROUNDS ?? 3);
const WRITERS = 8;
const PATIENCE_MS = 20_000;
const FILE = 'functions.fkv';

const RUNS = [
  { fronts: 1, workers: 1, args: [] },
  { fronts: 2, workers: 4, args: [] },
  { fronts: 2, workers: 3, args: ['--appendfsync', 'always'] },
  { fronts: 2, workers: 2, args: ['--appendfsync', 'no'] },
  // A pass over the shards all the time, so that the file is written between any two changes.
  { fronts: 2, workers: 2, args: ['--debug-keep-cold', 'yes'] },
];

process.stderr.write(`functions: FORGEKV_FUNCTIONS_SEED=${seed}\n`);

for (const [index, { fronts, workers, args }] of RUNS.entries()) {
  test(`kill -9, ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    const writers = new LibraryWriters(WRITERS);
    for (let round = 0; round < ROUNDS; round++) {
      const prng = new Prng(seed + 1000 * index + round);
      const clients = await Promise.all(Array.from({ length: WRITERS }, () => connect(t, server)));
      const writing = clients.map((client, who) =>
        writers.write(client, who, new Prng(seed + 100 * round + who)),
      );
      await new Promise((resolve) => setTimeout(resolve, prng.between(50, 400)));
      await server.kill9();
      await Promise.all(writing);
      await server.restart();
      t.same(await writers.check(await connect(t, server)), [], `round ${round}`);
    }
    t.comment(`${writers.changes} changes`);
    // In order, this time.
    await server.restart();
    t.same(await writers.check(await connect(t, server)), [], 'an orderly stop');
  });
}

/** The file as the version before wrote it, which had all libraries in it and none in the logs. */
function inOldFormat(file: Buffer): Buffer {
  const payload = file.subarray(32);
  const header = Buffer.from(file.subarray(0, 24));
  header.writeUInt32LE(1, 4);
  header.writeUInt32LE(crc32(payload, crc32(header.subarray(0, 20))), 20);
  return Buffer.concat([header, payload]);
}

test('libraries over restarts with other threads, and from older directories', async (t) => {
  const dir = temporaryDirectory(t);
  const versions = new Map<string, number>();
  const layouts = [
    { fronts: 1, workers: 1, end: 'kill9' },
    { fronts: 2, workers: 4, end: 'kill9' },
    { fronts: 2, workers: 1, end: 'stop' },
    { fronts: 1, workers: 3, end: 'kill9' },
    { fronts: 2, workers: 2, end: 'stop' },
  ] as const;
  for (const [round, { fronts, workers, end }] of layouts.entries()) {
    const server = await startForgeKv({ dir, fronts, workers });
    try {
      const client = await connect(t, server);
      t.same(await versionsOf(client), versions, `round ${round}`);
      const stats = describeReply(await client.must('FUNCTION', 'STATS'));
      t.ok(stats.includes(`"libraries_count", (integer) ${versions.size},`), stats);
      for (const name of ['a', 'b', `of_${round}`]) {
        await client.must('FUNCTION', 'LOAD', 'REPLACE', libraryCode(name, round + 1));
        versions.delete(name);
        versions.set(name, round + 1);
      }
      await client.must('FUNCTION', 'DELETE', 'a');
      versions.delete('a');
      t.match(await client.must('FCALL', 'b_put', '1', 'key'), { value: BigInt(round + 1) });
      if (round === 3) {
        const reply = await client.must('FUNCTION', 'DUMP');
        if (reply.kind !== 'bulk') throw new Error('FUNCTION DUMP answers a bulk');
        await client.must('FUNCTION', 'FLUSH');
        await client.must('FUNCTION', 'LOAD', libraryCode('gone', 1));
        await client.must('FUNCTION', 'RESTORE', reply.bytes, 'FLUSH');
      }
      client.destroy();
    } finally {
      await server[end]();
    }
    const { code, stdout, stderr } = await runForgeKv(['check', dir]);
    t.equal(code, 0, `${stdout}${stderr}`);
    // An orderly stop leaves all of them in the file, as the version before always did.
    if (end !== 'stop') continue;
    const path = join(dir, FILE);
    if (round === 2) writeFileSync(path, inOldFormat(readFileSync(path)));
    else rmSync(path);
  }
  const server = await startForgeKv({ dir });
  t.teardown(() => server.stop());
  const client = await connect(t, server);
  t.same(await versionsOf(client), new Map(), 'a directory that never had any');
  t.ok(existsSync(join(dir, FILE)), 'has the file from its first start on');
});

test('a backup has the libraries of its moment', async (t) => {
  const dir = temporaryDirectory(t);
  const server = await startForgeKv({ dir, fronts: 2, workers: 2 });
  t.teardown(() => server.stop());
  const client = await connect(t, server);
  await client.must('FUNCTION', 'LOAD', libraryCode('first', 1));
  await client.must('SAVE');
  await client.must('FUNCTION', 'LOAD', libraryCode('second', 2));
  await client.must('FUNCTION', 'DELETE', 'first');
  await client.must('SAVE');
  await client.must('FUNCTION', 'FLUSH');
  const backups = readdirSync(join(dir, 'backups')).sort();
  const expected = [new Map([['first', 1]]), new Map([['second', 2]])];
  for (const [i, name] of backups.entries()) {
    const path = join(dir, 'backups', name);
    const restored = await startForgeKv({ dir: path, workers: 3 });
    try {
      t.same(await versionsOf(await connect(t, restored)), expected[i], name);
    } finally {
      await restored.stop();
    }
    const { code, stdout, stderr } = await runForgeKv(['check', path]);
    t.equal(code, 0, `${stdout}${stderr}`);
  }
  t.equal(backups.length, 2);
});

test('others see the libraries of a transaction when it has ended', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4 });
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(t, server)));
  const [writer, ...readers] = clients;
  let isDone = false;
  const odd: string[] = [];
  const read = async (client: RespClient): Promise<void> => {
    while (!isDone) {
      const versions = await versionsOf(client);
      if (versions.get('one') === versions.get('other')) continue;
      odd.push(JSON.stringify([...versions]));
    }
  };
  const reading = readers.map(read);
  for (let version = 1; version <= 60; version++) {
    const replies = await writer!.pipeline([
      ['MULTI'],
      ['FUNCTION', 'LOAD', 'REPLACE', libraryCode('one', version)],
      ['FCALL', 'one_put', '1', `key:${version}`],
      ['FUNCTION', 'LOAD', 'REPLACE', 'not a library'],
      ['FUNCTION', 'LOAD', 'REPLACE', libraryCode('other', version)],
      ['EXEC'],
    ]);
    const [one, put, bad, other] = arrayOf(replies.at(-1)!);
    t.same([one!, put!, other!].map(textOf), ['one', String(version), 'other']);
    t.match(bad, { kind: 'error', text: 'ERR Missing library metadata' });
  }
  isDone = true;
  await Promise.all(reading);
  t.same(odd, []);
});

test('a full disk: libraries stay as they were', async (t) => {
  const disk = smallDisk(t, 24);
  if (disk === null) return;
  const args = ['--memtable-size-mb', '128'];
  const server = await serve(t, { fronts: 2, workers: 2, args, dir: disk.path });
  const client = await connect(t, server);
  await client.must('FUNCTION', 'LOAD', libraryCode('kept', 1));
  const log = new WriteLog(server, 100_000);
  t.teardown(() => log.close());
  const isFull = async () => !(await log.write()) && log.refused.length >= 3;
  t.ok(await until(isFull, 3 * PATIENCE_MS), 'writes are refused');
  // The server tries again all the time, and may have room for a moment: what it takes then counts.
  let kept = 1;
  const changes: readonly [readonly CommandArg[], number][] = [
    [['LOAD', 'REPLACE', libraryCode('kept', 2)], 2],
    [['DELETE', 'kept'], 0],
    [['FLUSH'], 0],
  ];
  for (const [command, version] of changes) {
    const isRefused = async (): Promise<boolean> => {
      const reply = await client.command('FUNCTION', ...command);
      if (reply.kind !== 'error') kept = version;
      return reply.kind === 'error' && reply.text.startsWith('MISCONF ');
    };
    t.ok(await until(isRefused, PATIENCE_MS), String(command[0]));
  }
  t.equal((await versionsOf(client)).get('kept') ?? 0, kept);
  disk.resize(400);
  const goesOn = async (): Promise<boolean> => {
    const load = ['FUNCTION', 'LOAD', 'REPLACE', libraryCode('kept', 77)];
    return (await client.command(...load)).kind === 'bulk';
  };
  t.ok(await until(goesOn, PATIENCE_MS), 'there is room again');
  await server.kill9();
  await server.restart();
  t.same(await versionsOf(await connect(t, server)), new Map([['kept', 77]]));
});

function arrayOf(reply: Reply): readonly Reply[] {
  if (reply.kind !== 'array') throw new Error(`${reply.kind} is no array`);
  return reply.items;
}

function textOf(reply: Reply): string {
  if (reply.kind === 'integer') return String(reply.value);
  return reply.kind === 'bulk' ? reply.bytes.toString() : reply.kind;
}
