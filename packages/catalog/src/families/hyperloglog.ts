// HyperLogLogs: estimates of how many distinct elements were seen.
import type { CommandFamily } from '../command-spec.ts';

export const hyperloglogFamily = {
  PFADD: {
    summary: 'Counts elements into a HyperLogLog.',
    complexity: 'O(N), N = elements given',
    since: '2.8.9',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['write', 'hyperloglog', 'fast'],
    keys: ['1 RW insert'],
    args: 'key [element [element ...]]',
    reply: '1|0',
  },
  PFCOUNT: {
    summary: 'Estimates how many distinct elements HyperLogLogs have counted together.',
    complexity: 'O(N), N = keys given',
    since: '2.8.9',
    arity: -2,
    flags: ['readonly'],
    hidden: ['may_replicate'],
    acl: ['read', 'hyperloglog', 'slow'],
    keys: ['1..-1 RW access'],
    args: 'key [key ...]',
    reply: 'int',
  },
  PFMERGE: {
    summary: 'Merges HyperLogLogs into one that has counted what each of them has.',
    complexity: 'O(N), N = keys given',
    since: '2.8.9',
    arity: -2,
    flags: ['write', 'denyoom'],
    acl: ['write', 'hyperloglog', 'slow'],
    keys: ['1 RW access insert', '2..-1 RO access'],
    args: 'destkey [sourcekey [sourcekey ...]]',
    reply: '"OK"',
  },
} as const satisfies CommandFamily;
