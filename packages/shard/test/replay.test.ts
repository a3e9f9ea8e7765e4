// Replay of single effects: what is applied, passed over, or a hole, and what is refused. Whole
// logs are replayed in flusher-faults.test.ts, and by the kill loop of packages/cli.

import { Random } from '@forgekv/base';
import { createRegistry } from '@forgekv/commands';
import { TYPE_TOMBSTONE } from '@forgekv/keyspace';
import type { WalEffect } from '@forgekv/storage';
import { type Test, test } from 'tap';
import { Replay, ReplayError } from '../src/replay.ts';
import { TestDisk, TestWorker } from './test-worker.ts';
import { stateOf } from './worker-state.ts';

const NAMESPACE = 1;
const LONGEST_GARBAGE = 60;

interface EffectOptions {
  readonly blind?: boolean;
  readonly namespace?: number;
  readonly shard?: number;
}

class Setup {
  readonly worker: TestWorker;
  readonly replay: Replay;

  private constructor(worker: TestWorker) {
    this.worker = worker;
    worker.context.log = null;
    this.replay = new Replay(worker.context, createRegistry(), worker.libraryReplay);
  }

  static async make(t: Test): Promise<Setup> {
    return new Setup(await TestWorker.start(new TestDisk(t)));
  }

  /** Applies a command on a key as the effect with an LSN, made on the LSN before. */
  apply(command: string, lsn: number, previousLsn: number, options: EffectOptions = {}): void {
    const args = command.split(' ');
    const text = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('');
    this.applyBytes(Buffer.from(`*${args.length}\r\n${text}`), args[1]!, lsn, previousLsn, options);
  }

  applyBytes(
    payload: Buffer,
    key: string,
    lsn: number,
    previousLsn: number,
    { blind = false, namespace = NAMESPACE, shard }: EffectOptions = {},
  ): void {
    // Between other bytes, as in a frame.
    const bytes = Buffer.concat([Buffer.alloc(5, '*'), payload, Buffer.alloc(9, '$')]);
    const effect: WalEffect = {
      ...{ lsn, previousLsn, namespace, blind, isLost: false, bytes, offset: 5 },
      length: payload.length,
      shard: shard ?? this.worker.shardOf(key),
    };
    try {
      this.replay.apply(effect);
    } catch (error) {
      // A worker that meets this ends; here the lock is wanted again.
      const { locks } = this.worker.table;
      for (let i = 0; i < 64; i++) if (locks.holds(i)) locks.unlock(i);
      this.worker.context.reply.reset();
      throw error;
    }
  }

  value(key: string): string | null {
    return stateOf(this.worker).get(`${NAMESPACE} ${key}`)?.value.toString('latin1') ?? null;
  }

  get figures(): string {
    const { counts, holes } = this.replay;
    return `${counts.applied} applied, ${counts.passed} passed, ${holes} holes`;
  }
}

test('effects are applied in order, and carry their LSN', async (t) => {
  const setup = await Setup.make(t);
  setup.apply('SET a 1', 5, 0, { blind: true });
  setup.apply('INCR a', 9, 5);
  setup.apply('APPEND a x', 10, 9);
  setup.apply('PEXPIREAT a 1000', 11, 10);
  t.equal(setup.value('a'), '2x', 'nothing expires meanwhile');
  const { lsn, expireAtMs } = stateOf(setup.worker).get('1 a')!;
  t.same([lsn, expireAtMs], [11, 1000]);
  setup.apply('PERSIST a', 12, 11);
  t.equal(stateOf(setup.worker).get('1 a')!.expireAtMs, 0);
  t.equal(setup.figures, '5 applied, 0 passed, 0 holes');
});

test('what the key has already is passed over', async (t) => {
  const setup = await Setup.make(t);
  setup.apply('SET a new', 8, 0, { blind: true });
  setup.apply('SET a old', 7, 0, { blind: true });
  setup.apply('APPEND a x', 8, 7);
  setup.apply('DEL a', 3, 2, { blind: true });
  t.equal(setup.value('a'), 'new');
  t.equal(setup.figures, '1 applied, 3 passed, 0 holes');
});

test('an effect without the value it was made for is a hole', async (t) => {
  const setup = await Setup.make(t);
  setup.apply('APPEND a x', 8, 7);
  t.equal(setup.value('a'), null);
  setup.apply('SET b 1', 3, 0, { blind: true });
  setup.apply('INCR b', 6, 5);
  setup.apply('INCR b', 7, 6);
  t.equal(setup.value('b'), '1', 'it stays as it was before the hole');
  t.equal(setup.figures, '1 applied, 0 passed, 2 holes');
  setup.apply('SET b 5', 8, 7, { blind: true });
  setup.apply('INCR b', 9, 8);
  t.equal(setup.value('b'), '6', 'a value of its own ends the hole');
  setup.apply('DEL a', 9, 8, { blind: true });
  t.equal(setup.figures, '4 applied, 0 passed, 0 holes');
});

