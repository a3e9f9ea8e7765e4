// Which scripts can be seen to keep to their keys.

import { test } from 'tap';
import { keepsToKeys } from '../src/script-keys.ts';

test('scripts that keep to their keys', (t) => {
  for (const script of [
    'return 1',
    "return redis.call('incr', KEYS[1])",
    `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`,
    "for i = 1, 20 do redis.call('INCR', KEYS[1]) end",
    "local key = KEYS[1]\nlocal n = redis.pcall( 'GET' , key )\nreturn n",
    "local a, b = KEYS[1], KEYS[2]; redis.call('set', a, 1) redis.call('set', b, ARGV[1])",
    "local t = redis.call('TIME') return redis.call('set', KEYS[ 2 ], t[1])",
    "-- redis.call('get', 'x')\nreturn redis.status_reply('OK')",
    "return redis.call('set', KEYS[1], redis.sha1hex('x'))",
  ]) {
    t.equal(keepsToKeys(script), true, script);
  }
  t.end();
});

test('scripts that may not', (t) => {
  for (const script of [
    "return redis.call('get', 'fixed')",
    "return redis.call('get', ARGV[1])",
    "return redis.call('get', KEYS[1] .. ':x')",
    "local rcall = redis.call return rcall('get', KEYS[1])",
    "local r = redis return r.call('get', KEYS[1])",
    "local key = KEYS[1] key = key .. 'x' return redis.call('get', key)",
    "local key = KEYS[1] .. 'x' return redis.call('get', key)",
    "for i, key in ipairs(KEYS) do redis.call('get', key) end",
    "local key = KEYS[1]\nlocal function f(key) return redis.call('get', key) end return f('x')",
    'return redis.call(unpack(ARGV))',
    "return redis['call']('get', 'x')",
    "return redis.call('set', KEYS[tonumber(ARGV[1])], 'x')",
    "local name = 'get' return redis.call(name, KEYS[1])",
    `${'x'.repeat(70_000)}`,
  ]) {
    t.equal(keepsToKeys(script), false, script.slice(0, 80));
  }
  t.end();
});
