// The slow log as its readers see it: order, bounds, and many threads at once.

import { test } from 'tap';
import { createSlowLogMemory, SlowLog, sealSlowCommand } from '../src/index.ts';
import { runThread } from './run-thread.ts';
import type { SlowJob } from './slow-hammer.ts';

function sealed(...words: string[]): Buffer {
  return sealSlowCommand(
    1234,
    56.75,
    words.map((word) => Buffer.from(word)),
  );
}

test('what is appended', (t) => {
  const memory = createSlowLogMemory();
  const [log, other] = [new SlowLog(memory), new SlowLog(memory)];
  t.strictSame(log.entries(-1), []);
  log.add(sealed('GET', 'a'), '127.0.0.1:1', 'me', 2);
  log.add(sealed(), '', '', 2);
  const [newest, oldest] = other.entries(10);
  t.strictSame(newest?.args, []);
  t.match(oldest, { id: 0, unixSeconds: 1234, microseconds: 56.75, address: '127.0.0.1:1' });
  t.strictSame(oldest?.args.map(String), ['GET', 'a']);
  log.add(sealed('SET'), '', '', 2);
  t.strictSame(
    other.entries(-1).map(({ id }) => id),
    [2, 1],
  );
  t.strictSame(
    other.entries(1).map(({ id }) => id),
    [2],
  );
  other.trim(1);
  t.equal(log.count, 1);
  log.reset();
  t.strictSame(other.entries(-1), []);
  log.add(sealed('GET'), '', '', 2);
  t.equal(other.entries(-1)[0]?.id, 3, 'ids go on');
  log.add(sealed('GET'), '', '', 0);
  t.equal(other.count, 0);
  t.end();
});

test('bounded by bytes', (t) => {
  const log = new SlowLog(createSlowLogMemory(8192));
  for (let i = 0; i < 1000; i++)
    log.add(sealed(`${i}`, 'x'.repeat(i % 700)), 'a'.repeat(i), '', 1e9);
  const entries = log.entries(-1);
  t.ok(entries.length > 4);
  t.strictSame(
    entries.map(({ id }) => id),
    entries.map((_, i) => 999 - i),
  );
  for (const { id, args, address } of entries) {
    t.equal(String(args[0]), `${id}`);
    t.equal(args[1]?.length, id % 700);
    t.equal(address.length, Math.min(id, 1024));
  }
  log.add(sealed('x'.repeat(5000)), '', '', 1e9);
  t.equal(log.entries(1)[0]?.id, 999, 'too long');
  t.end();
});

async function hammer(isPlanted: boolean): Promise<string[]> {
  const memory = createSlowLogMemory(16 * 1024);
  const job = (seed: number): SlowJob => ({ memory, seed, steps: 20_000, isPlanted });
  const reports = [1, 2, 3].map((seed) => runThread<string>('./slow-hammer.js', job(seed)));
  return (await Promise.all(reports)).filter((problem) => problem !== '');
}

test('many threads', async (t) => {
  t.strictSame(await hammer(false), []);
  t.not((await hammer(true)).length, 0, 'that the lock is not taken is noticed');
});
