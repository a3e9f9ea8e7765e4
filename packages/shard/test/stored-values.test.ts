// Values that are only in their store: loading keys at start, warm or cold, and bringing values
// back, from whole records, damaged ones, and a store that fails.

import { test } from 'tap';
import { TestDisk, TestWorker } from './test-worker.ts';
import { stateOf, unflushed } from './worker-state.ts';

const LARGE = 300_000;

/** A worker whose four keys are all in the store, and cold. */
async function coldWorker(disk: TestDisk): Promise<TestWorker> {
  const worker = await TestWorker.start(disk);
  worker.run('set', 'a', 'v'.repeat(300));
  worker.run('set', 'b', 'w'.repeat(LARGE), 'px', '100000');
  worker.run('set', 'n', '12345678901234567890123456789');
  worker.runIn(2, 'set', 'a', 'other'.repeat(20));
  await worker.flusher.pass();
  worker.evictAll();
  return worker;
}

test('cold values come back when a command needs them, and only then', async (t) => {
  const worker = await coldWorker(new TestDisk(t));
  t.equal(worker.large.bytes, 0);
  t.equal(worker.run('strlen', 'b'), `:${LARGE}\r\n`);
  t.equal(worker.run('exists', 'a', 'b'), ':2\r\n');
  t.equal(worker.run('type', 'a'), '+string\r\n');
  const loads = worker.stored.loads;
  t.equal(worker.run('get', 'a'), `$300\r\n${'v'.repeat(300)}\r\n`);
  t.equal(worker.run('getrange', 'b', '-3', '-1'), '$3\r\nwww\r\n');
  t.equal(worker.stored.loads, loads + 2);
  t.equal(worker.run('append', 'a', '!'), ':301\r\n');
  t.equal(worker.run('setrange', 'b', '1', 'x'), `:${LARGE}\r\n`);
  t.equal(worker.run('get', 'a').length, 301 + 8);
  t.equal(unflushed(worker), 2, 'what was only read is clean');
});

test('a cold value that is replaced is not read', async (t) => {
  const worker = await coldWorker(new TestDisk(t));
  worker.run('set', 'a', 'new');
  worker.run('set', 'b', 'new');
  worker.run('del', 'n');
  t.equal(worker.stored.loads, 0);
  t.equal(worker.run('mget', 'a', 'b', 'n'), '*3\r\n$3\r\nnew\r\n$3\r\nnew\r\n$-1\r\n');
});

test('no room: neither reading nor replacing a cold value harms it', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t), { pages: 40 });
  const value = 'v'.repeat(300);
  worker.run('set', 'cold', value);
  await worker.flusher.pass();
  worker.evictAll();
  const { pool } = worker.table;
  for (let i = 0; pool.availablePages > 0 || i % 1000 !== 0; i++) {
    worker.run('set', `fill:${i}`, 'f'.repeat(i % 390));
  }
  // Every class of slot is full now.
  for (let i = 0; i < 3000; i++) worker.run('set', `more:${i}`, 'f'.repeat(i % 390));
  const FULL = '-2';
  t.equal(worker.run('get', 'cold'), FULL);
  for (const length of [200, 390, 5000]) {
    t.equal(worker.run('set', 'cold', 'x'.repeat(length)), length > 400 ? '+OK\r\n' : FULL);
    if (length > 400) break;
    t.equal(worker.run('strlen', 'cold'), ':300\r\n', 'it is as cold as before');
    t.equal(worker.run('append', 'cold', 'x'), FULL);
  }
  for (let i = 0; i < 3000; i++) worker.run('del', `more:${i}`);
  t.equal(worker.run('strlen', 'cold'), ':5000\r\n');
});

test('a damaged record: the error names the key, the key stays, others are served', async (t) => {
  const disk = new TestDisk(t);
  const worker = await coldWorker(disk);
  disk.engine.flipBit(recordIndex(worker, 'n'), 240);
  const reply = worker.run('get', 'n');
  t.match(reply, /^-ERR damaged record \(checksum\) of key "n"\r\n$/);
  t.equal(worker.run('exists', 'n'), ':1\r\n');
  t.equal(worker.run('append', 'n', 'x'), reply, 'nothing is built on it');
  t.equal(worker.run('get', 'a').length, 308);
  await disk.crash();
  const next = await TestWorker.start(disk);
  t.same([next.loader.counts.keys, next.warmUp.keys, damagesOf(next)], [4, 4, 1]);
  t.match(next.run('get', 'n'), /^-ERR damaged record/);
  t.equal(next.run('set', 'n', 'healed'), '+OK\r\n');
  await next.flusher.pass();
  await disk.crash();
  const last = await TestWorker.start(disk);
  t.equal(damagesOf(last), 0);
  t.equal(last.run('get', 'n'), '$6\r\nhealed\r\n');
});

