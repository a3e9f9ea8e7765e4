/** Delta debugging finds the few items that matter, within its limits. */
import { test } from 'tap';
import { relatedCommands } from '../src/minimise-mismatch.ts';
import type { PlannedCommand } from '../src/random-commands/command-generator.ts';
import { generated } from '../src/random-commands/generated-command.ts';
import { shrinkList } from '../src/shrink-list.ts';

const items = Array.from({ length: 1000 }, (_, index) => index);
const limits = { maxTrials: 1000, deadlineMs: Infinity };

test('shrinks to what matters, in order', async (t) => {
  for (const wanted of [[500], [0, 999], [3, 4, 5], [10, 400, 700, 990]]) {
    let trials = 0;
    const fails = async (list: readonly number[]) => {
      trials++;
      return wanted.every((item) => list.includes(item));
    };
    t.same(await shrinkList(items, fails, limits), wanted);
    t.ok(trials < 300, `${trials} trials`);
  }
  t.same(await shrinkList([1], async () => true, limits), [1]);
  t.same(await shrinkList([1, 2, 3], async (list) => list.length === 3, limits), [1, 2, 3]);
});

test('stops at its limits', async (t) => {
  let trials = 0;
  const fails = async (list: readonly number[]) => {
    trials++;
    return list.includes(1) && list.includes(998);
  };
  const result = await shrinkList(items, fails, { maxTrials: 5, deadlineMs: Infinity });
  t.equal(trials, 5);
  t.ok(result.includes(1) && result.includes(998) && result.length < 1000);
  t.same(await shrinkList(items, fails, { maxTrials: 100, deadlineMs: 0 }), items);
});

test('related commands follow values from key to key', async (t) => {
  const command = (index: number, ...args: string[]): PlannedCommand => ({
    ...generated(args, { keys: args.slice(1).map((arg) => Buffer.from(arg)) }),
    index,
    connection: 0,
    group: index,
  });
  const all = [
    command(0, 'SET', 'a'),
    command(1, 'SET', 'x'),
    command(2, 'RENAME', 'a', 'b'),
    command(3, 'SELECT', '1'),
    command(4, 'GET', 'x'),
    command(5, 'GET', 'b'),
  ];
  const related = relatedCommands(all, [Buffer.from('b')]);
  t.same(
    related.map(({ index }) => index),
    [0, 2, 3, 5],
  );
});
