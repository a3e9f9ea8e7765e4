// Commands that need room for many keys at once, in a hot table that holds a part of the data: what
// is made free for one key is not enough for them, and they must not try again for ever.

import { Prng } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

const VALUES = 24_000;
const VALUE_BYTES = 900;
const ROUNDS = 15;
const MOST_KEYS = 24;
const PATIENCE_MS = 10_000;

test('MSET and blocks of many keys of all sizes, beside more data than memory', async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const server = await serve(t, { fronts: 1, workers: 2, args: ['--memtable-size-mb', '8'] });
  const filler = await connect(t, server);
  const fill = async (from: number, count: number): Promise<void> => {
    const commands = Array.from({ length: count }, (_, i) => {
      return ['SET', `fill:${from + i}`, `${from + i}`.padEnd(VALUE_BYTES)];
    });
    for (let at = 0; at < count; at += 500) await filler.pipeline(commands.slice(at, at + 500));
  };
  await fill(0, VALUES);
  const client = await connect(t, server, { timeoutMs: PATIENCE_MS });
  for (let round = 0; round < ROUNDS; round++) {
    const count = prng.between(2, MOST_KEYS + 1);
    const value = (): string => 'v'.repeat(prng.between(1, 2 ** prng.between(3, 11)));
    const pairs = Array.from({ length: count }, (_, i) => [`many:${round}:${i}`, value()]);
    const isBlock = prng.chance(0.3);
    const sets = pairs.map(([key, text]) => ['SET', key!, text!]);
    const block = [['MULTI'], ...sets, ['EXEC']];
    const replies = await client.pipeline(isBlock ? block : [['MSET', ...pairs.flat()]]);
    for (const { kind } of replies) if (kind === 'error') t.fail(`${kind} in round ${round}`);
    const read = await client.must('MGET', ...pairs.map(([key]) => key!));
    const lengths = read.kind === 'array' ? read.items : [];
    const isRight = lengths.every(
      (item, i) => item.kind === 'bulk' && item.bytes.toString() === pairs[i]![1],
    );
    t.ok(isRight && lengths.length === count, `${count} keys`);
    await fill(prng.below(VALUES), 300);
  }
});
