// Which scripts can be seen to keep to their keys.

import { createRegistry } from '@forgekv/commands';
import { test } from 'tap';
import { ScriptKeys } from '../src/script-keys.ts';

const keys = new ScriptKeys(createRegistry());

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
    "return redis.call('set', KEYS[tonumber(ARGV[1])], 'x')",
    "return redis.call('rename', KEYS[1], KEYS[2])",
    "return redis.call('mset', KEYS[1], ARGV[1], KEYS[2], ARGV[2])",
    "return redis.call('rpush', KEYS[1], unpack(ARGV))",
    "return redis.call('xgroup', 'create', KEYS[1], 'g', '$', 'MKSTREAM')",
    "return redis.call('zunionstore', KEYS[1], 2, KEYS[2], KEYS[3])",
    'local sum = 0 for i, key in ipairs(KEYS) do sum = sum + #key end return sum + #KEYS',
    "local all = { unpack(KEYS) } return redis.call('del', KEYS[1])",
    "local s = '-- ' return redis.call('set', KEYS[1], [[ redis.call('set', 'x') ]])",
    "--[==[ ]] redis.call('set', 'x') ]==] return redis.call('get', KEYS[1])",
  ]) {
    t.equal(keys.ofScript(script), true, script);
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
    "local name = 'get' return redis.call(name, KEYS[1])",
    "return redis.call('rename', KEYS[1], ARGV[1])",
    "return redis.call('mset', KEYS[1], '1', 'other', '2')",
    "return redis.call('del', KEYS[1], unpack(ARGV))",
    "return redis.call('zunionstore', KEYS[1], ARGV[1], KEYS[2], KEYS[3])",
    "return redis.call('sort', KEYS[1], 'BY', 'w_*')",
    "return redis.call('flushall')",
    "local s = '--' redis.call('set', 'other', 1)",
    "local s = \"\\\"--\" redis.call('set', 'other', 1)",
    "KEYS[1] = 'other' return redis.call('set', KEYS[1], 1)",
    "local x KEYS[1], x = 'other', 1 return redis.call('set', KEYS[1], 1)",
    "table.insert(KEYS, 'other') return redis.call('set', KEYS[2], 1)",
    "local k = KEYS k[1] = 'other' return redis.call('set', KEYS[1], 1)",
    "local f, k = ipairs(KEYS) k[1] = 'other' return redis.call('set', KEYS[1], 1)",
    "local function unpack(k) k[1] = 'x' end unpack(KEYS) redis.call('set', KEYS[1], 1)",
    "local key = KEYS[1] local x x, key = 1, 'other' return redis.call('set', key, 1)",
    "pcall(redis.call, 'set', 'other', 1)",
    'return redis.call{}',
    "return redis . call 'dbsize'",
    "return _G['redis'].call('set', 'other', 1)",
    "return loadstring('return re' .. 'dis')().call('set', 'other', 1)",
    `${'x'.repeat(70_000)}`,
  ]) {
    t.equal(keys.ofScript(script), false, script.slice(0, 80));
  }
  t.end();
});

const library = (code: string): string => `#!lua name=lib\n${code}`;

test('libraries whose functions keep to their keys', (t) => {
  for (const code of [
    "redis.register_function('f', function(keys, args) return redis.call('get', keys[1]) end)",
    "redis.register_function('f', function() return 1 end)",
    `local function f(keys, args) local k = keys[1] return redis.call('set', k, args[1]) end
     redis.register_function('f', f)`,
    `local function f(keys) return redis.call('incr', keys[1]) end
     redis.register_function{ function_name = 'f', callback = f, flags = { 'allow-oom' } }
     redis.register_function('g', function(k, a) return redis.call('rename', k[1], k[2]) end)`,
    `redis.register_function{ function_name = 'f', flags = { 'no-writes' },
       callback = function(keys, args) return redis.call('mget', keys[1], keys[2]) end }`,
    `local f = function(keys) return redis.call('set', keys[1], 1) end
     redis.register_function('f', f)`,
    `local function add(a, b) return a + b end
     redis.register_function('f', function(keys)
       return redis.call('incrby', keys[1], add(1, 2))
     end)`,
  ]) {
    t.equal(keys.ofLibrary(library(code)), true, code);
  }
  t.end();
});

test('libraries whose functions may not', (t) => {
  for (const code of [
    "redis.register_function('f', function(keys, args) return redis.call('get', args[1]) end)",
    "redis.register_function('f', function() return redis.call('get', KEYS[1]) end)",
    `local function f(keys) return redis.call('set', keys[1], 1) end
     redis.register_function('f', f)
     redis.register_function('g', function(keys, args) return f(args) end)`,
    `local function put(keys) return redis.call('set', keys[1], 1) end
     redis.register_function('f', function(keys, args) return put(args) end)`,
    `local function put(name) return redis.call('set', name, 1) end
     redis.register_function('f', function(keys, args) return put(args[1]) end)`,
    `local function f(keys) keys[1] = 'other' return redis.call('set', keys[1], 1) end
     redis.register_function('f', f)`,
    `local t = { callback = function(keys) return redis.call('set', keys[1], 1) end }
     redis.register_function('f', function(a, b) return t.callback(b) end)`,
    `local function register_function(_, f) f({ 'other' }) end
     register_function('f', function(keys) return redis.call('set', keys[1], 1) end)`,
    `function g(keys) return redis.call('set', keys[1], 1) end
     redis.register_function('f', g)`,
    `local f = function(keys) return redis.call('set', keys[1], 1) end
     redis.register_function('f', f) f({ 'other' })`,
    `local f = function(keys) return redis.call('set', keys[1], 1) end
     local g = f redis.register_function('f', f) redis.register_function('g', g)`,
  ]) {
    t.equal(keys.ofLibrary(library(code)), false, code);
  }
  t.end();
});
