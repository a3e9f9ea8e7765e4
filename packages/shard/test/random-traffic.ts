// Random commands for a test worker: strings of all sizes, times, removals, flushed and swapped
// databases, keys that go cold. Checks nothing itself.

import type { Random } from '@forgekv/base';
import type { TestWorker } from './test-worker.ts';

const KEYS = 40;
const DATABASES = 2;

/** Bytes that look like nothing else. */
export function randomValue(random: Random): Buffer {
  const draw = random.below(100);
  let length = random.below(30);
  if (draw >= 60) length = 100 + random.below(290);
  if (draw >= 85) length = 401 + random.below(2000);
  if (draw >= 98) length = 131_000 + random.below(150_000);
  return Buffer.alloc(length, `${random.uint32()}.`);
}

/** Runs one random command. */
export function randomCommand(worker: TestWorker, random: Random): void {
  const db = random.below(DATABASES);
  const key = (): string => `key:${random.below(KEYS)}`;
  const run = (...args: (string | Buffer)[]): void => void worker.runIn(db, ...args);
  const draw = random.below(100);
  if (draw < 30) run('set', key(), randomValue(random));
  else if (draw < 36) run('append', key(), randomValue(random));
  else if (draw < 42) run('incr', `count:${random.below(5)}`);
  else if (draw < 54) run('del', key());
  else if (draw < 62) run('pexpireat', key(), `${worker.nowMs + random.below(4000)}`);
  else if (draw < 65) run('persist', key());
  else if (draw < 70) run('rename', key(), key());
  else if (draw < 74) run('copy', key(), key(), 'replace');
  else if (draw < 78) run('mset', key(), randomValue(random), key(), randomValue(random));
  else if (draw < 84) run('setrange', key(), `${random.below(600)}`, 'xyz');
  else if (draw < 90) run('get', key());
  else if (draw < 92) run('getdel', key());
  else if (draw < 93) run('set', key(), randomValue(random), 'px', '3000');
  else if (draw < 94) run('flushdb');
  else if (draw < 95) run('swapdb', '0', '1');
  else if (draw < 98) worker.nowMs += random.below(300);
  else worker.evictAll();
}
