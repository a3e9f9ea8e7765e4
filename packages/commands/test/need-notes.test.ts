// What one log lost takes away what builds on it in others. Threads that share a keyspace move
// tokens between lists and amounts between counters, as groups; their logs are handed over one by
// one, at any moment, and the process ends. Recovered, every group is whole or not there, no effect
// lacks what it was made on, and what was settled is there. Without the notes that is found out.
//
// FORGEKV_NEEDS_SEED repeats a run.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@forgekv/base';
import { type HotTable, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import {
  createWalMemory,
  nodeFileSystem,
  openWalDirectory,
  replay,
  WalLogs,
} from '@forgekv/storage';
import { RespDecoder } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { createEffectMemory, EffectLog, SETTLED } from '../src/index.ts';
import { NeedNotes } from '../src/need-notes.ts';
import { createTestDatabase, type TestDatabase } from './harness.ts';

const SEED = Number(process.env.FORGEKV_NEEDS_SEED ?? Date.now() & 0x7fffffff);
const THREADS = 3;
const LISTS = 5;
/** Few: lists are emptied, and so removed, and made again. */
const TOKENS_EACH = 2;
const COUNTERS = 4;
const ROUNDS = 20;
const STEPS = 120;

class Game {
  readonly db: TestDatabase = createTestDatabase({ poolBytes: 1 << 20 });
  readonly #directory: string;
  readonly #logs: WalLogs;
  readonly #threads: readonly EffectLog[];
  readonly #random: Random;
  /** Commands of each thread, and how many of them were settled. */
  readonly #done = new Array<number>(THREADS).fill(0);
  readonly #settled = new Array<number>(THREADS).fill(0);

  constructor(t: Test, random: Random) {
    this.#random = random;
    this.#directory = mkdtempSync(join(tmpdir(), 'forgekv-needs-'));
    t.teardown(() => rmSync(this.#directory, { recursive: true, force: true }));
    const transfer = createWalMemory({
      ...{ logs: THREADS, directory: this.#directory, generation: 1 },
      ...{ segmentBytes: 1 << 18, bufferBytes: 1 << 16 },
    });
    this.#logs = new WalLogs(transfer, nodeFileSystem);
    const effects = createEffectMemory(THREADS);
    const { table } = this.db;
    this.#threads = this.#done.map((_, log) => new EffectLog(table, { transfer, effects, log }));
    this.#be(0);
    for (let list = 0; list < LISTS; list++) {
      const tokens = Array.from({ length: TOKENS_EACH }, (_, i) => `${list}:${i}`);
      this.db.run('rpush', `list:${list}`, ...tokens);
    }
    this.#settle(0);
  }

  /** Commands are executed by another thread from now on. */
  #be(thread: number): void {
    const log = this.#threads[thread]!;
    this.db.front.log = log;
    this.db.worker.log = log;
  }

  #settle(thread: number): void {
    if (this.#threads[thread]!.settle() === SETTLED) this.#settled[thread] = this.#done[thread]!;
  }

  step(): void {
    const random = this.#random;
    const thread = random.below(THREADS);
    const log = this.#threads[thread]!;
    this.#be(thread);
    const list = (): string => `list:${random.below(LISTS)}`;
    const counter = (): string => `counter:${random.below(COUNTERS)}`;
    log.beginBlock();
    this.db.run('incr', `done:${thread}`);
    if (random.chance(0.7)) {
      this.db.run('lmove', list(), list(), random.pick(['left', 'right']), 'right');
    } else {
      // The second time is told together with the first.
      const from = counter();
      this.db.run('decr', from);
      if (random.chance(0.5)) this.db.run('get', counter());
      this.db.run('decr', from);
      this.db.run('incrby', counter(), '2');
    }
    log.endBlock();
    this.#done[thread]!++;
    const end = random.below(8);
    if (end === 0) this.#settle(thread);
    else if (end < 4) log.seal();
    if (random.chance(0.1)) this.#logs.handOver(random.below(THREADS));
    if (random.chance(0.03)) this.#logs.sync(random.below(THREADS));
  }

  /** Ends the process with some logs handed over, starts again, and says what is wrong. */
  crash(): string[] {
    for (let log = 0; log < THREADS; log++) {
      if (this.#random.chance(0.4)) this.#logs.handOver(log);
    }
    const fresh = createTestDatabase({ poolBytes: 1 << 20 });
    fresh.nowMs = 0;
    const problems: string[] = [];
    replay(openWalDirectory(this.#directory, nodeFileSystem), {
      apply: ({ shard, lsn, previousLsn, blind, bytes, offset, length }) => {
        const decoder = new RespDecoder(2);
        decoder.push(Buffer.from(bytes.subarray(offset, offset + length)));
        const reply = decoder.next()!.reply;
        const items = reply.kind === 'array' ? reply.items : [];
        const args = items.map((item) => (item.kind === 'bulk' ? item.bytes : Buffer.alloc(0)));
        const { table } = fresh;
        table.locks.lock(shard);
        const before = lsnOf(table, args[1]!);
        table.setLastLsn(shard, lsn - 1);
        table.locks.unlock(shard);
        if (!blind && before !== previousLsn) problems.push(`${args.join(' ')}: a hole`);
        fresh.run(...args);
      },
    });
    for (let thread = 0; thread < THREADS; thread++) {
      const done = Number(fresh.run('get', `done:${thread}`) ?? 0);
      if (!(done >= this.#settled[thread]!)) problems.push(`${done} of thread ${thread}`);
    }
    const number = (...command: string[]): number => Number(fresh.run(...command) ?? 0);
    let tokens = 0;
    for (let list = 0; list < LISTS; list++) tokens += number('llen', `list:${list}`);
    if (tokens !== LISTS * TOKENS_EACH) problems.push(`${tokens} tokens`);
    let sum = 0;
    for (let i = 0; i < COUNTERS; i++) sum += number('get', `counter:${i}`);
    if (sum !== 0) problems.push(`the counters add up to ${sum}`);
    return problems;
  }
}

/** With the lock held. */
function lsnOf(table: HotTable, key: Buffer): number {
  const padded = Buffer.concat([key, Buffer.alloc(8)]);
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  table.selectKey(padded, view, 0, key.length, 0);
  const entry = table.find();
  return entry === 0 || table.typeOf(entry) === TYPE_TOMBSTONE ? 0 : table.lsnOf(entry);
}

function play(t: Test): string[] {
  const problems: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const random = new Random(SEED + round);
    const game = new Game(t, random);
    const steps = 1 + random.below(STEPS);
    for (let step = 0; step < steps; step++) game.step();
    for (const problem of game.crash()) problems.push(`seed ${SEED + round}: ${problem}`);
    if (problems.length > 0) break;
  }
  return problems;
}

test(`groups are whole, and what was settled is there: seed ${SEED}`, async (t) => {
  t.same(play(t), []);
});

test('found: nobody tells what its effects build on', async (t) => {
  const { tell } = NeedNotes.prototype;
  t.teardown(() => {
    NeedNotes.prototype.tell = tell;
  });
  NeedNotes.prototype.tell = () => {};
  const problems = play(t);
  t.ok(problems.length > 0);
  t.comment(problems.slice(0, 3).join('; '));
});
