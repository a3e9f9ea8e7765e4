// What a reply waits for: effects of another thread that it may show, until they are handed over,
// or in sync mode Always, durable. And when writes are refused. Two threads' logs, one process.

import { setTimeout as delay } from 'node:timers/promises';
import { FLAG_STORED } from '@forgekv/keyspace';
import { type Test, test } from 'tap';
import {
  type CommandContext,
  type EffectLog,
  LOST,
  REFUSE_BROKEN,
  REFUSE_NO_SPACE,
  refuseWrites,
  SETTLED,
  UNSETTLED,
} from '../src/index.ts';
import { LoggedDatabase } from './support/logged-database.ts';

const NO_SPACE = 'MISCONF Errors writing to the AOF file: No space left on device';
const BROKEN = 'MISCONF Errors writing to the AOF file: Input/output error';

/** Commands run on the front, whose log is `own`; `other` is the worker's, which looks on. */
class Setup extends LoggedDatabase {
  readonly own: EffectLog = this.db.front.log!;
  readonly other: EffectLog = this.db.worker.log!;

  /** Opens a key on one of the threads, as a command does, and so notes what its reply shows. */
  opens(c: CommandContext, key: string): number {
    const bytes = Buffer.from(`${key}        `);
    c.request.source(bytes, new DataView(bytes.buffer, bytes.byteOffset), new Int32Array([0, 0]));
    c.request.args[1] = key.length;
    c.request.first = 0;
    const shard = c.prehash(0);
    c.table.locks.lock(shard);
    const entry = c.open(0, 0);
    c.table.locks.unlock(shard);
    c.clearPrehashed(0);
    return entry;
  }

  otherOpens(key: string): number {
    return this.opens(this.db.worker, key);
  }
}

function setup(t: Test): Setup {
  return new Setup(t);
}

test('an effect that is not sealed yet: the reply waits for the end of that tick', async (t) => {
  const logged = setup(t);
  logged.db.run('set', 'a', '1');
  t.ok(logged.otherOpens('a') > 0);
  t.equal(logged.other.settle(), UNSETTLED);
  t.equal(logged.other.settle(), UNSETTLED);
  t.equal(logged.own.settle(), SETTLED);
  t.equal(logged.other.settle(), SETTLED);
  t.ok(logged.logs.handed(0) > 0);
});

test('who waits for a gate in the middle of its tick is not waited for', async (t) => {
  const logged = setup(t);
  logged.own.seal();
  logged.db.run('set', 'a', '1');
  t.ok(logged.otherOpens('a') > 0);
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.seal();
  t.equal(logged.other.settle(), SETTLED, 'handed over by the other');
  logged.db.run('set', 'a', '2');
  t.ok(logged.otherOpens('a') > 0);
  t.equal(logged.other.settle(), UNSETTLED, 'what came behind it is in the tick still');
  t.equal(logged.own.settle(), SETTLED);
  t.equal(logged.other.settle(), SETTLED);
});

test('a tick that ends within a transaction does not end it', async (t) => {
  const logged = setup(t);
  logged.own.beginBlock();
  logged.db.run('set', 'a', '1');
  t.equal(logged.own.settle(), SETTLED);
  t.ok(logged.otherOpens('a') > 0);
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.endBlock();
  t.equal(logged.other.settle(), UNSETTLED, 'nobody has written its end');
  t.equal(logged.own.settle(), SETTLED);
  t.equal(logged.other.settle(), SETTLED);
  t.match(logged.all(), { length: 1 }, 'it is whole');
});

test('what was handed over before, and what is its own, is waited for by nobody', async (t) => {
  const logged = setup(t);
  logged.db.run('set', 'a', '1');
  t.equal(logged.opens(logged.db.front, 'a') > 0, true);
  t.equal(logged.own.settle(), SETTLED);
  logged.otherOpens('a');
  t.equal(logged.other.settle(), SETTLED);
  logged.db.run('set', 'b', '1');
  t.equal(logged.other.settle(), SETTLED, 'it has not seen b');
  logged.otherOpens('a');
  t.equal(logged.other.settle(), SETTLED, 'nor has a changed');
});

test('a missing key depends on the removals of its shard', async (t) => {
  const logged = setup(t);
  logged.db.run('set', '{k}a', '1');
  logged.settle();
  logged.db.run('del', '{k}a');
  t.equal(logged.otherOpens('elsewhere'), 0);
  t.equal(logged.other.settle(), SETTLED, 'another shard');
  t.equal(logged.otherOpens('{k}a'), 0);
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.settle();
  t.equal(logged.other.settle(), SETTLED);
  t.equal(logged.otherOpens('{k}never'), 0);
  t.equal(logged.other.settle(), SETTLED);
});

test('a tombstone names its removal', async (t) => {
  const logged = setup(t);
  const { db } = logged;
  db.run('set', 'a', '1');
  logged.settle();
  const entry = logged.otherOpens('a');
  db.table.setFlags(entry, 0, FLAG_STORED);
  db.run('del', 'a');
  t.equal(logged.otherOpens('a'), 0);
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.settle();
  t.equal(logged.other.settle(), SETTLED);
});

