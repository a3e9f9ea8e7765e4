// HyperLogLogs beside Redis: the same elements give the same estimates and the same bytes, from the
// first register to the dense form.

import { Random } from '@forgekv/base';
import { testBesideRedis } from '../support/beside-redis.ts';

type Command = (string | number | Buffer)[];

testBesideRedis('elements one by one, until it is dense', async (both) => {
  const commands: Command[] = [];
  for (let i = 0; i < 2000; i++) {
    commands.push(['PFADD', 'a', `element ${i}`], ['GET', 'a']);
    if (i % 3 === 0) commands.push(['PFCOUNT', 'a']);
  }
  await both.same(commands);
  both.report();
});

testBesideRedis('many elements', async (both) => {
  const commands: Command[] = [];
  for (let i = 0; i < 150; i++) {
    const elements = Array.from({ length: 300 }, (_, k) => `${i * 300 + k}`);
    commands.push(['PFADD', 'a', ...elements], ['PFCOUNT', 'a']);
    if (i % 50 === 0) commands.push(['GET', 'a'], ['DUMP', 'a']);
  }
  await both.same(commands);
  both.report();
});

testBesideRedis('random adds and merges', async (both) => {
  const seed = 4711;
  const random = new Random(seed);
  const key = () => `k${random.below(8)}`;
  for (let round = 0; round < 40; round++) {
    const commands: Command[] = [];
    for (let i = 0; i < 40; i++) {
      const count = random.below(random.chance(0.05) ? 900 : 12);
      const elements = Array.from({ length: count }, () =>
        Buffer.from(Uint8Array.from({ length: random.below(20) }, () => random.below(256))),
      );
      const at = key();
      commands.push(['PFADD', at, ...elements], ['GET', at]);
      if (random.chance(0.3)) commands.push(['PFCOUNT', at], ['GET', at]);
      if (random.chance(0.2)) commands.push(['PFCOUNT', key(), key(), key()]);
      if (random.chance(0.1)) commands.push(['PFMERGE', at, key(), key()], ['GET', at]);
      if (random.chance(0.03)) commands.push(['DEL', key()]);
    }
    await both.same(commands);
  }
  both.report(seed);
});

testBesideRedis('PFDEBUG of sparse and dense ones, and of others', async (both) => {
  const commands: Command[] = [['SET', 's', 'text'], ['RPUSH', 'l', 'x'], ['PFSELFTEST']];
  for (const count of [0, 1, 3, 40, 300, 3000]) {
    const key = `h${count}`;
    commands.push(['PFADD', key]);
    for (let i = 0; i < count; i++) commands.push(['PFADD', key, `element ${i}`]);
    commands.push(['PFDEBUG', 'ENCODING', key], ['pfdebug', 'decode', key], ['COPY', key, 'c']);
    commands.push(['PFDEBUG', 'TODENSE', key], ['PFDEBUG', 'todense', key], ['GET', key]);
    commands.push(
      ['PFDEBUG', 'GETREG', 'c'],
      ['PFDEBUG', 'DECODE', 'c'],
      ['GET', 'c'],
      ['DEL', 'c'],
    );
  }
  for (const key of ['none', 's', 'l', 'h3']) {
    commands.push(['PFDEBUG', 'ENCODING', key], ['PFDEBUG', 'NOSUCH', key], ['PFDEBUG', key]);
  }
  await both.same(commands);
  both.report();
});
