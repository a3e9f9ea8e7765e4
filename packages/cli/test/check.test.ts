// forgekv check DIR: what it says about sound directories, flipped bytes anywhere, and directories
// that cannot be looked at. That nothing is changed: after each flip is taken back, it is sound.

import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';

const SOUND = 0;
const DAMAGED = 1;
const UNREADABLE = 2;
const KEYS = 400;

/** Changes one byte of a file; again, it is as before. */
function flip(path: string, offset: number): void {
  const fd = openSync(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, offset);
    byte.writeUInt8(byte.readUInt8(0) ^ 0x40);
    writeSync(fd, byte, 0, 1, offset);
  } finally {
    closeSync(fd);
  }
}

function sizeOf(path: string): number {
  const fd = openSync(path, 'r');
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

/** The largest file of a directory whose name matches. */
function largest(dir: string, name: RegExp): string {
  const paths = readdirSync(dir)
    .filter((each) => name.test(each))
    .map((each) => join(dir, each));
  const [path] = paths.sort((a, b) => sizeOf(b) - sizeOf(a));
  if (path === undefined) throw new Error(`${dir} has no ${name}`);
  return path;
}

/** A directory with logs and stores, some of them in tables, as a kill leaves it. */
async function makeDirectory(t: Test): Promise<string> {
  const dir = temporaryDirectory(t);
  const args = ['--wal-sync-mode', 'Always'];
  const server = await serve(t, { dir, fronts: 1, workers: 1, args });
  const fill = async (prefix: string): Promise<void> => {
    const client = await connect(t, server);
    for (let i = 0; i < KEYS; i++) {
      await client.pipeline([['SET', `${prefix}:${i}`, `${i}`.padEnd(300, '.')]]);
    }
    client.destroy();
  };
  await fill('stored');
  await server.restart();
  await fill('logged');
  await server.kill9();
  return dir;
}

test('flipped bytes are found, and named', async (t) => {
  const dir = await makeDirectory(t);
  const sound = await runForgeKv(['check', dir]);
  t.equal(sound.code, SOUND, sound.stderr);
  t.match(sound.stdout, new RegExp(`databases +16\\n.*\\d+ effects.*\\n.*${KEYS} keys`));
  t.match(sound.stdout, /\nsound\n$/);

  const store = join(dir, 'stores/store-0');
  const log = largest(join(dir, 'wal'), /\.wal$/);
  const table = largest(store, /\.ldb$/);
  const places = [
    { path: log, offset: 20_000, names: `${log} at byte` },
    { path: log, offset: 60, names: '' },
    { path: table, offset: Math.floor(sizeOf(table) / 2), names: 'store-0' },
    { path: largest(store, /^MANIFEST/), offset: 10, names: 'store-0' },
    { path: join(dir, 'namespaces.json'), offset: 3, names: 'namespaces.json' },
    { path: join(dir, 'forgekv.json'), offset: 0, names: 'forgekv.json' },
    { path: join(dir, 'stores/stores.json'), offset: 0, names: 'stores.json' },
  ];
  for (const { path, offset, names } of places) {
    flip(path, offset);
    const { code, stdout, stderr } = await runForgeKv(['check', dir]);
    flip(path, offset);
    if (names === '') {
      // The header of a segment is found again by its frames.
      t.equal(code, SOUND, `${path} at ${offset}: ${stdout}${stderr}`);
      continue;
    }
    t.equal(code, DAMAGED, `${path} at ${offset}: ${stdout}${stderr}`);
    t.match(stdout, /\ndamaged: \d+ found\n$/);
    t.ok(stdout.includes(`  damage: ${names}`) || stdout.includes(`/${names} is damaged`), stdout);
  }
  const after = await runForgeKv(['check', dir]);
  t.same(after, sound, 'nothing was changed');
  const left = readdirSync(dir).filter((name) => name.includes('check'));
  t.same(left, [], 'nothing is left behind');
});

test('what cannot be looked at, and how to ask', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1 });
  const busy = await runForgeKv(['check', server.dir]);
  t.equal(busy.code, UNREADABLE);
  t.match(busy.stderr, `is in use by process ${server.pid}`);
  const client = await connect(t, server);
  t.match(await client.must('PING'), { text: 'PONG' }, 'the server did not mind');
  await server.kill9();
  t.equal((await runForgeKv(['check', server.dir])).code, SOUND, 'its lock is stale');
  rmSync(join(server.dir, 'wal'), { recursive: true });
  const half = await runForgeKv(['check', server.dir]);
  t.equal(half.code, DAMAGED);
  t.match(half.stdout, 'wal is missing');

  const empty = temporaryDirectory(t);
  for (const path of [empty, join(empty, 'none')]) {
    const { code, stderr } = await runForgeKv(['check', path]);
    t.equal(code, UNREADABLE);
    t.match(stderr, 'is no data directory');
  }
  t.same(readdirSync(empty), [], 'nothing is made there');
  for (const args of [['check'], ['check', 'a', 'b'], ['check', '--help']]) {
    const { code, stderr } = await runForgeKv(args);
    t.equal(code, UNREADABLE);
    t.equal(stderr, 'Usage: forgekv check DIR\n');
  }
});
