// The directory of all stores: made once, locked with a name, refused when newer; and the offline
// check of what is in it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Test, test } from 'tap';
import { checkStores } from '../src/store/check.ts';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import { LOCK_FILE, lockDirectory } from '../src/store/directory-lock.ts';
import type { RecordHead } from '../src/store/record.ts';
import { Store } from '../src/store/store.ts';
import {
  openStoreDirectory,
  readLayout,
  type StoreLayout,
  shardsOfStore,
  storePath,
} from '../src/store/store-directory.ts';

const SMALL = { writeBufferBytes: 1 << 16, cacheBytes: 1 << 18 };

function temporary(t: Test): string {
  const base = mkdtempSync(path.join(tmpdir(), 'forgekv-directory-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  return path.join(base, 'data');
}

test('made once; the number of stores stays', async (t) => {
  const directory = temporary(t);
  t.equal(readLayout(directory), null);
  const first = openStoreDirectory(directory, 4);
  t.match(first, { isNew: true, layout: { directory, storeCount: 4 } });
  const shards = [0, 1, 2, 3].flatMap((store) => shardsOfStore(first.layout, store));
  t.same(
    shards.toSorted((a, b) => a - b),
    [...Array(64).keys()],
  );
  first.close();
  const second = openStoreDirectory(directory, 8);
  t.match(second, { isNew: false, layout: { storeCount: 4 } });
  t.throws(() => storePath(second.layout, 4), { name: 'InvariantError' });
  second.close();
  second.close();
  t.notOk(readdirSync(directory).includes(LOCK_FILE));
});

test('layouts that are newer, damaged or gone are refused', async (t) => {
  const directory = temporary(t);
  openStoreDirectory(directory, 4).close();
  const file = path.join(directory, 'stores.json');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, '{"format":2,"stores":4,"shards":64,"more":true}');
  t.throws(() => openStoreDirectory(directory, 4), {
    name: 'DirectoryVersionError',
    message: /newer version \(format 2\)/,
  });
  for (const bad of ['', '{', 'null', '4', '[]', good.replace('4', '9'), good.replace('64', '6')]) {
    writeFileSync(file, bad);
    t.throws(() => openStoreDirectory(directory, 4), { code: 'CORRUPT' }, bad);
  }
  rmSync(file);
  writeFileSync(path.join(directory, 'store-1', 'CURRENT'), 'x');
  t.throws(() => openStoreDirectory(directory, 4), { code: 'CORRUPT', message: /no stores.json/ });
  t.notOk(readdirSync(directory).includes(LOCK_FILE), 'no lock is left behind');
});

test('a lock names its owner; one of a dead process is taken over', async (t) => {
  const directory = temporary(t);
  const mine = lockDirectory(directory);
  t.throws(() => lockDirectory(directory), {
    code: 'LOCKED',
    message: `in use by process ${process.pid}`,
  });
  mine.release();
  const file = path.join(directory, LOCK_FILE);

  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  writeFileSync(file, `${other.pid} \n`);
  t.throws(() => lockDirectory(directory), { code: 'LOCKED', message: `${other.pid}` });
  writeFileSync(file, `${other.pid} another-boot:1\n`);
  lockDirectory(directory).release();
  writeFileSync(file, `${other.pid} \n`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  lockDirectory(directory).release();

  for (const stale of ['', 'nonsense', '-1 x', '0 x', `${process.pid} another-boot:1`]) {
    writeFileSync(file, stale);
    lockDirectory(directory).release();
  }
  t.same(readdirSync(directory), []);
  const lost = lockDirectory(directory);
  writeFileSync(file, 'somebody else');
  lost.release();
  t.equal(readFileSync(file, 'utf8'), 'somebody else', 'only our own lock is removed');
});

async function fill(layout: StoreLayout, store: number): Promise<void> {
  const opened = new Store(new ClassicLevelEngine(storePath(layout, store), SMALL));
  await opened.open();
  const head: RecordHead = { type: 1, flags: 0, encoding: 0, expireAtMs: 9, lsn: 1 };
  const shard = shardsOfStore(layout, store)[0]!;
  for (let i = 0; i < 10; i++) {
    const batch = opened.batch();
    for (let j = 0; j < 100; j++) {
      batch.put(shard, 0, i * 100 + j, Buffer.from(`key-${j}`), head, Buffer.alloc(300, j));
    }
    batch.putElement(shard, i, Buffer.from('e'), Buffer.from('v'));
    batch.checkpoint({ shard, durableLsn: i, nextObjectId: 10, counts: [] });
    await opened.commit(batch, { sync: i === 9 });
  }
  await opened.close();
}

/** All of a directory, as text. */
function snapshot(directory: string): string {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const read = files.map(({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    return `${file} ${readFileSync(file).toString('base64')}`;
  });
  return read.sort().join('\n');
}

test('the offline check counts all and changes nothing', async (t) => {
  const directory = temporary(t);
  await t.rejects(checkStores(directory), { code: 'IO' });
  const held = openStoreDirectory(directory, 2);
  await fill(held.layout, 0);
  await fill(held.layout, 1);
  await t.rejects(checkStores(directory), { code: 'LOCKED' });
  held.close();
  const before = snapshot(directory);
  const result = await checkStores(directory);
  t.match(result, { stores: 2, damageCount: 0, damages: [] });
  t.same(result.records, { main: 2000, expiry: 2000, meta: 2, element: 20, unknown: 0 });
  t.equal(snapshot(directory), before);
  t.same(readdirSync(path.dirname(directory)), ['data'], 'no copies are left');

  const folder = storePath(held.layout, 1);
  const table = readdirSync(folder).find((name) => name.endsWith('.ldb'))!;
  const bytes = readFileSync(path.join(folder, table));
  bytes[100]! ^= 4;
  writeFileSync(path.join(folder, table), bytes);
  const damaged = await checkStores(directory);
  t.ok(damaged.damageCount > 0);
  t.match(damaged.damages[0], { kind: 'file', name: `store-1 ${table}` });
  t.ok(damaged.records.main < 2001 && damaged.records.main >= 1000);
});
