/**
 * The differential test against itself: real Redis agrees with real Redis on every reply, and the
 * canaries, servers with a planted bug, are caught.
 *
 * FORGEKV_DIFF_COMMANDS and FORGEKV_DIFF_SEED make it longer or different.
 */
import { type Test, test } from 'tap';
import { type DifferentialOptions, type Mismatch, runDifferential } from '../src/differential.ts';
import {
  formatCounts,
  formatMismatch,
  formatResult,
  totalCounts,
} from '../src/differential-report.ts';
import { KNOWN_DIFFERENCES } from '../src/known-differences.ts';
import { DEFAULT_FAMILIES } from '../src/random-commands/command-generator.ts';
import { generated } from '../src/random-commands/generated-command.ts';
import { WRONG_TYPE_FAMILY } from '../src/random-commands/wrong-type-commands.ts';
import { type ServerHandle, skipWithoutRedis, startRedis } from '../src/server-process.ts';
import { tamperWith } from './tampering-proxy.ts';

const skip = skipWithoutRedis();
const commands = Number(process.env.FORGEKV_DIFF_COMMANDS ?? 25_000);
const seed = Number(process.env.FORGEKV_DIFF_SEED ?? 20_260_101);

async function twoServers(t: Test): Promise<[ServerHandle, ServerHandle]> {
  const left = await startRedis();
  t.teardown(() => left.stop());
  const right = await startRedis();
  t.teardown(() => right.stop());
  return [left, right];
}

/** Runs against a right server whose requests are tampered with; returns the first mismatch. */
async function caught(
  t: Test,
  find: string,
  replacement: string,
  options: Partial<DifferentialOptions> = {},
): Promise<Mismatch> {
  const [left, right] = await twoServers(t);
  const port = await tamperWith(t, right.port, find, replacement);
  const plan = { seed, commands: 5000, ...options };
  const result = await runDifferential({ left: { port: left.port }, right: { port }, ...plan });
  t.equal(result.aborted, undefined);
  t.equal(result.mismatches.length, 1);
  return result.mismatches[0] as Mismatch;
}

/** Labels whose replies are all errors, by design. */
const ALWAYS_REFUSED = ['(unknown)', 'CLIENT (wrong)', 'OBJECT (wrong)', 'SCAN (wrong)'];

for (const resp of [2, 3] as const) {
  test(`Redis agrees with Redis in RESP${resp}`, { skip }, async (t) => {
    const [left, right] = await twoServers(t);
    const ends = { left: { port: left.port }, right: { port: right.port } };
    const result = await runDifferential({ ...ends, seed, commands, resp, known: [] });
    t.comment(formatCounts(result.counts));
    t.same(result.mismatches, [], formatResult(result));
    t.ok(result.ok, result.aborted ?? 'ran to its end');
    const total = totalCounts(result.counts);
    const replies = total.ok + total.nil + total.error;
    t.ok(total.error / replies < 0.3, `${total.error} errors in ${replies} replies`);
    const lame = [...result.counts].filter(([, { ok }]) => ok === 0).map(([label]) => label);
    t.same(lame.sort(), ALWAYS_REFUSED, 'every other command succeeds at times');
  });
}

test('Redis agrees with Redis on keys of several types, unpipelined', { skip }, async (t) => {
  const [left, right] = await twoServers(t);
  const ends = { left: { port: left.port }, right: { port: right.port } };
  const families = [...DEFAULT_FAMILIES, WRONG_TYPE_FAMILY];
  const plan = { seed, commands: 5000, families, pipeline: 1, connections: 5 };
  const result = await runDifferential({ ...ends, ...plan, known: [] });
  t.same(result.mismatches, [], formatResult(result));
});

test('canary: a wrong reply is found and made small', { skip }, async (t) => {
  // In a transaction it would be seen in what EXEC answers.
  const families = DEFAULT_FAMILIES.filter(({ name }) => name !== 'transaction');
  const mismatch = await caught(t, '\r\nDECRBY\r\n', '\r\nINCRBY\r\n', { families });
  t.match(mismatch, { kind: 'reply', seed, command: { label: 'DECRBY' } });
  t.ok((mismatch.minimal?.length ?? 99) <= 2, 'at most two commands are needed');
  t.equal(mismatch.minimal?.at(-1)?.index, mismatch.index);
  const text = formatMismatch(mismatch);
  t.match(text, `seed ${seed}`);
  t.match(text, /command +#\d+ on connection \d: DECRBY/);
});

test('canary: a wrong state is found though all replies agree', { skip }, async (t) => {
  const recipes = [
    {
      name: 'SETEX',
      weight: 1,
      make: ({ prng }: { prng: { below(bound: number): number } }) => {
        const key = Buffer.from(`k${prng.below(50)}`);
        return generated(['SET', key, `v${70 + prng.below(10)}`], { keys: [key] });
      },
    },
  ];
  const families = [{ ...DEFAULT_FAMILIES[0], name: 'only SET', recipes }];
  const mismatch = await caught(t, '\r\nv77\r\n', '\r\nv78\r\n', { families, commands: 3000 });
  t.match(mismatch, { kind: 'state', difference: /GET: expected "v77", got "v78"/ });
  t.equal(mismatch.minimal?.length, 1);
});

test('canary: a server that dies is a mismatch, not a hang', { skip }, async (t) => {
  const [left, right] = await twoServers(t);
  const ends = { left: { port: left.port }, right: { port: right.port } };
  const timer = setTimeout(() => void right.kill9(), 200);
  t.teardown(() => clearTimeout(timer));
  const plan = { seed, commands: 10_000_000 };
  const result = await runDifferential({ ...ends, ...plan });
  t.notOk(result.ok);
  t.match(result.mismatches[0], { difference: /right server: connection closed/ });
  t.ok(result.commands < 10_000_000);
  const again = await runDifferential({ ...ends, ...plan }).catch((error: Error) => error);
  t.match(again, { message: /cannot connect/ });
});

test('several mismatches in one run, each from empty servers', { skip }, async (t) => {
  const [left, right] = await twoServers(t);
  const port = await tamperWith(t, right.port, '\r\nSTRLEN\r\n', '\r\nEXISTS\r\n');
  const plan = { seed, commands: 5000, maxMismatches: 3, minimise: false as const };
  const result = await runDifferential({ left: { port: left.port }, right: { port }, ...plan });
  t.equal(result.mismatches.length, 3);
  t.ok(result.mismatches.every(({ command }) => command?.label === 'STRLEN'));
  const indexes = result.mismatches.map(({ index }) => index);
  t.same(
    indexes,
    [...new Set(indexes)].sort((a, b) => a - b),
  );
  const skipped = await runDifferential({
    left: { port: left.port },
    right: { port },
    ...plan,
    // Scripts call it, too.
    skip: ({ args }) => args.some((arg) => String(arg) === 'STRLEN'),
  });
  t.same(skipped.mismatches, []);
});

test('the known differences are few, explained, and narrow', async (t) => {
  t.ok(KNOWN_DIFFERENCES.length <= 8);
  const bulk = (text: string) => ({ kind: 'bulk', bytes: Buffer.from(text) }) as const;
  const covers = (label: string, oracle: string, subject: string) =>
    KNOWN_DIFFERENCES.some((one) => one.covers(label, bulk(oracle), bulk(subject)));
  t.ok(covers('OBJECT ENCODING', 'quicklist', 'listpack'));
  t.notOk(covers('OBJECT ENCODING', 'listpack', 'quicklist'));
  t.notOk(covers('GET', 'quicklist', 'listpack'));
  t.notOk(covers('OBJECT ENCODING', 'embstr', 'raw'));
});
