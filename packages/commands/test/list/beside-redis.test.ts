// Random commands on lists, the same to a real redis-server, at all kinds of thresholds; and lists
// that go there and back as payloads.

import { Random } from '@forgekv/base';
import type { CommandArg } from '@forgekv/testkit';
import { t as file } from 'tap';
import { type BesideRedis, testBesideRedis } from '../support/beside-redis.ts';
import { RandomLists } from './random-lists.ts';

const SEED = Number(process.env.FORGEKV_LISTS_SEED ?? 4242);
const COMMANDS = Number(process.env.FORGEKV_LISTS_COMMANDS ?? 4000);

file.setTimeout(120_000);

function limit(both: BesideRedis, listSize: number): void {
  both.db.front.limits.listSize = listSize;
  both.db.worker.limits.listSize = listSize;
}

for (const [listSize, hotValueMaxBytes, longest] of [
  [-2, 16_384, 9000],
  [-1, 1000, 3000],
  [-5, 16_384, 9000],
  [6, 16_384, 300],
  [1, 64, 300],
  [40, 200, 65],
] as const) {
  const name = `list-max-listpack-size ${listSize}, up to ${hotValueMaxBytes} bytes hot`;
  testBesideRedis(
    name,
    async (both) => {
      const random = new Random(SEED + listSize);
      const lists = new RandomLists(random, longest);
      limit(both, listSize);
      await both.same([['SET', 'string', 'text']]);
      for (let done = 0; done < COMMANDS; done += 100) {
        const commands: CommandArg[][] = Array.from({ length: 100 }, () => lists.command());
        commands.push(...['k0', 'k1', 'k2', 'k3'].map((key) => ['LRANGE', key, '0', '-1']));
        await both.same(commands);
      }
      both.report(SEED);
    },
    { hotValueMaxBytes },
  );
}

testBesideRedis('payloads there and back', async (both, t) => {
  const random = new Random(SEED);
  const lists = new RandomLists(random, 9000);
  let compared = 0;
  for (let round = 0; round < 60; round++) {
    const count = 1 + random.below(round % 6 === 0 ? 3000 : 30);
    const elements = Array.from({ length: count }, () => lists.element());
    await both.same([
      ['DEL', 'k', 'theirs', 'ours'],
      ['RPUSH', 'k', ...elements],
    ]);
    const theirs = await both.redis.command('DUMP', 'k');
    const ours = both.db.reply('DUMP', 'k');
    if (theirs.kind !== 'bulk' || ours.kind !== 'bulk') {
      throw new Error(`no payload: ${theirs.kind} ${JSON.stringify(ours)}`);
    }
    const bytes = elements.map((one) => String(one).length);
    if (bytes.reduce((sum, one) => sum + one, 0) < 4000) {
      t.ok(ours.bytes.equals(theirs.bytes), 'a short list has the same payload');
    }
    await both.same([
      ['RESTORE', 'theirs', 0, theirs.bytes],
      ['RESTORE', 'ours', 0, ours.bytes],
      ['LRANGE', 'theirs', 0, -1],
      ['LRANGE', 'ours', 0, -1],
    ]);
    compared++;
  }
  t.pass(`${compared} lists, seed ${SEED}`);
  both.report(SEED);
});
