// What clients say about functions, to be compared with what Redis answers.

import type { Step } from './transcripts.ts';

const library = (name: string, ...functions: string[]): string =>
  `#!lua name=${name}\n${functions.join('\n')}`;
const simple = (name: string, body: string): string =>
  `redis.register_function('${name}', function(keys, args) ${body} end)`;
const flagged = (name: string, flags: string, body: string): string =>
  `redis.register_function{function_name='${name}', callback=function(keys, args) ${body} end, ` +
  `flags={${flags}}, description='says ${name}'}`;

const ECHO = library('echo', simple('echo', 'return {#keys, #args, keys[1], args[1]}'));
const MANY = library(
  'many',
  simple('store', "return redis.call('set', keys[1], args[1])"),
  flagged('fetch', "'no-writes'", "return redis.call('get', keys[1])"),
  flagged('sneaky', "'no-writes'", "return redis.call('set', keys[1], 'x')"),
  flagged('hungry', "'allow-oom','allow-stale'", 'return 1'),
  simple('broken', 'return nosuch()'),
  simple('wrong', "return redis.call('incr', keys[1])"),
);

export const FUNCTION_TRANSCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  libraries: [
    ['a', 'FUNCTION', 'LOAD', ECHO],
    ['a', 'FUNCTION', 'LOAD', ECHO],
    ['a', 'FUNCTION', 'LOAD', 'REPLACE', ECHO],
    ['a', 'FUNCTION', 'LOAD', 'NOSUCH', ECHO],
    ['a', 'FUNCTION', 'LOAD'],
    ['a', 'FUNCTION', 'LOAD', 'return 1'],
    ['a', 'FUNCTION', 'LOAD', '#!lua\nreturn 1'],
    ['a', 'FUNCTION', 'LOAD', '#!lua name=none\nreturn 1'],
    ['a', 'FUNCTION', 'LOAD', '#!lua name=bad-name\nreturn 1'],
    ['a', 'FUNCTION', 'LOAD', '#!python name=x\nreturn 1'],
    ['a', 'FUNCTION', 'LOAD', library('syntax', 'this is not lua')],
    ['a', 'FUNCTION', 'LOAD', library('other', simple('echo', 'return 1'))],
    ['a', 'FUNCTION', 'LOAD', library('calls', "redis.call('ping')")],
    ['a', 'FUNCTION', 'LIST'],
    ['b', 'FCALL', 'echo', '1', 'k', 'v', 'w'],
    ['b', 'FCALL', 'echo', '0'],
    ['a', 'FUNCTION', 'LIST', 'WITHCODE'],
    ['a', 'FUNCTION', 'LIST', 'LIBRARYNAME', 'ec*'],
    ['a', 'FUNCTION', 'LIST', 'LIBRARYNAME', 'x*'],
    ['a', 'FUNCTION', 'LIST', 'LIBRARYNAME', 'echo', 'WITHCODE'],
    ['a', 'FUNCTION', 'LIST', 'LIBRARYNAME'],
    ['a', 'FUNCTION', 'LIST', 'NOSUCH'],
    ['a', 'FUNCTION', 'STATS'],
    ['a', 'FUNCTION', 'KILL'],
    ['a', 'FUNCTION', 'DELETE', 'nosuch'],
    ['a', 'FUNCTION', 'DELETE', 'echo'],
    ['b', 'FCALL', 'echo', '0'],
    ['a', 'FUNCTION', 'FLUSH', 'LATER'],
    ['a', 'FUNCTION', 'FLUSH', 'ASYNC'],
    ['a', 'FUNCTION', 'FLUSH', 'SYNC', 'x'],
    ['a', 'FUNCTION', 'NOSUCH'],
    ['a', 'FUNCTION'],
  ],
  calls: [
    ['a', 'FUNCTION', 'LOAD', MANY],
    ['a', 'FCALL', 'store', '1', 'k', 'v'],
    ['b', 'FCALL', 'fetch', '1', 'k'],
    ['b', 'FCALL_RO', 'fetch', '1', 'k'],
    ['b', 'FCALL_RO', 'store', '1', 'k', 'v'],
    ['b', 'FCALL', 'sneaky', '1', 'k'],
    ['b', 'FCALL_RO', 'sneaky', '1', 'k'],
    ['b', 'FCALL', 'hungry', '0'],
    ['b', 'FCALL', 'STORE', '1', 'k', 'w'],
    ['b', 'FCALL', 'broken', '0'],
    ['b', 'FCALL', 'wrong', '1', 'k'],
    ['b', 'FCALL', 'nosuch', '0'],
    ['b', 'FCALL', 'nosuch', 'x'],
    ['b', 'FCALL', 'store', 'x'],
    ['b', 'FCALL', 'store', '2', 'k'],
    ['b', 'FCALL', 'store', '-1'],
    ['b', 'FCALL', 'store'],
    ['b', 'MULTI'],
    ['b', 'FCALL', 'store', '1', 'k', 'in'],
    ['b', 'FCALL', 'fetch', '1', 'k'],
    ['b', 'FCALL', 'nosuch', '0'],
    ['b', 'EXEC'],
    ['b', 'EVAL', "return redis.call('fcall','fetch',1,'k')", '0'],
    ['b', 'EVAL', "return redis.call('function','list')", '0'],
    ['a', 'FUNCTION', 'STATS'],
    ['a', 'SCRIPT', 'FLUSH'],
    ['b', 'FCALL', 'fetch', '1', 'k'],
    ['a', 'FLUSHALL'],
    ['b', 'FCALL', 'hungry', '0'],
  ],
  payloads: [
    ['a', 'FUNCTION', 'DUMP'],
    ['a', 'FUNCTION', 'LOAD', ECHO],
    ['a', 'FUNCTION', 'DUMP'],
    ['a', 'FUNCTION', 'LIST', 'WITHCODE'],
    ['a', 'FUNCTION', 'LOAD', library('one', flagged('only', "'no-writes'", 'return 1'))],
    ['a', 'FUNCTION', 'LIST', 'LIBRARYNAME', 'one'],
    ['a', 'FUNCTION', 'RESTORE', 'nonsense'],
    ['a', 'FUNCTION', 'RESTORE', 'nonsense', 'LATER'],
    ['a', 'FUNCTION', 'RESTORE', 'nonsense', 'FLUSH', 'x'],
    ['b', 'FCALL', 'echo', '0'],
  ],
};
