// Times of fields: the commands about them, and that a field which has expired is as if it were not
// there, for every command, on every kind of storage.

import { Random } from '@forgekv/base';
import { type Test, test } from 'tap';
import { createTestDatabase, type Plain, type TestDatabase } from '../harness.ts';
import { type Row, runTable, split } from '../support/run-table.ts';

const SEED = Number(process.env.FORGEKV_HASH_SEED ?? Date.now() & 0x7fffffff);
const NOW_MS = 1_700_000_000_000;
const NOW_S = NOW_MS / 1000;
const FORMS = [16_384, 64, 4];

const NO_FIELDS = '-ERR Mandatory argument FIELDS is missing or not at the right position';
const COUNT_DIFFERS = '-ERR The `numfields` parameter must match the number of arguments';
const TOO_FEW = '-ERR Parameter `numFields` should be greater than 0';
const NOT_POSITIVE = '-ERR Number of fields must be a positive integer';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = '-ERR value is not an integer or out of range';

const start = (db: TestDatabase) => {
  db.nowMs = NOW_MS;
};
const later = (ms: number) => (db: TestDatabase) => {
  db.nowMs += ms;
};

test('setting and asking', async (t) => {
  const rows: Row[] = [
    start,
    ['hset h a 1 b 2 c 3', 3],
    ['hexpire h 10 fields 3 a b x', [1, 1, -2]],
    ['httl h fields 4 a b c x', [10, 10, -1, -2]],
    ['hpttl h fields 1 a', [10_000]],
    ['hexpiretime h fields 2 a c', [NOW_S + 10, -1]],
    ['hpexpiretime h fields 1 a', [NOW_MS + 10_000]],
    ['hpexpire h 1500 fields 1 a', [1]],
    ['httl h fields 1 a', [2]],
    ['hexpiretime h fields 1 a', [NOW_S + 2]],
    ['hexpireat h 1800000000 FIELDS 1 a', [1]],
    ['hpexpiretime h fields 1 a', [1_800_000_000_000]],
    ['hpexpireat h 1800000000001 fields 2 a a', [1, 1]],
    ['hexpiretime h fields 1 a', [1_800_000_001]],
    ['hpersist h fields 3 a c x', [1, -1, -2]],
    ['hpersist h fields 2 a a', [-1, -1]],
    ['httl h fields 1 a', [-1]],
  ];
  runTable(t, rows);
});

test('missing keys, wrong types, arguments', async (t) => {
  const setters = ['hexpire', 'hpexpire', 'hexpireat', 'hpexpireat'];
  const readers = ['httl', 'hpttl', 'hexpiretime', 'hpexpiretime', 'hpersist'];
  const rows: Row[] = [start, ['hset h a 1', 1], ['set s text', '+OK']];
  for (const name of setters) {
    rows.push(
      [`${name} none 10 fields 2 a b`, [-2, -2]],
      [`${name} s 10 fields 1 a`, WRONG_TYPE],
      [`${name} s x fields 1 a`, WRONG_TYPE],
      [`${name} h x fields 1 a`, NOT_INTEGER],
      [`${name} h x foo 1 a`, NOT_INTEGER],
      [`${name} h -1 fields 1 a`, '-ERR invalid expire time, must be >= 0'],
      [`${name} h 10 foo 1 a`, NO_FIELDS],
      [`${name} h 10 1 fields a`, NO_FIELDS],
      [`${name} h 10 nx xx fields 1 a`, NO_FIELDS],
      [`${name} h 10 fields 0 a`, TOO_FEW],
      [`${name} h 10 fields -1 a`, TOO_FEW],
      [`${name} h 10 fields x a`, TOO_FEW],
      [`${name} h 10 fields 9223372036854775808 a`, TOO_FEW],
      [`${name} h 10 nx fields 1`, COUNT_DIFFERS],
      [`${name} h 10 fields 2 a`, COUNT_DIFFERS],
      [`${name} h 10 fields 1 a b`, COUNT_DIFFERS],
      [`${name} h 10 fields 1`, `-ERR wrong number of arguments for '${name}' command`],
      [`${name} h 70368744177664 fields 1 a`, `-ERR invalid expire time in '${name}' command`],
      [`${name} h 9223372036854775807 fields 1 a`, `-ERR invalid expire time in '${name}' command`],
      [`${name} none -1 fields 1 a`, '-ERR invalid expire time, must be >= 0'],
    );
  }
  for (const name of readers) {
    rows.push(
      [`${name} none fields 2 a b`, [-2, -2]],
      [`${name} s fields 1 a`, WRONG_TYPE],
      [`${name} s foo 1 a`, WRONG_TYPE],
      [`${name} h foo 1 a`, NO_FIELDS],
      [`${name} none foo 1 a`, NO_FIELDS],
      [`${name} h fields 0 a`, NOT_POSITIVE],
      [`${name} h fields x a`, NOT_POSITIVE],
      [`${name} h fields 2 a`, COUNT_DIFFERS],
      [`${name} h fields 1 a b`, COUNT_DIFFERS],
    );
  }
  rows.push(['hpexpireat h 70368744177663 fields 1 a', [1]], ['hlen h', 1]);
  runTable(t, rows);
});

