// Transactions and the keys they watch.
import type { CommandFamily } from '../command-spec.ts';

export const transactionFamily = {
  DISCARD: {
    summary: 'Throws away a transaction and the commands it has queued.',
    complexity: 'O(N), N = commands queued',
    since: '2.0.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['fast', 'transaction'],
    reply: '"OK"',
  },
  EXEC: {
    summary: 'Runs the queued commands of a transaction as one.',
    complexity: 'Depends on the commands queued',
    since: '1.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    acl: ['slow', 'transaction'],
    reply: '[any]|nil',
  },
  MULTI: {
    summary: 'Starts a transaction: commands are queued until EXEC.',
    complexity: 'O(1)',
    since: '1.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['fast', 'transaction'],
    reply: '"OK"',
  },
  UNWATCH: {
    summary: 'Forgets all watched keys.',
    complexity: 'O(N), N = keys watched',
    since: '2.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['fast', 'transaction'],
    reply: '"OK"',
  },
  WATCH: {
    summary: 'Makes the next EXEC fail if any of these keys changes before it.',
    complexity: 'O(N), N = keys given',
    since: '2.2.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['fast', 'transaction'],
    keys: ['1..-1 RO'],
    args: 'key [key ...]',
    reply: '"OK"',
  },
} as const satisfies CommandFamily;
