/** The generator: reproducible, varied, and with nothing that depends on the clock. */
import { test } from 'tap';
import { ArgumentSource, YEAR_2100 } from '../src/random-commands/argument-source.ts';
import {
  DEFAULT_FAMILIES,
  type PlannedCommand,
  planCommands,
} from '../src/random-commands/command-generator.ts';
import { generated } from '../src/random-commands/generated-command.ts';
import { allKeys } from '../src/random-commands/key-pool.ts';
import { Prng } from '../src/random-commands/prng.ts';
import { WRONG_TYPE_FAMILY } from '../src/random-commands/wrong-type-commands.ts';
import { describeCommand } from '../src/reply.ts';

const plan = (seed: number, commands: number) => [...planCommands({ seed, commands })];
const texts = (commands: readonly PlannedCommand[]) =>
  commands.map(({ args, connection }) => `${connection} ${describeCommand(args, Infinity)}`);

test('mulberry32 gives the published numbers', async (t) => {
  const prng = new Prng(0);
  t.same([prng.uint32(), prng.uint32(), prng.uint32()], [1144304738, 1416247, 958946056]);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 10_000; draw++) {
    const value = prng.between(-2, 2);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  t.same(
    [...counts.keys()].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2],
  );
  t.ok(
    [...counts.values()].every((count) => count > 1800 && count < 2200),
    'evenly spread',
  );
  t.same(prng.shuffle([1, 2, 3, 4, 5]).sort(), [1, 2, 3, 4, 5]);
  t.throws(() => prng.weighted([]));
});

test('the seed decides everything', async (t) => {
  t.same(texts(plan(7, 3000)), texts(plan(7, 3000)));
  t.same(texts(plan(7, 3000)).slice(0, 1000), texts(plan(7, 1000)).slice(0, 1000));
  t.notSame(texts(plan(7, 1000)), texts(plan(8, 1000)));
  t.same(texts(plan(2 ** 32 + 7, 100)), texts(plan(7, 100)), 'the low 32 bits count');
});

test('every recipe of every family turns up, and several connections', async (t) => {
  const families = [...DEFAULT_FAMILIES, WRONG_TYPE_FAMILY];
  const commands = [...planCommands({ seed: 1, commands: 40_000, families })];
  const labels = new Set(commands.map(({ label }) => label));
  const wanted = families.flatMap(({ recipes }) => recipes.map(({ name }) => name));
  const missing = wanted.filter((name) => !labels.has(name) && name !== 'FLUSHDB or FLUSHALL');
  t.same(missing, []);
  t.ok(labels.has('FLUSHDB') && labels.has('FLUSHALL'));
  t.same([...new Set(commands.map(({ connection }) => connection))].sort(), [0, 1, 2]);
  t.same(
    commands.map(({ index }) => index),
    commands.map((_, at) => at),
  );
});

test('skip leaves commands out, a group is never cut', async (t) => {
  const skip = ({ label }: { label: string }) => label === 'SET';
  const some = [...planCommands({ seed: 1, commands: 5000, skip })];
  t.notOk(some.some(({ label }) => label === 'SET'));
  for (let commands = 1; commands < 120; commands++) {
    if (plan(3, commands).at(-1)?.silent) t.fail(`${commands} commands end in silence`);
  }
  let isOff = false;
  for (const { args, silent } of plan(5, 20_000)) {
    const words = args.join(' ');
    if (words === 'CLIENT REPLY OFF') isOff = true;
    if (words === 'CLIENT REPLY ON') isOff = false;
    if (isOff && !silent) t.fail(`a reply is expected to ${words}`);
  }
});

test('relative times are long and never the same, absolute ones beyond them', async (t) => {
  const source = new ArgumentSource(5);
  const seen = new Set<number>();
  for (let draw = 0; draw < 200_000; draw++) seen.add(source.relativeSeconds());
  t.equal(seen.size, 200_000);
  const sorted = [...seen].sort((a, b) => a - b);
  t.ok((sorted[0] as number) >= 500);
  t.ok(sorted.every((value, at) => at === 0 || value - (sorted[at - 1] as number) >= 500));
  t.ok(Date.now() / 1000 + (sorted.at(-1) as number) < YEAR_2100);
  for (let draw = 0; draw < 1000; draw++) {
    if (source.absoluteSeconds() < YEAR_2100) t.fail('absolute time too early');
    if (source.absoluteMs() < YEAR_2100 * 1000) t.fail('absolute time too early');
  }
});

test('values and keys cover what they promise', async (t) => {
  const keys = new Set(allKeys().map((key) => key.toString('latin1')));
  t.equal(keys.size, allKeys().length, 'no key twice');
  for (const key of ['', '__proto__', '{}', 'a\0b']) t.ok(keys.has(key), JSON.stringify(key));
  const sizes = plan(2, 30_000).flatMap(({ args }) => args.map((arg) => arg.length));
  for (const size of [0, 43, 44, 45, 16_383, 16_384, 16_385, 100_000, 300_000]) {
    t.ok(sizes.includes(size), `an argument of ${size} bytes`);
  }
  t.ok(sizes.every((size) => size <= 300_000));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.ok(total / 30_000 < 1000, `small on average: ${Math.round(total / 30_000)} bytes a command`);
});

test('a generated command has sensible defaults', async (t) => {
  const command = generated(['GET', Buffer.from('k'), 5]);
  t.equal(command.label, 'GET');
  t.same(command.args.map(String), ['GET', 'k', '5']);
  t.match(command, { keys: [], comparison: { how: 'exact' }, silent: false, fixed: false });
});