test('conditions', async (t) => {
  const rows: Row[] = [
    start,
    ['hset h a 1 b 2', 2],
    ['hexpire h 100 XX fields 2 a b', [0, 0]],
    ['hexpire h 100 GT fields 1 a', [0]],
    ['hexpire h 100 NX fields 2 a x', [1, -2]],
    ['hexpire h 200 NX fields 3 a b b', [0, 1, 0]],
    ['hexpire h 150 GT fields 2 a b', [1, 0]],
    ['hexpire h 150 GT fields 1 a', [0]],
    ['hexpire h 120 lt fields 2 a b', [1, 1]],
    ['hexpire h 120 LT fields 1 a', [0]],
    ['hpersist h fields 1 b', [1]],
    ['hexpire h 1000 LT fields 1 b', [1]],
    ['httl h fields 2 a b', [120, 1000]],
    ['hexpire h 0 NX fields 2 a b', [0, 0]],
    ['hexpire h 0 GT fields 2 a b', [0, 0]],
    ['hexpireat h 1 LT fields 2 a a', [2, -2]],
    ['hlen h', 1],
    ['hpexpireat h 0 fields 1 b', [2]],
    ['exists h', 0],
    ['hset h a 1', 1],
    ['hexpire h 0 fields 3 a b a', [2, -2, -2]],
    ['exists h', 0],
  ];
  runTable(t, rows);
});

test('what takes the time away, and what does not', async (t) => {
  const again: Row = ['hexpire h 100 fields 2 a n', [1, 1]];
  const times = (a: number, n: number): Row => ['httl h fields 2 a n', [a, n]];
  const rows: Row[] = [
    start,
    ['hset h a 1 n 5', 2],
    again,
    ['hset h a 2', 0],
    times(-1, 100),
    again,
    ['hmset h a 2 n 5', '+OK'],
    times(-1, -1),
    again,
    ['hincrby h n 1', 6],
    ['hincrbyfloat h n 1.5', '7.5'],
    ['hsetnx h a 3', 0],
    times(100, 100),
    ['hdel h a', 1],
    ['hset h a 1', 1],
    times(-1, 100),
    ['hset h n 12345678901234567', 0],
    again,
    ['hincrby h n 1', 12345678901234568n],
    times(100, 100),
    ['copy h h2', 1],
    ['httl h2 fields 2 a n', [100, 100]],
    ['rename h2 h3', '+OK'],
    ['httl h3 fields 2 a n', [100, 100]],
    later(100_000),
    ['exists h h3', 2],
    ['hlen h3', 0],
    ['exists h h3', 1],
  ];
  runTable(t, rows);
});

