// Three threads change the same keys by turns, each effect building on the one before, and end
// their ticks whenever the dice say so. What a reply showed must be in the kernel when it leaves,
// with everything below it: after a crash an effect without its predecessor is lost. The threads
// take turns in one process, so every order is possible that lets each step be whole.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@forgekv/base';
import { createWalMemory, nodeFileSystem, WalLogs } from '@forgekv/storage';
import { type Test, test } from 'tap';
import { createEffectMemory, EffectLog, LOST, SETTLED } from '../src/index.ts';
import { createTestDatabase } from './harness.ts';

const SEED = Number(process.env.FORGEKV_EFFECTS_SEED ?? Date.now() & 0x7fffffff);
const THREADS = 4;
const KEYS = 6;
const STEPS = 4000;
/** Words before the table of needs: a line, then per log two lines and one word per shard. */
const NEEDS_WORD = 16 + THREADS * (32 + 64);

/** An effect: where it ends in which log. */
interface Link {
  readonly log: number;
  readonly end: number;
}

interface Key {
  readonly entry: number;
  readonly shard: number;
  /** All effects of the key, the oldest first. */
  readonly chain: Link[];
}

/** Returns what a reply showed although the kernel did not have it, or ''. */
function run(t: Test, seed: number, forgetsNeeds: boolean): string {
  const directory = mkdtempSync(join(tmpdir(), 'forgekv-chains-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const transfer = createWalMemory({
    ...{ logs: THREADS, directory, generation: 1 },
    ...{ segmentBytes: 1 << 20, bufferBytes: 1 << 16 },
  });
  const logs = new WalLogs(transfer, nodeFileSystem);
  const effects = createEffectMemory(THREADS);
  const { db, table, keys } = makeKeys();
  const threads = Array.from(
    { length: THREADS },
    (_, log) => new EffectLog(table, { transfer, effects, log }),
  );
  // What the replies of each thread's tick show: the last link seen of every key, as an index.
  const shown = threads.map(() => new Map<Key, number>());
  const words = new Int32Array(effects);
  const random = new Random(seed);
  for (let step = 0; step < STEPS; step++) {
    const index = random.below(THREADS);
    const thread = threads[index]!;
    const seen = shown[index]!;
    const isEnd = random.below(4) === 0;
    if (isEnd) {
      const answer = thread.settle();
      if (answer === LOST) return 'a log was lost';
      if (answer !== SETTLED) continue;
      for (const [key, last] of seen) {
        const missing = key.chain.slice(0, last + 1).findIndex((x) => logs.handed(x.log) < x.end);
        if (missing >= 0) return `step ${step}: effect ${missing} of ${last}, shown by ${index}`;
      }
      seen.clear();
      continue;
    }
    const key = keys[random.below(KEYS)]!;
    table.locks.lock(key.shard);
    thread.sees(key.entry);
    if (random.below(3) > 0) {
      const previous = table.lsnOf(key.entry);
      table.setLsn(key.entry, table.nextLsn(key.shard));
      thread.expires(key.entry, key.shard, previous);
      thread.endGroup();
      key.chain.push({ log: index, end: table.logPositionOf(key.entry) * 8 });
    }
    table.locks.unlock(key.shard);
    seen.set(key, key.chain.length - 1);
    if (forgetsNeeds) words.fill(0, NEEDS_WORD);
  }
  db.audit();
  return '';
}

function makeKeys() {
  const db = createTestDatabase();
  const { table, worker: c } = db;
  const keys: Key[] = [];
  for (let i = 0; i < KEYS; i++) {
    db.run('set', `k${i}`, '1');
    const bytes = Buffer.from(`k${i}        `);
    c.request.source(bytes, new DataView(bytes.buffer, bytes.byteOffset), new Int32Array([0, 0]));
    c.request.args[1] = 2;
    c.request.first = 0;
    const shard = c.prehash(0);
    c.table.locks.lock(shard);
    keys.push({ entry: c.open(0, 0), shard, chain: [] });
    c.table.locks.unlock(shard);
    c.clearPrehashed(0);
  }
  return { db, table, keys };
}

test(`no reply shows what the kernel lacks, or builds on it, seed ${SEED}`, async (t) => {
  for (let round = 0; round < 5; round++) t.equal(run(t, SEED + round, false), '');
});

test('a thread that forgets what its effects depend on is found out', async (t) => {
  t.match(run(t, SEED, true), /effect \d+ of \d+/);
});
