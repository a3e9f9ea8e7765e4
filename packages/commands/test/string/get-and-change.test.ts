// GETSET, GETDEL and GETEX: what they answer and what they leave behind.

import { test } from 'tap';
import { runTable } from '../support/run-table.ts';

const SYNTAX = '-ERR syntax error';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const INVALID = "-ERR invalid expire time in 'getex' command";
const LONG = 'x'.repeat(100);

test('GETDEL', async (t) => {
  runTable(t, [
    ['getdel a', null],
    [['set', 'a', LONG, 'ex', '100'], '+OK'],
    ['getdel a', LONG],
    ['exists a', 0],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['getdel l', WRONG_TYPE],
    ['exists l', 1],
    ['getdel a b', "-ERR wrong number of arguments for 'getdel' command"],
  ]);
});

test('GETEX sets, changes and removes the expiry', async (t) => {
  runTable(t, [
    [['set', 'a', LONG], '+OK'],
    ['getex a', LONG],
    ['ttl a', -1],
    ['getex a ex 100', LONG],
    ['pttl a', 100_000],
    ['getex a', LONG],
    ['pttl a', 100_000],
    ['getex a px 1500', LONG],
    ['pttl a', 1500],
    ['getex a exat 4102444800', LONG],
    ['expiretime a', 4102444800],
    ['getex a PXAT 4102444800123', LONG],
    ['pexpiretime a', 4102444800123],
    ['getex a Persist', LONG],
    ['ttl a', -1],
    ['getex a persist persist', LONG],
    ['getex a ex 10 ex 20', LONG],
    ['ttl a', 20],
    ['getex a exat 1', LONG],
    ['exists a', 0],
    ['set a 1', '+OK'],
    ['getex a pxat 1', '1'],
    ['dbsize', 0],
  ]);
});

test('GETEX refuses, but not for keys that are not there', async (t) => {
  runTable(t, [
    ['getex none ex 0', null],
    ['getex none ex abc', null],
    ['getex none foo', SYNTAX],
    ['set a 1', '+OK'],
    ['getex a ex', SYNTAX],
    ['getex a ex 10 px 10', SYNTAX],
    ['getex a ex 10 persist', SYNTAX],
    ['getex a persist ex 10', SYNTAX],
    ['getex a keepttl', SYNTAX],
    ['getex a nx', SYNTAX],
    ['getex a ex 0', INVALID],
    ['getex a px -1', INVALID],
    ['getex a exat -1', INVALID],
    ['getex a ex 9223372036854775807', INVALID],
    ['getex a ex abc', NOT_INTEGER],
    ['ttl a', -1],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['getex l ex 0', WRONG_TYPE],
    ['getex', "-ERR wrong number of arguments for 'getex' command"],
  ]);
});
