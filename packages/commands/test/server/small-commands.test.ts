// TIME, LOLWUT, SHUTDOWN, and sizes written for people.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { humanBytes, percent } from '../../src/server/info-section.ts';
import { drawForge } from '../../src/server/lolwut.ts';
import { MicroClock } from '../../src/server/time.ts';
import { FrontHarness } from '../connection/front-harness.ts';

test('TIME', async (t) => {
  const front = new FrontHarness();
  const before = Date.now();
  const reply = await front.send('TIME');
  const [, seconds, micros] =
    /^\*2\r\n\$10\r\n(\d{10})\r\n\$\d\r\n(\d{1,6})\r\n$/.exec(reply) ?? [];
  const ms = Number(seconds) * 1000 + Number(micros) / 1000;
  t.ok(ms >= before && ms < Date.now() + 1);
  t.equal(await front.send('TIME', 'x'), "-ERR wrong number of arguments for 'time' command\r\n");
});

test('a clock of microseconds stays within the milliseconds of the wall clock', (t) => {
  const random = new Random(7);
  let trueMs = 1e12;
  let stepMs = 0;
  const clock = new MicroClock(
    () => Math.floor(trueMs + stepMs),
    () => trueMs * 1.0001,
  );
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    trueMs += random.below(3000) / 1000;
    if (i === 5000) {
      stepMs = -86_400_000;
      last = 0;
    }
    const wallMs = Math.floor(trueMs + stepMs);
    const micros = clock.now();
    if (Math.floor(micros / 1000) !== wallMs) t.fail(`${micros} is not in ${wallMs}`);
    if (micros < last) t.fail(`${micros} is before ${last}`);
    last = micros;
  }
  t.end();
});

test('LOLWUT ends with the version', async (t) => {
  const front = new FrontHarness();
  const last = /\n\nRedis ver\. 7\.2\.4, ForgeKV ver\. 0\.1\.0\n\r\n$/;
  t.match(await front.send('LOLWUT'), last);
  t.match(await front.send('LOLWUT', 'VERSION', '5'), last);
  t.match(await front.send('LOLWUT', 'version', '-1', '9'), last);
  t.match(await front.send('LOLWUT', 'foo'), last);
  t.match(await front.send('LOLWUT', 'VERSION'), last);
  t.equal(
    await front.send('LOLWUT', 'VERSION', 'x'),
    '-ERR value is not an integer or out of range\r\n',
  );
  await front.send('HELLO', '3');
  t.match(await front.send('LOLWUT'), /^=\d+\r\ntxt:/);
});

test('the drawing keeps its frame', (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const lines = drawForge(new Random(seed)).split('\n');
    if (lines.length !== 15) t.fail(`${lines.length} lines`);
    if (lines.some((line) => line.length > 44)) t.fail('too wide');
    if (!lines.slice(0, 8).some((line) => line.includes('#'))) t.fail('no sparks');
  }
  t.end();
});

test('SHUTDOWN', async (t) => {
  const rows: [string[], object | null, string][] = [
    [[], { save: 'default', now: false, force: false }, ''],
    [['NOSAVE'], { save: 'nosave', now: false, force: false }, ''],
    [['save', 'NOW', 'force', 'SAVE'], { save: 'save', now: true, force: true }, ''],
    [['FOO'], null, '-ERR syntax error\r\n'],
    [['SAVE', 'NOSAVE'], null, '-ERR syntax error\r\n'],
    [['NOSAVE', 'NOW', 'FORCE', 'FOO'], null, '-ERR syntax error\r\n'],
    [['ABORT', 'NOW'], null, '-ERR syntax error\r\n'],
    [['NOW', 'ABORT'], null, '-ERR syntax error\r\n'],
    [['ABORT', 'SAVE'], null, '-ERR syntax error\r\n'],
  ];
  for (const [args, options, reply] of rows) {
    const front = new FrontHarness();
    t.equal(await front.send('SHUTDOWN', ...args), reply, args.join(' '));
    t.strictSame(front.services.calls, options === null ? [] : [['shutdown', options]]);
  }
});

test('a shutdown that fails, and one that is aborted', async (t) => {
  const front = new FrontHarness();
  t.equal(await front.send('SHUTDOWN', 'ABORT'), '-ERR No shutdown in progress.\r\n');
  front.services.shutdownRuns = true;
  t.equal(await front.send('SHUTDOWN', 'ABORT', 'abort'), '+OK\r\n');
  front.services.shutdownError = 'ERR Errors trying to SHUTDOWN. Check logs.';
  t.equal(await front.send('SHUTDOWN'), '-ERR Errors trying to SHUTDOWN. Check logs.\r\n');
});

test('sizes for people', (t) => {
  const rows: [number, string][] = [
    [0, '0B'],
    [200, '200B'],
    [1023, '1023B'],
    [1024, '1.00K'],
    [32768, '32.00K'],
    [1515752, '1.45M'],
    [25276514304, '23.54G'],
    [2 ** 50, '1.00P'],
    [2 ** 60, '1024.00P'],
  ];
  for (const [bytes, text] of rows) t.equal(humanBytes(bytes), text);
  t.equal(percent(1, 3), '33.33%');
  t.equal(percent(0, 0), '0.00%');
  t.end();
});
