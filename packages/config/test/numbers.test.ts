// Numbers of redis.conf: what is taken, what is refused and in which words.

import { test } from 'tap';
import { integer, memory, memoryOrPercent, type NumberDirective, octal } from '../src/directive.ts';
import { formatNumber, parseInteger, parseMemory, parseNumber } from '../src/numbers.ts';

const MIB = 1024 * 1024;

test('integers are strict', async (t) => {
  for (const text of ['0', '1', '-1', '65535', '9007199254740991', '-9007199254740991']) {
    t.equal(parseInteger(text), Number(text), text);
  }
  const bad = ['', ' 1', '1 ', '+1', '01', '-0', '1.0', '1e3', '0x10', 'abc', '--1', '\u0661'];
  const huge = ['9223372036854775808', '-9223372036854775809', '9'.repeat(100_000)];
  for (const text of [...bad, ...huge]) t.equal(parseInteger(text), undefined, text.slice(0, 20));
});

test('memory units', async (t) => {
  const sizes: readonly (readonly [string, number])[] = [
    ['', 0],
    ['0', 0],
    ['1', 1],
    ['1b', 1],
    ['1k', 1000],
    ['1kb', 1024],
    ['1K', 1000],
    ['1Kb', 1024],
    ['2m', 2_000_000],
    ['2MB', 2 * MIB],
    ['3g', 3_000_000_000],
    ['3Gb', 3 * 1024 * MIB],
    ['007kb', 7 * 1024],
  ];
  for (const [text, bytes] of sizes) t.equal(parseMemory(text), bytes, text);
  for (const text of ['b', 'kb', '-1', '+1', '1.5gb', '1 kb', '1kib', '1t', '1bk', '1kk', '5%']) {
    t.equal(parseMemory(text), undefined, text);
  }
});

test('kinds, bounds and the words of a refusal', async (t) => {
  const port = integer('port', 0, [0, 65535]);
  const perm = octal('perm', 0, [0, 0o777]);
  const bulk = memory('bulk', MIB, [MIB, Number.MAX_SAFE_INTEGER]);
  const clients = memoryOrPercent('clients', 0, [-100, Number.MAX_SAFE_INTEGER]);
  const hz = integer('hz', 10, [0, 1000], { clamp: [1, 500] });
  const notInteger = "argument couldn't be parsed into an integer";
  const outside = 'argument must be between 0 and 65535 inclusive';
  const cases: readonly (readonly [NumberDirective, string, number | string])[] = [
    [port, '7000', 7000],
    [port, 'x', notInteger],
    [port, '-1', outside],
    [port, '65536', outside],
    [perm, '770', 0o770],
    [perm, '0700', 0o700],
    [perm, '8', "argument couldn't be parsed as an octal number"],
    [perm, '1000', 'argument must be between 0 and 777 inclusive'],
    [bulk, '2mb', 2 * MIB],
    [bulk, '1k', 'argument must be between 1048576 and 9007199254740991 inclusive'],
    [bulk, '99999999999gb', 'argument must be between 1048576 and 9007199254740991 inclusive'],
    [bulk, 'lots', 'argument must be a memory value'],
    [clients, '5%', -5],
    [clients, '0%', 0],
    [clients, '1kb', 1024],
    [clients, '101%', 'percentage argument must be less or equal to 100'],
    [clients, '-5', 'argument must be a memory or percent value'],
    [hz, '0', 1],
    [hz, '900', 500],
    [hz, '1001', 'argument must be between 0 and 1000 inclusive'],
  ];
  for (const [directive, text, expected] of cases) {
    const why = typeof expected === 'string';
    const outcome = why ? { ok: false, why: expected } : { ok: true, value: expected };
    t.same(parseNumber(directive, text), outcome, `${directive.name} ${text}`);
  }
});

test('numbers as CONFIG GET prints them', async (t) => {
  t.equal(formatNumber('integer', -2), '-2');
  t.equal(formatNumber('octal', 0o700), '700');
  t.equal(formatNumber('memory', 1024), '1024');
  t.equal(formatNumber('memory-or-percent', -5), '5%');
  t.equal(formatNumber('memory-or-percent', 5), '5');
});