test('threads that have seen each other do not wait for each other', async (t) => {
  const logged = setup(t);
  const { db } = logged;
  db.run('set', 'a', '1');
  // A command that the front leaves to the worker: it is logged there.
  db.worker.hotValueMaxBytes = 100;
  db.front.hotValueMaxBytes = 100;
  db.run('set', 'b', 'x'.repeat(200));
  logged.otherOpens('a');
  logged.opens(db.front, 'b');
  t.equal(logged.own.settle(), UNSETTLED, 'its own effects are handed over now');
  t.equal(logged.other.settle(), SETTLED);
  t.equal(logged.own.settle(), SETTLED);
});

test('seesAll: what others have done, sealed or not', async (t) => {
  const logged = setup(t);
  logged.db.run('set', 'a', '1');
  logged.other.seesAll();
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.settle();
  t.equal(logged.other.settle(), SETTLED);
  logged.other.seesAll();
  t.equal(logged.other.settle(), SETTLED);
});

test('DBSIZE shows what all threads have done', async (t) => {
  const logged = setup(t);
  const { db } = logged;
  db.run('set', 'a', '1');
  // The other thread's: the front leaves large values to it.
  db.worker.hotValueMaxBytes = 100;
  db.front.hotValueMaxBytes = 100;
  db.run('set', 'b', 'x'.repeat(200));
  db.run('dbsize');
  t.equal(logged.own.settle(), UNSETTLED);
  logged.other.settle();
  t.equal(logged.own.settle(), SETTLED);
});

test('a thread that ends no tick is waited for as long as it takes', async (t) => {
  const logged = setup(t);
  logged.db.run('set', 'a', '1');
  logged.otherOpens('a');
  await delay(1200);
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.settle();
  t.equal(logged.other.settle(), SETTLED);
});

test('a group in several frames is waited for until its last one is sealed', async (t) => {
  const small = { segmentBytes: 1 << 16, bufferBytes: 1 << 16 };
  const logged = new Setup(t, {}, small);
  const value = 'x'.repeat(10_000);
  logged.db.run('mset', ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((key) => [key, value]));
  t.ok(logged.logs.sealed(0) > 0);
  logged.otherOpens('a');
  t.equal(logged.other.settle(), UNSETTLED);
  logged.own.settle();
  t.equal(logged.other.settle(), SETTLED);
});

test('a position of long ago, which looks like the future, is not waited for', async (t) => {
  const logged = setup(t);
  logged.db.run('set', 'a', '1');
  logged.own.settle();
  const entry = logged.otherOpens('a');
  const { table } = logged.db;
  for (const ahead of [1, 1000, 2 ** 20, 2 ** 31 - 1]) {
    table.setLogged(entry, 0, (table.logPositionOf(entry) + ahead) | 0);
    logged.otherOpens('a');
    t.equal(logged.other.settle(), SETTLED);
  }
});

test('Always: replies wait for the disk, those that only read too', async (t) => {
  const logged = setup(t);
  logged.db.run('set', 'a', '1');
  logged.own.settle();
  t.equal(logged.logs.synced(0), 0, 'EverySecond does not');
  logged.other.setMode('Always');
  logged.own.setMode('Always');
  logged.db.run('set', 'b', '1');
  logged.own.settle();
  t.equal(logged.logs.synced(0), logged.logs.handed(0));
  logged.own.setMode('EverySecond');
  logged.db.run('set', 'c', '1');
  logged.own.settle();
  t.ok(logged.logs.synced(0) < logged.logs.handed(0));
});

test('refusals: told by the keeper of the logs to all threads', async (t) => {
  const logged = setup(t);
  t.equal(logged.own.refusal, '');
  refuseWrites(logged.effects, REFUSE_NO_SPACE);
  t.same([logged.own.refusal, logged.other.refusal], [NO_SPACE, NO_SPACE]);
  refuseWrites(logged.effects, REFUSE_BROKEN);
  t.equal(logged.other.refusal, BROKEN);
  refuseWrites(logged.effects, 0);
  t.equal(logged.own.refusal, '');
});

test('a log without room: the tick is lost, its thread refuses and accepts no more', async (t) => {
  const small = { segmentBytes: 1 << 16, bufferBytes: 1 << 16, maxSegments: 2 };
  const logged = new Setup(t, {}, small);
  t.equal(logged.own.refusalOf(1000), '');
  let answer = SETTLED;
  for (let i = 0; answer === SETTLED && i < 1000; i++) {
    logged.db.run('set', 'a', 'x'.repeat(1000));
    answer = logged.own.settle();
  }
  t.equal(answer, LOST);
  t.equal(logged.own.refusal, NO_SPACE);
  t.equal(logged.other.refusal, NO_SPACE, 'who meets it tells everybody at once');
  t.equal(logged.own.refusalOf(100_000), NO_SPACE);
  t.equal(logged.own.settle(), SETTLED, 'the next tick has nothing to lose');
});

test('refusalOf: also what is larger than the buffer, before anything has changed', async (t) => {
  const small = { segmentBytes: 1 << 16, bufferBytes: 1 << 16 };
  const logged = new Setup(t, {}, small);
  t.equal(logged.own.refusalOf(500_000), '');
  logged.db.run('set', 'a', 'x'.repeat(300_000));
  logged.settle();
  const [effect] = logged.all();
  t.equal(effect?.args[2]?.length, 300_000);
});