test('an expired field is not there', async (t) => {
  const ROWS: readonly (readonly [string, Plain])[] = [
    ['hget h gone', null],
    ['hmget h gone stays', [null, '1']],
    ['hgetall h', ['stays', '1']],
    ['hkeys h', ['stays']],
    ['hvals h', ['1']],
    ['hlen h', 1],
    ['hexists h gone', 0],
    ['hstrlen h gone', 0],
    ['hdel h gone', 0],
    ['hset h gone 2', 1],
    ['hsetnx h gone 2', 1],
    ['hincrby h gone 2', 2],
    ['hincrbyfloat h gone 2.5', '2.5'],
    ['hrandfield h', 'stays'],
    ['hrandfield h 5', ['stays']],
    ['hrandfield h -2', ['stays', 'stays']],
    ['hscan h 0', ['0', ['stays', '1']]],
    ['httl h fields 2 gone stays', [-2, -1]],
    ['hexpire h 10 fields 2 gone stays', [-2, 1]],
    ['hpersist h fields 1 gone', [-2]],
  ];
  for (const [command, reply] of ROWS) {
    const rows: Row[] = [
      start,
      ['hset h gone 1 stays 1 also 1', 3],
      ['hpexpire h 100 fields 2 gone also', [1, 1]],
      later(99),
      ['hlen h', 3],
      later(1),
      [command, reply],
      ['hexists h also', 0],
      ['hexists h stays', 1],
    ];
    runTable(t, rows);
    const calls: Row[] = [start, ['hset h gone 1', 1], ['hpexpire h 100 fields 1 gone', [1]]];
    const isWrite = /^h(set|incr)/.test(command);
    const left: Row = ['exists h', isWrite ? 1 : 0];
    runTable(t, [...calls, later(100), (db) => void db.run(...split(command)), left]);
  }
});

test(`hashes with and without times beside a model, seed ${SEED}`, async (t) => {
  for (const hotValueMaxBytes of FORMS) await besideModel(t, hotValueMaxBytes);
});

interface Field {
  value: string;
  /** 0: never. */
  expireAtMs: number;
}

async function besideModel(t: Test, hotValueMaxBytes: number): Promise<void> {
  const random = new Random(SEED + hotValueMaxBytes);
  const db = createTestDatabase({ hotValueMaxBytes });
  db.nowMs = NOW_MS;
  const model = new Map<string, Field>();
  let wrong = '';
  for (let i = 0; i < 3000 && wrong === ''; i++) {
    db.nowMs += random.below(20);
    for (const [name, { expireAtMs }] of model) {
      if (expireAtMs !== 0 && expireAtMs <= db.nowMs) model.delete(name);
    }
    const name = `f${random.below(random.chance(0.1) ? 40 : 8)}`;
    const field = model.get(name);
    const dice = random.below(12);
    let expected: Plain;
    let command: string[];
    if (dice < 4) {
      command = ['hset', 'h', name, `v${i}`];
      expected = field ? 0 : 1;
      model.set(name, { value: `v${i}`, expireAtMs: 0 });
    } else if (dice < 7) {
      const ms = random.below(400);
      command = ['hpexpire', 'h', String(ms), 'fields', '1', name];
      expected = [field ? (ms === 0 ? 2 : 1) : -2];
      if (ms === 0) model.delete(name);
      else if (field) field.expireAtMs = db.nowMs + ms;
    } else if (dice === 7) {
      command = ['hpttl', 'h', 'fields', '1', name];
      expected = [field ? (field.expireAtMs === 0 ? -1 : field.expireAtMs - db.nowMs) : -2];
    } else if (dice === 8) {
      command = ['hpersist', 'h', 'fields', '1', name];
      expected = [field ? (field.expireAtMs === 0 ? -1 : 1) : -2];
      if (field) field.expireAtMs = 0;
    } else if (dice === 9) {
      command = ['hdel', 'h', name];
      expected = model.delete(name) ? 1 : 0;
    } else if (dice === 10) {
      command = ['hlen', 'h'];
      expected = model.size;
    } else {
      command = ['hget', 'h', name];
      expected = field?.value ?? null;
    }
    const reply = db.run(...command);
    if (String(reply) !== String(expected)) wrong = `${i}: ${command}: ${reply}, not ${expected}`;
  }
  t.equal(wrong, '', `${hotValueMaxBytes} bytes`);
  t.equal(db.run('hlen', 'h'), model.size);
  db.audit();
}
