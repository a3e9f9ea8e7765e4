// Large collections that are only in the store: read in the background while everything else goes
// on, thrown away when the key has become something else, refused when the records are damaged;
// and how many records a change costs.

import { AWAITS } from '@forgekv/commands';
import { type Test, test } from 'tap';
import { TestDisk, TestWorker } from './test-worker.ts';
import { countElements, reclaimAll, unflushed } from './worker-state.ts';

const MEMBERS = 20_000;
const WAITS = `${AWAITS}`;

interface Kind {
  readonly type: string;
  readonly fill: (worker: TestWorker) => void;
  readonly count: readonly string[];
  /** A change to one element, and its reply. */
  readonly change: readonly string[];
  readonly reply: string;
  /** Records of elements that are written for it at most. */
  readonly records: number;
}

function fill(worker: TestWorker, name: string, make: (i: number) => readonly string[]): void {
  const step = 1000;
  for (let from = 0; from < MEMBERS; from += step) {
    const elements = Array.from({ length: step }, (_, i) => make(from + i)).flat();
    worker.run(name, 'k', ...elements);
  }
}

const KINDS: readonly Kind[] = [
  {
    ...{ type: 'hash', fill: (worker) => fill(worker, 'hset', (i) => [`f${i}`, `${i}`]) },
    ...{ count: ['hlen', 'k'], change: ['hset', 'k', 'f77', 'x'], reply: ':0\r\n', records: 1 },
  },
  {
    ...{ type: 'set', fill: (worker) => fill(worker, 'sadd', (i) => [`m${i}`]) },
    ...{ count: ['scard', 'k'], change: ['sadd', 'k', 'new'], reply: ':1\r\n', records: 1 },
  },
  {
    ...{ type: 'zset', fill: (worker) => fill(worker, 'zadd', (i) => [`${i}`, `m${i}`]) },
    ...{ count: ['zcard', 'k'], change: ['zadd', 'k', '7', 'm5'], reply: ':0\r\n', records: 1 },
  },
  {
    ...{ type: 'list', fill: (worker) => fill(worker, 'rpush', (i) => [`e${i}`]) },
    ...{ count: ['llen', 'k'], change: ['lset', 'k', '9000', 'x'], reply: '+OK\r\n', records: 2 },
  },
];

/** A worker with a large collection as `k`, in the store and cold. */
async function coldCollection(disk: TestDisk, kind: Kind): Promise<TestWorker> {
  const worker = await TestWorker.start(disk);
  kind.fill(worker);
  await worker.flusher.pass();
  worker.evictAll();
  return worker;
}

for (const kind of KINDS) {
  test(`a ${kind.type}: one changed element is one record, warm or brought back`, async (t) => {
    const disk = new TestDisk(t);
    const worker = await coldCollection(disk, kind);
    const stored = await countElements(worker);
    t.equal(worker.large.bytes, 0);
    t.equal(worker.run(...kind.change), WAITS);
    t.equal(worker.run(...kind.change), WAITS, 'it is read once');
    t.equal(worker.run('set', 'other', 'x'), '+OK\r\n', 'others are served');
    await worker.loads.idle();
    t.equal(worker.loads.loaded, 1);
    t.equal(worker.run(...kind.count), `:${MEMBERS}\r\n`);
    t.equal(unflushed(worker), 1, 'what was only read is clean, the other key is not');
    for (let i = 0; i < 2; i++) {
      t.equal(worker.run(...kind.change), i === 0 || kind.type !== 'set' ? kind.reply : ':0\r\n');
      const before = worker.flusher.counts.elements;
      await worker.flusher.pass();
      const written = worker.flusher.counts.elements - before;
      t.ok(written <= kind.records, `${written} records of elements`);
    }
    t.ok(Math.abs((await countElements(worker)) - stored) <= 1);
    const text = worker.run('dump', 'k');
    await disk.crash();
    const next = await TestWorker.start(disk);
    t.equal(next.run('dump', 'k'), WAITS);
    await next.loads.idle();
    t.equal(next.run('dump', 'k'), text, 'a start finds the same');
    t.equal(next.replayed.counts.applied, 0);
  });

  test(`a ${kind.type} that has gone costs nothing but reclaiming`, async (t) => {
    const worker = await coldCollection(new TestDisk(t), kind);
    t.equal(worker.run('del', 'k'), ':1\r\n', 'it need not be read');
    t.equal(worker.loads.loaded, 0);
    const { elements } = worker.flusher.counts;
    await worker.flusher.pass();
    t.equal(worker.flusher.counts.elements, elements);
    await reclaimAll(worker);
    t.equal(await countElements(worker), 0);
  });
}

