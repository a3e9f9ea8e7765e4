// What a flusher waits for before it writes to a store: effects that are not sealed, then a sync,
// and nothing for those of long ago.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWalMemory, nodeFileSystem, WalLogs, WalWriter } from '@forgekv/storage';
import { type Test, test } from 'tap';
import { LogWait } from '../src/log-wait.ts';

const UNIT = 8;
const PAYLOAD = Buffer.from('*2\r\n$3\r\nDEL\r\n$1\r\na\r\n');
const VIEW = new DataView(PAYLOAD.buffer, PAYLOAD.byteOffset, PAYLOAD.length);

class Setup {
  readonly logs: WalLogs;
  readonly writers: readonly WalWriter[];
  readonly wait: LogWait;
  /** By log, how far it builds on the other one. */
  readonly needs = [0, 0];
  syncs = 0;
  problem = '';
  #lsn = 0;

  constructor(t: Test) {
    const directory = mkdtempSync(join(tmpdir(), 'forgekv-wait-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const transfer = createWalMemory({
      ...{ logs: 2, directory, generation: 1 },
      ...{ segmentBytes: 1 << 16, bufferBytes: 1 << 16 },
    });
    this.logs = new WalLogs(transfer, nodeFileSystem);
    this.writers = [0, 1].map((log) => new WalWriter(this.logs, log));
    const isOpen = (log: number, position: number): boolean =>
      position * UNIT > this.logs.sealed(log) && position * UNIT <= this.writers[log]!.position;
    const states = { isOpen, needOf: (from: number) => this.needs[from]! };
    this.wait = new LogWait(this.logs, states, async () => {
      this.syncs++;
      if (this.problem !== '') throw new Error(this.problem);
      for (const log of [0, 1]) this.logs.sync(log);
    });
  }

  /** Appends an effect; returns its end as entries note it. */
  append(log: number): number {
    const writer = this.writers[log]!;
    writer.append(1, ++this.#lsn, 0, 1, 0, PAYLOAD, VIEW, 0, PAYLOAD.length);
    writer.endGroup();
    return Math.ceil(writer.position / UNIT) | 0;
  }
}

async function settled(promise: Promise<void>): Promise<boolean> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  return isDone;
}

test('nothing noted, effects of earlier runs, effects that are durable: no sync', async (t) => {
  const setup = new Setup(t);
  await setup.wait.durable();
  setup.wait.needs(-1, 12345);
  await setup.wait.durable();
  const position = setup.append(0);
  setup.writers[0]!.seal();
  setup.logs.handOver(0);
  setup.logs.sync(0);
  setup.wait.needs(0, position);
  await setup.wait.durable();
  t.equal(setup.syncs, 0);
});

test('a sealed effect is handed over and synced', async (t) => {
  const setup = new Setup(t);
  const position = setup.append(1);
  setup.writers[1]!.seal();
  setup.wait.needs(1, position);
  await setup.wait.durable();
  t.equal(setup.syncs, 1);
  t.ok(setup.logs.synced(1) >= position * UNIT);
  await setup.wait.durable();
  t.equal(setup.syncs, 1, 'once');
});

test('an effect that is not sealed is waited for, in whichever order it was noted', async (t) => {
  for (const isLaterFirst of [false, true]) {
    const setup = new Setup(t);
    const first = setup.append(0);
    setup.writers[0]!.seal();
    const second = setup.append(0);
    for (const position of isLaterFirst ? [second, first] : [first, second]) {
      setup.wait.needs(0, position);
    }
    const waiting = setup.wait.durable();
    t.equal(await settled(waiting), false);
    t.equal(setup.syncs, 0);
    setup.writers[0]!.seal();
    await waiting;
    t.equal(setup.syncs, 1);
    t.ok(setup.logs.synced(0) >= second * UNIT);
  }
});

test('positions of long ago, which look like the future, are durable', async (t) => {
  const setup = new Setup(t);
  setup.append(0);
  setup.writers[0]!.seal();
  setup.logs.handOver(0);
  setup.logs.sync(0);
  const units = setup.logs.synced(0) / UNIT;
  for (const position of [(units - 2 ** 31 + 5) | 0, (units + (1 << 16) / UNIT + 1) | 0, units]) {
    setup.wait.needs(0, position);
    await setup.wait.durable();
  }
  t.pass('nothing was waited for');
});

test('a sync that fails is told, and asked for again with the effects', async (t) => {
  const setup = new Setup(t);
  const position = setup.append(0);
  setup.writers[0]!.seal();
  setup.problem = 'the disk is gone';
  setup.wait.needs(0, position);
  await t.rejects(setup.wait.durable(), /the disk is gone/);
  setup.problem = '';
  setup.wait.needs(0, position);
  await setup.wait.durable();
  t.equal(setup.syncs, 2);
  t.ok(setup.logs.synced(0) >= position * UNIT);
});

test('what a log builds on is waited for too, though the log itself is durable', async (t) => {
  const setup = new Setup(t);
  setup.needs[0] = setup.append(1);
  const position = setup.append(0);
  setup.writers[0]!.seal();
  setup.logs.handOver(0);
  setup.logs.sync(0);
  setup.wait.needs(0, position);
  const waiting = setup.wait.durable();
  t.equal(await settled(waiting), false);
  setup.writers[1]!.seal();
  await waiting;
  t.equal(setup.syncs, 1);
  t.ok(setup.logs.synced(1) >= setup.needs[0] * UNIT);
  setup.wait.needs(0, position);
  await setup.wait.durable();
  t.equal(setup.syncs, 1, 'once');
});
