// client-output-buffer-limit: merging by class, reading as numbers.

import { test } from 'tap';
import { mergeOutputBufferLimits, readOutputBufferLimits } from '../src/output-buffer-limits.ts';

const STORED = 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60';

function merge(words: string): string {
  const outcome = mergeOutputBufferLimits(words === '' ? [] : words.split(' '), STORED.split(' '));
  return outcome.ok ? outcome.value.join(' ') : outcome.why;
}

test('only the classes named are replaced', async (t) => {
  t.equal(merge(''), STORED);
  t.equal(merge('normal 1mb 2kb 3'), STORED.replace('normal 0 0 0', 'normal 1048576 2048 3'));
  const replica = STORED.replace('slave 268435456 67108864 60', 'slave 1 2 3');
  t.equal(merge('replica 1 2 3'), replica);
  t.equal(merge('SLAVE 1 2 3'), replica);
  t.equal(
    merge('normal 9 9 9 pubsub 1 2 3 normal 4 5 6'),
    'normal 4 5 6 slave 268435456 67108864 60 pubsub 1 2 3',
  );
});

test('refusals', async (t) => {
  const count = 'Wrong number of arguments in buffer limit configuration.';
  const who = 'Invalid client class specified in buffer limit configuration.';
  const number = 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';
  for (const words of ['normal', 'normal 1 2', 'normal  1 2 3'])
    t.equal(merge(words), count, words);
  for (const words of ['master 0 0 0', '__proto__ 0 0 0']) t.equal(merge(words), who, words);
  const numbers = [
    'x 0 0',
    '0 x 0',
    '0 0 x',
    '-1 0 0',
    '0 0 -1',
    '0 0 2147483648',
    '99999999gb 0 0',
  ];
  for (const words of numbers) t.equal(merge(`normal ${words}`), number, words);
});

test('as numbers', async (t) => {
  t.same(readOutputBufferLimits(STORED.split(' ')), {
    normal: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
    replica: { hardBytes: 268435456, softBytes: 67108864, softSeconds: 60 },
    pubsub: { hardBytes: 33554432, softBytes: 8388608, softSeconds: 60 },
  });
});
