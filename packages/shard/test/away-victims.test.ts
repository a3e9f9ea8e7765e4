// Victims among keys that only the store has: that they are found, which of them go under each
// policy, that they stay away, and that nothing is counted wrong. Without threads.

import { Random } from '@forgekv/base';
import { DatasetEvictor, evictionPolicy } from '@forgekv/keyspace';
import { t as file, type Test, test } from 'tap';
import { AwayVictims } from '../src/away-victims.ts';
import { TestDisk, TestWorker } from './test-worker.ts';
import { misweighed } from './worker-state.ts';

const SEED = Number(process.env.FORGEKV_AWAY_SEED ?? Date.now() & 0x7fffffff);
const VALUE = 'v'.repeat(100);
const COUNT = 1500;

file.setTimeout(60_000);

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function names(prefix: string, count = COUNT): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}:${i}`);
}

class Setup {
  readonly disk: TestDisk;
  readonly worker: TestWorker;
  readonly evictor: DatasetEvictor;
  readonly away: AwayVictims;

  private constructor(disk: TestDisk, worker: TestWorker, policy: string) {
    this.disk = disk;
    this.worker = worker;
    const { table, context, stores, stored } = worker;
    const events = {
      evicted: (shard: number, entry: number) => {
        const lsn = table.nextLsn(shard);
        context.log!.removed(entry, shard, lsn);
        context.log!.endGroup();
        return lsn;
      },
      buried: (tombstone: number) => context.log!.buried(tombstone),
      largeFreed: (_shard: number, id: number) => worker.large.forget(id),
    };
    this.evictor = new DatasetEvictor(table, events, new Random(SEED));
    this.away = new AwayVictims(context, stores, stored, () => {}, new Random(SEED));
    this.evictor.away = this.away;
    this.evictor.setPolicy(evictionPolicy(policy));
    this.away.setPolicy(evictionPolicy(policy));
  }

  static async make(t: Test, policy: string): Promise<Setup> {
    const disk = new TestDisk(t);
    return new Setup(disk, await TestWorker.start(disk, { pages: 2000 }), policy);
  }

  /** Sets keys and leaves them to the store. */
  async store(keys: readonly string[], ...options: string[]): Promise<void> {
    for (const key of keys) this.worker.run('set', key, VALUE, ...options);
    await this.worker.flusher.pass();
    this.worker.evictKeys();
  }

  /** Evicts until so many keys have gone; 'none': there were no more. */
  async evict(count: number): Promise<'enough' | 'none'> {
    const until = this.evictor.evicted + count;
    for (let i = 0; i < 100_000 && this.evictor.evicted < until; i++) {
      const outcome = this.evictor.run(this.worker.table.cap.bytes() - 1, Infinity);
      this.worker.settle();
      if (outcome === 'none') return 'none';
      if (outcome === 'soon') await turn();
    }
    return 'enough';
  }

  /** How many of these are there. */
  alive(keys: readonly string[]): number {
    return keys.filter((key) => this.worker.run('exists', key) === ':1\r\n').length;
  }

  size(): string {
    return this.worker.run('dbsize');
  }
}

test('lru: keys that are away go first', async (t) => {
  const setup = await Setup.make(t, 'allkeys-lru');
  const { worker } = setup;
  await setup.store(names('old'));
  for (const key of names('new')) worker.run('set', key, VALUE);
  t.equal(worker.context.databases.away, COUNT);
  t.equal(await setup.evict(1000), 'enough');
  t.equal(setup.size(), `:${2 * COUNT - 1000}\r\n`);
  t.equal(worker.context.databases.away, COUNT - 1000);
  t.equal(setup.alive(names('new')), COUNT);
  t.equal(setup.alive(names('old')), COUNT - 1000);
  t.same(await misweighed(worker), []);
  await worker.flusher.pass();
  await setup.disk.crash();
  const next = await TestWorker.start(setup.disk, { pages: 2000, warms: false });
  t.equal(next.run('dbsize'), `:${2 * COUNT - 1000}\r\n`, 'they stay away');
  t.same(await misweighed(next), []);
});

test('everything goes, wherever it is', async (t) => {
  for (const policy of ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lru']) {
    const setup = await Setup.make(t, policy);
    const { worker } = setup;
    await setup.store(names('small', 300), 'ex', '1000');
    worker.run('set', 'large', 'L'.repeat(50_000), 'ex', '1000');
    await setup.store(['one', 'two'], 'ex', '1000');
    for (const key of names('there', 300)) worker.run('set', key, VALUE, 'ex', '1000');
    worker.runIn(1, 'set', 'elsewhere', VALUE, 'ex', '1000');
    t.equal(await setup.evict(10_000), 'none', policy);
    t.equal(setup.evictor.evicted, 604);
    t.equal(setup.size(), ':0\r\n');
    t.equal(worker.table.cap.bytes(), 0);
    t.equal(worker.context.databases.away, 0);
  }
});

test('random: keys that are away have their share', async (t) => {
  const setup = await Setup.make(t, 'allkeys-random');
  await setup.store(names('old'));
  for (const key of names('new', COUNT / 2)) setup.worker.run('set', key, VALUE);
  t.equal(await setup.evict(900), 'enough');
  const away = COUNT - setup.worker.context.databases.away;
  t.ok(away > 500 && away < 700, `${away} of 900 were away, seed ${SEED}`);
});

test('ttl: what expires first goes first, wherever it is', async (t) => {
  const setup = await Setup.make(t, 'volatile-ttl');
  const { worker } = setup;
  const expiring = (prefix: string): void => {
    for (const [i, key] of names(prefix).entries()) {
      worker.run('set', key, VALUE, 'ex', `${1000 + i}`);
    }
  };
  expiring('away');
  await setup.store(names('lasting'));
  expiring('there');
  t.equal(await setup.evict(1000), 'enough');
  for (const prefix of ['away', 'there']) {
    const late = setup.alive(names(prefix).slice(COUNT / 2));
    t.ok(late > COUNT * 0.47, `${late} of ${COUNT / 2} late ones ${prefix}, seed ${SEED}`);
    const early = setup.alive(names(prefix).slice(0, COUNT / 5));
    t.ok(early < COUNT / 10, `${early} of ${COUNT / 5} early ones ${prefix}, seed ${SEED}`);
  }
  t.equal(setup.alive(names('lasting')), COUNT);
});

test('volatile: few among many are found, others stay', async (t) => {
  for (const policy of ['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']) {
    const setup = await Setup.make(t, policy);
    await setup.store(names('lasting'));
    await setup.store(names('few', 7), 'ex', '1000');
    t.equal(await setup.evict(100), 'none', policy);
    t.equal(setup.evictor.evicted, 7, policy);
    t.equal(setup.size(), `:${COUNT}\r\n`);
  }
});

test(`other commands meanwhile, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  const setup = await Setup.make(t, 'allkeys-random');
  const { worker } = setup;
  const keys = names('key', 400);
  let isPassing = false;
  for (let step = 0; step < 4000; step++) {
    const key = keys[random.below(keys.length)]!;
    const draw = random.below(100);
    if (draw < 40) worker.run('set', key, 'x'.repeat(random.below(900)));
    else if (draw < 50) worker.run('del', key);
    else if (draw < 60) worker.run('get', key);
    else if (draw < 65) worker.evictKeys();
    else if (draw < 66) worker.run('flushdb');
    else if (draw < 67) worker.run('swapdb', '0', '1');
    else if (draw < 75) await turn();
    else if (draw < 80 && !isPassing) {
      isPassing = true;
      void worker.flusher.pass().finally(() => {
        isPassing = false;
      });
    } else {
      setup.evictor.run(worker.table.cap.bytes() - 1, Infinity);
      worker.settle();
    }
  }
  while (isPassing || setup.away.isBusy) await turn();
  t.ok(setup.evictor.evicted > 200, `${setup.evictor.evicted} evicted`);
  t.same(await misweighed(worker), []);
  const size = setup.size();
  await setup.disk.crash();
  const next = await TestWorker.start(setup.disk, { pages: 2000, warms: false });
  t.equal(next.run('dbsize'), size);
  t.same(await misweighed(next), []);
});
