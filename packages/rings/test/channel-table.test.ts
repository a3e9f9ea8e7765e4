// The table of channels: against a model, as seen by two fronts and a worker, and with threads
// that join and leave the same names at once.

import { KeyHasher, Random } from '@forgekv/base';
import { test } from 'tap';
import {
  CHANNEL,
  type ChannelKind,
  ChannelTable,
  createChannelMemory,
  PATTERN,
  SHARD_CHANNEL,
} from '../src/channel-table.ts';
import type { ChannelJob, ChannelReport } from './channel-hammer.ts';
import { runThread } from './run-thread.ts';

const SHAPE = { threads: 3, fronts: 2 };
const KINDS = [CHANNEL, PATTERN, SHARD_CHANNEL] as const;

function tables(bytes = 256 * 1024): ChannelTable[] {
  const memory = createChannelMemory(SHAPE, bytes);
  return [0, 1, 2].map((self) => new ChannelTable(memory, SHAPE, self, new KeyHasher(1, 2)));
}

function namesOf(table: ChannelTable, kind: ChannelKind): string[] {
  const names: string[] = [];
  table.eachName(kind, (name) => names.push(name.toString('latin1')));
  return names.sort();
}

test('counts are known to everybody at once', async (t) => {
  const [one, two, worker] = tables() as [ChannelTable, ChannelTable, ChannelTable];
  const name = Buffer.from('news');
  t.equal(worker.count(name, CHANNEL), 0);
  const first = one.join(CHANNEL, name, true);
  t.ok(first > 0);
  t.equal(two.join(CHANNEL, name, true), first + 1);
  one.join(PATTERN, Buffer.from('n*'), true);
  one.join(SHARD_CHANNEL, name, true);
  t.equal(worker.count(name, CHANNEL), 3);
  t.strictSame([worker.isFor(0), worker.isFor(1), worker.version], [true, true, first + 4]);
  t.equal(two.count(name, SHARD_CHANNEL), 1, 'sharded: no patterns, no ordinary channels');
  t.strictSame([two.isFor(0), two.isFor(1)], [true, false]);
  t.strictSame([one.sent(2, 0), one.sent(2, 1)], [1, 1], 'the worker has one for each front');
  t.strictSame([one.sent(1, 0), one.sent(1, 1)], [1, 0], 'nobody sends to himself');
  one.leave(CHANNEL, name, true);
  t.equal(worker.count(name, CHANNEL), 2);
  t.strictSame([worker.isFor(0), worker.isFor(1)], [true, true]);
  one.leave(PATTERN, Buffer.from('n*'), true);
  t.equal(worker.count(name, CHANNEL), 1);
  t.strictSame([worker.isFor(0), worker.isFor(1)], [false, true]);
  t.strictSame([one.names(CHANNEL), one.names(PATTERN), one.names(SHARD_CHANNEL)], [1, 0, 1]);
});

test('a full table refuses, and what left makes room', async (t) => {
  const [one, two] = tables(64 * 100) as [ChannelTable, ChannelTable];
  const long = (i: number): Buffer => Buffer.from(`${'x'.repeat(300)}${i}`);
  let joined = 0;
  while (one.join(CHANNEL, long(joined), true) >= 0) joined++;
  t.equal(joined, 16, 'six chunks each, of 100');
  t.equal(one.names(CHANNEL), joined);
  t.equal(two.listeners(CHANNEL, long(joined)), 0);
  t.ok(two.join(CHANNEL, Buffer.from('short'), true) > 0, 'what was taken in vain was given back');
  for (let i = 0; i < joined; i++) one.leave(CHANNEL, long(i), true);
  for (let i = 0; i < joined; i++) t.ok(one.join(CHANNEL, long(i + 100), true) > 0);
  t.equal(two.listeners(CHANNEL, long(100)), 1);
});