test('the LSN before is 0 for effects that made the key', async (t) => {
  const setup = await Setup.make(t);
  setup.apply('INCR a', 3, 0);
  setup.apply('DEL a', 4, 3, { blind: true });
  setup.apply('INCR a', 5, 0);
  t.equal(setup.value('a'), '1');
  setup.apply('INCR a', 6, 0);
  t.equal(setup.value('a'), '1', 'made on no key, but there is one');
  t.equal(setup.figures, '3 applied, 0 passed, 1 holes');
});

test('tombstones: removed keys of the store are missing, with the LSN of removal', async (t) => {
  const disk = new TestDisk(t);
  const first = await TestWorker.start(disk);
  first.run('set', 'a', 'stored');
  await first.flusher.pass();
  await disk.crash();
  const worker = await TestWorker.start(disk);
  worker.run('del', 'a');
  const { table } = worker;
  const shard = worker.shardOf('a');
  let tombstones = 0;
  table.locks.lock(shard);
  worker.context.scanner.walkAll(shard, 0, 1000, (entry) => {
    if (table.typeOf(entry) === TYPE_TOMBSTONE) tombstones += table.lsnOf(entry);
    return true;
  });
  table.locks.unlock(shard);
  t.equal(tombstones, 2, 'one, of LSN 2');
  worker.run('append', 'a', 'again');
  await disk.crash();
  const last = await TestWorker.start(disk);
  t.equal(last.replayed.holes, 0);
  t.equal(last.run('get', 'a'), '$5\r\nagain\r\n');
  await disk.crash();
});

test('effects of namespaces that no database has', async (t) => {
  const setup = await Setup.make(t);
  setup.apply('SET a 1', 5, 0, { blind: true, namespace: 77 });
  t.equal(setup.value('a'), null);
  setup.applyBytes(Buffer.from('garbage'), 'a', 6, 0, { namespace: 78 });
  t.equal(setup.figures, '0 applied, 2 passed, 0 holes');
});

test('what cannot be replayed is refused with a reason', async (t) => {
  const setup = await Setup.make(t);
  setup.apply('SET text abc', 1, 0, { blind: true });
  const cases: readonly [string, () => void, RegExp][] = [
    ['shard', () => setup.apply('SET a 1', 5, 0, { shard: 3 }), /of another shard/],
    ['unknown', () => setup.apply('FROBNICATE a', 5, 0), /does not know its command/],
    ['arity', () => setup.apply('SET a', 5, 0), /does not know its command/],
    ['no handler', () => setup.apply('PING a', 5, 0), /does not know its command|another shard/],
    ['error', () => setup.apply('INCR text', 5, 1), /value is not an integer/],
    ['two', () => setup.apply('GET a\r\n*1', 5, 0), /./],
  ];
  for (const [name, run, expected] of cases) {
    t.throws(run, { name: 'ReplayError', message: expected }, name);
  }
  const two = Buffer.from('*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n');
  t.throws(() => setup.applyBytes(two, 'a', 9, 0), { message: /it is no command/ });
  t.throws(() => setup.applyBytes(Buffer.alloc(0), 'a', 9, 0), { message: /it is no command/ });
  t.equal(setup.value('text'), 'abc');
});

test('an effect that finds no room waits, and is applied when there is some', async (t) => {
  const setup = await Setup.make(t);
  const { worker, replay } = setup;
  worker.context.hotValueMaxBytes = 20_000;
  const set = (i: number): void => {
    setup.apply(`SET k${i} ${'x'.repeat(15_000)}`, i, 0, { blind: true });
  };
  let last = 0;
  while (!replay.isFull) set(++last);
  t.equal(replay.counts.applied, last - 1);
  set(last);
  t.ok(replay.isFull, 'still');
  await worker.flusher.pass();
  worker.evictAll();
  set(last);
  t.notOk(replay.isFull);
  t.equal(replay.counts.applied, last);
  t.match(worker.run('strlen', `k${last}`), /15000/);
});

test('random bytes are refused or change nothing but their key', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  const random = new Random(seed);
  const setup = await Setup.make(t);
  const whole = Buffer.from('*3\r\n$6\r\nAPPEND\r\n$1\r\na\r\n$3\r\nxyz\r\n');
  let refused = 0;
  for (let i = 1; i <= 5000; i++) {
    let payload = Buffer.from(whole);
    if (random.chance(0.5)) {
      payload = Buffer.from(
        Array.from({ length: random.below(LONGEST_GARBAGE) }, () => random.below(256)),
      );
    } else {
      payload[random.below(payload.length)] = random.below(256);
      payload = payload.subarray(0, payload.length - random.below(4));
    }
    const before = stateOf(setup.worker).get('1 a')?.lsn ?? 0;
    try {
      setup.applyBytes(payload, 'a', i, before);
    } catch (error) {
      if (!(error instanceof ReplayError)) throw error;
      refused++;
    }
  }
  for (const name of stateOf(setup.worker).keys()) {
    const shard = setup.worker.shardOf(name.slice(2));
    if (shard !== setup.worker.shardOf('a')) t.fail(`${name} was made`);
  }
  t.ok(refused > 4000, `${refused} of 5000 refused, seed ${seed}`);
});
