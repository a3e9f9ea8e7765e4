// The use clock's word: times, and counters that rise and fall as in Redis.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { lastUse, UseFrequency } from '../src/use-frequency.ts';

function counting(logFactor = 10, decayMinutes = 1, seed = 1): UseFrequency {
  const frequency = new UseFrequency(new Random(seed));
  frequency.logFactor = logFactor;
  frequency.decayMinutes = decayMinutes;
  return frequency;
}

test('a new entry begins at 5 and does not count its making', async (t) => {
  const frequency = counting();
  const word = frequency.used(0, 100);
  t.equal(frequency.count(word, 100), 5);
  t.equal(lastUse(word, Date.now() - 100_500), 100);
});

test('with a factor of 0 every access counts, up to 255', async (t) => {
  const frequency = counting(0);
  let word = 0;
  for (let i = 0; i < 400; i++) word = frequency.used(word, 7);
  t.equal(frequency.count(word, 7), 255);
});

test('the counter is logarithmic: what redis.conf says of it', async (t) => {
  // Hits, and the counters for factors of 1, 10 and 100, give or take the luck of the draw.
  for (const [factor, hits, expected, within] of [
    [1, 1000, 49, 12],
    [10, 100, 10, 3],
    [10, 1000, 18, 5],
    [10, 100_000, 142, 16],
    [100, 1000, 11, 4],
    [100, 100_000, 49, 12],
  ] as const) {
    const frequency = counting(factor);
    let word = 0;
    for (let i = 0; i < hits; i++) word = frequency.used(word, 1);
    const count = frequency.count(word, 1);
    t.ok(Math.abs(count - expected) <= within, `${count} after ${hits} with ${factor}`);
  }
});

test('counters fall by one in each decay time', async (t) => {
  const frequency = counting(0, 1);
  const word = frequency.word(100, 0);
  t.equal(frequency.count(word, 59), 100);
  t.equal(frequency.count(word, 60), 99);
  t.equal(frequency.count(word, 60 * 99), 1);
  t.equal(frequency.count(word, 60 * 500), 0);
  frequency.decayMinutes = 10;
  t.equal(frequency.count(word, 60 * 99), 91);
  frequency.decayMinutes = 0;
  t.equal(frequency.count(word, 60 * 500), 100);
});

test('words of either form are understood under any policy', async (t) => {
  const frequency = counting();
  t.equal(frequency.count(50, 55), 5, 'a time');
  t.equal(frequency.count(50, 50 + 120), 3);
  t.equal(lastUse(1234, 0), 1234);
  t.equal(lastUse(-5000, 0), -5000, 'RESTORE may say that it was before the start');
  t.equal(frequency.count(-5000, 10), 0);
  const days = 24 * 3600;
  for (const seconds of [0, 1, 47 * days, 49 * days, 400 * days]) {
    const word = frequency.word(9, seconds);
    t.equal(lastUse(word, Date.now() - (seconds + 10) * 1000 - 500), seconds, `${seconds}`);
    t.equal(frequency.count(word, seconds), 9);
  }
  t.equal(frequency.count(frequency.word(9, 100), 99), 9, 'another thread is a second ahead');
});
