// Random commands on streams, the same to a real redis-server, with nodes of several sizes; and
// streams that go there and back as payloads.

import { Random } from '@forgekv/base';
import { type CommandArg, compareReplies } from '@forgekv/testkit';
import { t as file, type Test } from 'tap';
import { type BesideRedis, testBesideRedis } from '../support/beside-redis.ts';
import { masked, RandomStreams } from './random-streams.ts';

const SEED = Number(process.env.FORGEKV_STREAMS_SEED ?? 4242);
const COMMANDS = Number(process.env.FORGEKV_STREAMS_COMMANDS ?? 2000);
const MOST_REPORTED = 5;
const BATCH = 100;

file.setTimeout(120_000);

async function limit(both: BesideRedis, bytes: number, entries: number): Promise<void> {
  for (const { limits } of [both.db.front, both.db.worker]) limits.streamNode = { bytes, entries };
  await both.redis.pipeline([
    ['CONFIG', 'SET', 'stream-node-max-bytes', String(bytes)],
    ['CONFIG', 'SET', 'stream-node-max-entries', String(entries)],
  ]);
}

async function compare(t: Test, both: BesideRedis, commands: CommandArg[][]): Promise<number> {
  let differences = 0;
  both.db.nowMs = Date.now();
  const expected = await both.redis.pipeline(commands);
  for (const [i, command] of commands.entries()) {
    const left = masked(command, expected[i]!);
    const difference = compareReplies(left, masked(command, both.db.reply(...command)));
    if (difference === undefined) continue;
    const shown = command.map((arg) => JSON.stringify(String(arg)).slice(0, 60)).join(' ');
    if (++differences <= MOST_REPORTED) t.fail(`${shown}: ${difference}`);
  }
  return differences;
}

const ALL = ['k0', 'k1', 'k2'].flatMap((key): CommandArg[][] => [
  ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
  ['XINFO', 'GROUPS', key],
]);

for (const [bytes, entries, resp3] of [
  [4096, 100, false],
  [100, 0, true],
  [0, 3, false],
  [4096, 10, true],
] as const) {
  testBesideRedis(`nodes of ${bytes} bytes, ${entries} entries`, async (both, t) => {
    await limit(both, bytes, entries);
    if (resp3) await both.redis.hello3();
    both.db.resp3 = resp3;
    const random = new Random(SEED + entries);
    const streams = new RandomStreams(random);
    let differences = await compare(t, both, [['SET', 'string', 'text']]);
    for (let done = 0; done < COMMANDS && differences === 0; done += BATCH) {
      const commands = Array.from({ length: BATCH }, () => streams.command());
      differences += await compare(t, both, [...commands, ...ALL]);
    }
    t.equal(differences, 0, `${COMMANDS} commands, seed ${SEED}`);
    both.db.audit();
  });
}
