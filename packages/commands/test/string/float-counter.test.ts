// INCRBYFLOAT: long double texts, refusals, and what they are stored as.

import { test } from 'tap';
import { runTable } from '../support/run-table.ts';

const NOT_FLOAT = '-ERR value is not a valid float';
const NOT_FINITE = '-ERR increment would produce NaN or Infinity';

test('INCRBYFLOAT', async (t) => {
  runTable(t, [
    ['incrbyfloat a 10.5', '10.5'],
    ['incrbyfloat a 0.1', '10.6'],
    ['incrbyfloat a -5', '5.6'],
    ['incrbyfloat a 5.0e3', '5005.60000000000000009'],
    ['incrbyfloat a -5005.6', '0'],
    ['get a', '0'],
    ['set a 3', '+OK'],
    ['incrbyfloat a 1.1', '4.1'],
    ['set a 0x10', '+OK'],
    ['incrbyfloat a 0x.8p1', '17'],
    ['set a 3.0e-18 ex 100', '+OK'],
    ['incrbyfloat a 0', '0'],
    ['ttl a', 100],
    // Sixty-four bits of precision, neither more nor less.
    ['set a 17179869184', '+OK'],
    ['incrbyfloat a 1.1', '17179869185.09999999962747097'],
    ['incrbyfloat b 1e25', '10000000000000000000000000'],
    ['incrbyfloat b 0.1', '10000000000000000000000000'],
  ]);
});

test('a result may be longer than any hot value', async (t) => {
  runTable(t, [
    ['incrbyfloat a 1e19', '10000000000000000000'],
    ['incrbyfloat a -1e19', '0'],
    ['object encoding a', 'embstr'],
    ['incrbyfloat b 1e60', '999999999999999999999373423426722168652130621984886772203520'],
    ['object encoding b', 'raw'],
    ['strlen b', 60],
  ]);
});

test('INCRBYFLOAT refuses', async (t) => {
  runTable(t, [
    ['incrbyfloat a abc', NOT_FLOAT],
    ['incrbyfloat a ""', NOT_FLOAT],
    ['incrbyfloat a nan', NOT_FLOAT],
    [['incrbyfloat', 'a', ' 1'], NOT_FLOAT],
    [['incrbyfloat', 'a', '1 '], NOT_FLOAT],
    ['incrbyfloat a 1e5000', NOT_FLOAT],
    ['incrbyfloat a 1e-5000', NOT_FLOAT],
    ['incrbyfloat a inf', NOT_FINITE],
    ['incrbyfloat a -Infinity', NOT_FINITE],
    ['exists a', 0],
    ['set a abc', '+OK'],
    ['incrbyfloat a 1', NOT_FLOAT],
    ['set a ""', '+OK'],
    ['incrbyfloat a 1', NOT_FLOAT],
    ['set a inf', '+OK'],
    ['incrbyfloat a 1', NOT_FINITE],
    ['set a 1e4932', '+OK'],
    ['incrbyfloat a 9e4931', NOT_FINITE],
    ['get a', '1e4932'],
    (db) => db.plant('l', 2, Buffer.from('1')),
    ['incrbyfloat l 1', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['incrbyfloat a', "-ERR wrong number of arguments for 'incrbyfloat' command"],
  ]);
});