test('a damaged key that is deleted is gone for good', async (t) => {
  const disk = new TestDisk(t);
  const worker = await coldWorker(disk);
  disk.engine.flipBit(recordIndex(worker, 'n'), 240);
  t.equal(worker.run('del', 'n'), ':1\r\n');
  await worker.flusher.pass();
  await disk.crash();
  t.equal(damagesOf(await TestWorker.start(disk)), 0);
});

test('a damaged or missing part of a large value', async (t) => {
  const disk = new TestDisk(t);
  const worker = await coldWorker(disk);
  const { engine } = disk;
  const { keys } = await engine.scanPage(Buffer.from([0xff]), Buffer.from([0xff, 255]), 9, 2 ** 30);
  t.equal(keys.length, 3);
  await engine.writeBatch([{ key: keys[1]!, value: null }], { sync: false });
  t.match(worker.run('get', 'b'), /^-ERR damaged record \(part 1 of 3\) of key "b"/);
  await engine.writeBatch([{ key: keys[1]!, value: Buffer.from('nonsense') }], { sync: false });
  t.match(worker.run('get', 'b'), /^-ERR damaged record/);
  t.equal(worker.run('exists', 'b'), ':1\r\n');
  t.equal(worker.large.bytes, 0);
});

test('a record that is missing altogether is damage, not absence', async (t) => {
  const disk = new TestDisk(t);
  const worker = await coldWorker(disk);
  const key = (await disk.engine.scanPage(Buffer.alloc(1), Buffer.from([64]), 99, 2 ** 30)).keys[
    recordIndex(worker, 'n')
  ]!;
  await disk.engine.writeBatch([{ key, value: null }], { sync: false });
  t.match(worker.run('get', 'n'), /^-ERR damaged record \(the record is missing\) of key "n"/);
});

test('a store that fails: an error, and later the value', async (t) => {
  const disk = new TestDisk(t);
  const worker = await coldWorker(disk);
  disk.faults = (operation) => (operation === 'read' ? 'IO' : null);
  t.match(worker.run('get', 'a'), /^-ERR planned failure of read/);
  disk.faults = () => null;
  // It opens again in the background.
  await worker.stores.of(0).flush();
  t.equal(worker.run('get', 'a').length, 308);
});

test('a start: everything, hot or cold, and no more hot than there is room for', async (t) => {
  const disk = new TestDisk(t);
  const worker = await TestWorker.start(disk);
  for (let i = 0; i < 4000; i++) worker.run('set', `key:${i}`, `${i}.`.repeat(50));
  worker.run('append', 'key:1', '');
  worker.run('set', 'short', '1');
  worker.run('append', 'short', '2');
  await worker.flusher.pass();
  const before = stateOf(worker);
  await disk.crash();
  const roomy = await TestWorker.start(disk);
  t.same([roomy.loader.counts.keys, roomy.warmUp.keys, roomy.warmUp.away], [4001, 4001, 0]);
  t.same(stateOf(roomy), before);
  t.equal(roomy.stored.loads, 0);
  t.equal(roomy.context.databases.keys(0), 4001);
  await disk.crash();
  const tight = await TestWorker.start(disk, { pages: 200 });
  t.equal(tight.loader.counts.keys, 4001);
  t.ok(tight.warmUp.away > 0, `${tight.warmUp.away} of 4001 keys stay away`);
  t.equal(tight.context.databases.keys(0), 4001);
  for (const i of [0, 1000, 2000, 3999]) {
    t.equal(tight.run('get', `key:${i}`), reply(before, `key:${i}`));
  }
  await disk.crash();
});

function reply(state: ReturnType<typeof stateOf>, key: string): string {
  const { value } = state.get(`1 ${key}`)!;
  return `$${value.length}\r\n${value.toString('latin1')}\r\n`;
}

function damagesOf({ stores }: TestWorker): number {
  return stores.of(0).counters.damages;
}

/** Which record of the engine is a key's, in the order of store keys: main records come first. */
function recordIndex(worker: TestWorker, name: string): number {
  const names = stateNames(worker);
  return names.indexOf(name);
}

/** Keys in the order of shard, namespace, hash. */
function stateNames({ table, context }: TestWorker): string[] {
  const found: [number, number, number, string][] = [];
  for (let shard = 0; shard < 64; shard++) {
    table.locks.lock(shard);
    context.scanner.walkAll(shard, 0, 1e9, (entry) => {
      const at = table.keyWord(entry) * 4;
      const key = table.bytes.toString('latin1', at, at + table.keyLength(entry));
      found.push([shard, table.namespaceOf(entry), table.hashOf(entry) >>> 0, key]);
      return true;
    });
    table.locks.unlock(shard);
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return found.map(([, , , key]) => key);
}
