// The EXPIRE and TTL commands: units, conditions, the past, and every error.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const NX_XX = '-ERR NX and XX, GT or LT options at the same time are not compatible';
const GT_LT = '-ERR GT and LT options at the same time are not compatible';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const FAR = 4102444800;

test('EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT and what they can be asked', async (t) => {
  runTable(t, [
    ['expire a 100', 0],
    ['ttl a', -2],
    ['pttl a', -2],
    ['expiretime a', -2],
    ['pexpiretime a', -2],
    ['set a 1', '+OK'],
    ['ttl a', -1],
    ['pttl a', -1],
    ['expiretime a', -1],
    ['pexpiretime a', -1],
    ['expire a 100', 1],
    ['ttl a', 100],
    ['pttl a', 100_000],
    ['pexpire a 1499', 1],
    ['ttl a', 1],
    ['pexpire a 1500', 1],
    ['ttl a', 2],
    ['pttl a', 1500],
    [`expireat a ${FAR}`, 1],
    ['expiretime a', FAR],
    [`pexpireat a ${FAR}499`, 1],
    ['pexpiretime a', FAR * 1000 + 499],
    ['expiretime a', FAR],
    [`pexpireat a ${FAR}500`, 1],
    ['expiretime a', FAR + 1],
    ['persist a', 1],
    ['persist a', 0],
    ['ttl a', -1],
    ['persist none', 0],
  ]);
});

test('a time in the past removes the key', async (t) => {
  for (const command of ['expire a 0', 'expire a -1', 'pexpire a -5', 'expireat a 1']) {
    runTable(t, [
      [['set', 'a', 'x'.repeat(100)], '+OK'],
      [command, 1],
      ['exists a', 0],
      ['dbsize', 0],
      [command, 0],
    ]);
  }
  runTable(t, [
    ['set a 1', '+OK'],
    ['pexpireat a -9223372036854775808', 1],
    ['exists a', 0],
    ['set a 1', '+OK'],
    ['expireat a 0', 1],
    ['exists a', 0],
  ]);
});

test('keys expire to the millisecond', async (t) => {
  for (const hotValueMaxBytes of [1000, 10]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('set', 'a', 'x'.repeat(100));
    db.run('pexpire', 'a', 10);
    db.nowMs += 9;
    t.equal(db.run('exists', 'a'), 1);
    t.equal(db.run('pttl', 'a'), 1);
    db.nowMs += 1;
    for (const command of ['exists', 'ttl', 'type', 'get', 'strlen', 'persist']) {
      t.ok([0, -2, '+none', null].includes(db.run(command, 'a') as null), command);
    }
    t.equal(db.stat('expiredKeys'), 1);
    db.audit();
  }
});

test('NX, XX, GT and LT', async (t) => {
  const rows: [string, number][] = [
    ['expire a 100 xx', 0],
    ['expire a 100 gt', 0],
    ['expire a 100 nx', 1],
    ['expire a 200 NX', 0],
    ['expire a 200 xx', 1],
    ['expire a 100 gt', 0],
    ['expire a 200 gt', 0],
    ['expire a 300 gt', 1],
    ['expire a 300 lt', 0],
    ['expire a 400 lt', 0],
    ['expire a 100 lt', 1],
    ['expire a 300 gt gt xx', 1],
    ['expire a 100 xx lt', 1],
    [`pexpireat a ${FAR}000 gt`, 1],
    [`expireat a ${FAR} lt`, 0],
    ['persist a', 1],
    ['expire a 100 xx lt', 0],
    ['expire a 100 lt', 1],
    ['expire a -1 gt', 0],
    ['expire a -1 nx', 0],
    ['expire a -1 lt', 1],
    ['exists a', 0],
  ];
  runTable(t, [['set a 1', '+OK'], ...rows]);
});

test('EXPIRE refuses', async (t) => {
  for (const [command, unit] of [
    ['expire', 1000],
    ['pexpire', 1],
    ['expireat', 1000],
    ['pexpireat', 1],
  ] as const) {
    const invalid = `-ERR invalid expire time in '${command}' command`;
    const isAbsoluteMs = command === 'pexpireat';
    runTable(t, [
      ['set a 1', '+OK'],
      [`${command} a x`, NOT_INTEGER],
      [`${command} a 1.5`, NOT_INTEGER],
      [`${command} a 9223372036854775808`, NOT_INTEGER],
      [`${command} none x`, NOT_INTEGER],
      [`${command} a 100 foo`, '-ERR Unsupported option foo'],
      [`${command} a x foo`, '-ERR Unsupported option foo'],
      [[command, 'a', '100', ''], '-ERR Unsupported option '],
      [[command, 'a', '100', 'a\r\nb\r\n'], '-ERR Unsupported option a  b'],
      [`${command} a 100 nx xx`, NX_XX],
      [`${command} a 100 gt nx`, NX_XX],
      [`${command} a 100 nx gt lt`, NX_XX],
      [`${command} a 100 gt lt`, GT_LT],
      [`${command} a x gt lt`, GT_LT],
      ['ttl a', -1],
      [`${command} a 9223372036854775807`, isAbsoluteMs ? 1 : invalid],
      ...(unit === 1000 ? [[`${command} a -9223372036854775807`, invalid] as const] : []),
      [`${command} a`, `-ERR wrong number of arguments for '${command}' command`],
    ]);
  }
});

test('times beyond the year 287396 are rounded, never wrong by more', async (t) => {
  runTable(t, [
    ['set a 1', '+OK'],
    ['pexpireat a 9007199254740000', 1],
    ['pexpiretime a', 9007199254740000],
    ['expireat a 9223372036854775', 1],
    ['expiretime a', 9223372036854775n],
    ['pexpiretime a', 9223372036854775000n],
    ['pexpireat a 9223372036854775807', 1],
    ['pexpiretime a', 9223372036854775807n],
    ['expiretime a', 9223372036854776n],
  ]);
  const db = createTestDatabase();
  db.nowMs = 1_700_000_000_000;
  db.run('set', 'a', '1');
  db.run('expireat', 'a', '9223372036854775');
  t.equal(db.run('pttl', 'a'), 9223370336854775000n);
  t.equal(db.run('ttl', 'a'), 9223370336854775n);
});

test('expiry of keys of every type', async (t) => {
  runTable(t, [
    (db) => db.plant('l', 2, Buffer.from('x'.repeat(100))),
    ['expire l 100', 1],
    ['ttl l', 100],
    ['persist l', 1],
    ['pexpire l -1', 1],
    ['exists l', 0],
  ]);
});