test('against a model', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const all = tables();
  // Of any length around the ends of chunks, in any bytes, beginning alike.
  const names = Array.from({ length: 60 }, (_, i) => {
    const name = Buffer.alloc([0, 1, 31, 32, 33, 91, 92, 93, 152, 153, 700][i % 11]!, 'ab');
    return i < 11 ? name : Buffer.concat([name, Buffer.from([i, random.below(256)])]);
  });
  const patterns = ['*', 'a*', '*b', '?', 'ab*', '[^a]*', 'abab'].map((text) => Buffer.from(text));
  /** Listeners per front, by kind and name. */
  const model = new Map<string, [number, number]>();
  const key = (kind: number, name: Buffer): string => `${kind}:${name.toString('latin1')}`;
  const { globMatch } = await import('@forgekv/base');
  let version = 0;
  let checked = 0;
  for (let step = 0; step < 20_000; step++) {
    const kind = KINDS[random.below(3)]!;
    const from = kind === PATTERN ? patterns : names;
    const name = from[random.below(from.length)]!;
    const front = random.below(2);
    const counts = model.get(key(kind, name)) ?? [0, 0];
    const table = all[front]!;
    if (random.chance(0.4)) {
      const joined = table.join(kind, name, counts[front] === 0);
      if (joined !== ++version) t.fail(`joined at ${joined}, not ${version}`);
      counts[front]!++;
      model.set(key(kind, name), counts);
    } else if (random.chance(0.6) && counts[front]! > 0) {
      counts[front]!--;
      version++;
      table.leave(kind, name, counts[front] === 0);
      if (counts[0] + counts[1] === 0) model.delete(key(kind, name));
    } else {
      const channel = names[random.below(names.length)]!;
      const isSharded = random.chance(0.2);
      const publisher = all[random.below(3)]!;
      const sum: [number, number] = [0, 0];
      for (const [known, [a, b]] of model) {
        const fits =
          known === key(isSharded ? SHARD_CHANNEL : CHANNEL, channel) ||
          (!isSharded &&
            known.startsWith(`${PATTERN}:`) &&
            globMatch(Buffer.from(known.slice(2), 'latin1'), channel, false));
        if (!fits) continue;
        sum[0] += a;
        sum[1] += b;
      }
      const found = publisher.count(channel, isSharded ? SHARD_CHANNEL : CHANNEL);
      if (found > 0 && publisher.version !== ++version) t.fail('a message has its own version');
      const fronts = [publisher.isFor(0), publisher.isFor(1)];
      if (found !== sum[0] + sum[1] || fronts[0] !== sum[0] > 0 || fronts[1] !== sum[1] > 0) {
        t.fail(`step ${step}: ${found} on ${fronts}, not ${sum}`);
        return;
      }
      checked++;
    }
  }
  for (const kind of KINDS) {
    const expected = [...model.keys()].filter((known) => known.startsWith(`${kind}:`));
    t.strictSame(
      namesOf(all[2]!, kind),
      expected.map((known) => known.slice(2)).sort(),
      'the names',
    );
    t.equal(all[0]!.names(kind), expected.length);
  }
  t.ok(checked > 2000, `${checked} counts`);
});

test('threads at once', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const shape = { threads: 4, fronts: 3 };
  const memory = createChannelMemory(shape, 64 * 400);
  const run = (self: number): Promise<ChannelReport> => {
    const job: ChannelJob = { memory, shape, self, seed: seed + self, steps: 30_000 };
    return runThread<ChannelReport>('./channel-hammer.js', job);
  };
  const reports = await Promise.all([0, 1, 2, 3].map(run));
  t.strictSame(
    reports.map(({ problem }) => problem),
    ['', '', '', ''],
  );
  const table = new ChannelTable(memory, shape, 0, new KeyHasher(1, 2));
  t.strictSame(
    KINDS.map((kind) => table.names(kind)),
    [0, 0, 0],
    'nobody is left',
  );
  let room = 0;
  while (table.join(CHANNEL, Buffer.from(`room ${room}`), true) >= 0) room++;
  t.equal(room, 400, 'no chunk is lost');
});