/** What happens to the key while it is read, and what it holds afterwards. */
const MEANWHILE: readonly (readonly [readonly string[], readonly string[], string])[] = [
  [['del', 'k'], ['exists', 'k'], ':0\r\n'],
  [['set', 'k', 'x'], ['get', 'k'], '$1\r\nx\r\n'],
  [['rename', 'other', 'k'], ['get', 'k'], '$5\r\nvalue\r\n'],
  [['flushdb'], ['exists', 'k'], ':0\r\n'],
  [['swapdb', '0', '1'], ['exists', 'k'], ':0\r\n'],
];

test('a key that becomes something else while it is read', async (t) => {
  for (const [change, look, reply] of MEANWHILE) {
    const worker = await coldCollection(new TestDisk(t), KINDS[0]!);
    worker.run('set', 'other', 'value');
    t.equal(worker.run('hget', 'k', 'f1'), WAITS);
    worker.run(...change);
    t.equal(worker.run(...look), reply, change.join(' '));
    await worker.loads.idle();
    t.equal(worker.run(...look), reply, 'what was read does not come back');
    await worker.flusher.pass();
    t.equal(unflushed(worker), 0);
  }
});

test('an expiry that is set while it is read stays', async (t) => {
  const worker = await coldCollection(new TestDisk(t), KINDS[1]!);
  t.equal(worker.run('sismember', 'k', 'm1'), WAITS);
  const atMs = worker.nowMs + 100_000;
  worker.run('pexpireat', 'k', `${atMs}`);
  await worker.flusher.pass();
  await worker.loads.idle();
  t.equal(worker.run('sismember', 'k', 'm1'), ':1\r\n');
  t.equal(worker.run('pexpiretime', 'k'), `:${atMs}\r\n`);
});

test('a gate: what was read waits until it opens', async (t) => {
  const worker = await coldCollection(new TestDisk(t), KINDS[1]!);
  const shard = worker.shardOf('k');
  t.equal(worker.run('sismember', 'k', 'm1'), WAITS);
  worker.gate(shard, 5);
  for (let i = 0; i < 300; i++) await new Promise((resolve) => setImmediate(resolve));
  t.ok(worker.loads.isBusy);
  worker.gate(shard, 0);
  await worker.loads.idle();
  t.equal(worker.run('sismember', 'k', 'm1'), ':1\r\n');
});

async function refused(t: Test, harm: (worker: TestWorker) => Promise<void>, what: RegExp) {
  const worker = await coldCollection(new TestDisk(t), KINDS[2]!);
  await harm(worker);
  t.equal(worker.run('zscore', 'k', 'm1'), WAITS);
  await worker.loads.idle();
  t.match(worker.run('zscore', 'k', 'm1'), what);
  t.equal(worker.run('zadd', 'k', '1', 'm1').startsWith('-ERR'), true, 'nothing is built on it');
  t.equal(worker.run('type', 'k'), '+zset\r\n', 'the key stays');
  t.equal(worker.run('set', 'k', 'healed'), '+OK\r\n');
  await worker.flusher.pass();
  t.equal(unflushed(worker), 0);
}

test('damaged and missing elements are errors, not a smaller collection', async (t) => {
  await refused(
    t,
    async ({ disk }) => void disk.engine.flipBit(1000, 250),
    /^-ERR damaged record \(checksum of an element\)/,
  );
  await refused(
    t,
    async ({ disk }) => {
      const from = Buffer.from([0xff]);
      const { keys } = await disk.engine.scanPage(from, Buffer.from([0xff, 255]), 2000, 2 ** 30);
      await disk.engine.writeBatch([{ key: keys[999]!, value: null }], { sync: true });
    },
    /^-ERR damaged record \(elements are missing\) of key "k"/,
  );
});

test('a value that was read for somebody is not evicted before he comes', async (t) => {
  const worker = await coldCollection(new TestDisk(t), KINDS[0]!);
  worker.evictor.isPinned = (id) => worker.large.isPinned(id);
  t.equal(worker.run('hlen', 'k'), WAITS);
  await worker.loads.idle();
  worker.evictAll();
  t.equal(worker.run('hlen', 'k'), `:${MEMBERS}\r\n`);
});

test('what goes back to the packed form leaves no elements behind', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  KINDS[3]!.fill(worker);
  await worker.flusher.pass();
  worker.run('ltrim', 'k', '0', '2');
  t.equal(worker.large.bytes, 0, 'it is packed');
  await worker.flusher.pass();
  await reclaimAll(worker);
  t.equal(await countElements(worker), 0);
});
