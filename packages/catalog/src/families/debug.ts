// DEBUG: for tests of clients and for looking inside; off unless `enable-debug-command` allows it.
//
// Redis: one command without subcommands, as far as COMMAND tells. What Redis 7.0 has and this has
// not is about its own structures, or would not do here what it says.
import type { CommandFamily, LeafEntry } from '../command-spec.ts';

/** What its subcommands have in common. */
const COMMON = {
  complexity: 'Depends on the subcommand',
  since: '1.0.0',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  acl: ['admin', 'slow', 'dangerous'],
} as const satisfies Partial<LeafEntry>;

export const debugFamily = {
  DEBUG: {
    ...{ summary: 'Groups the commands for tests.', ...COMMON },
    arity: -2,
    subcommands: {
      'CHANGE-REPL-ID': {
        ...{ summary: 'Gives the history of replication another id.', ...COMMON },
        ...{ arity: 2, reply: '"OK"' },
      },
      ERROR: {
        ...{ summary: 'Replies with a text as an error.', ...COMMON },
        ...{ arity: 3, args: 'message', reply: 'error' },
      },
      HELP: {
        ...{ summary: 'Lists the subcommands of DEBUG with a line on each.', ...COMMON },
        ...{ arity: 2, reply: '[str]' },
      },
      LOG: {
        ...{ summary: "Writes a text to the server's log.", ...COMMON },
        ...{ arity: 3, args: 'message', reply: '"OK"' },
      },
      OBJECT: {
        ...{
          summary: 'Tells how a value is stored, and how long its serialized form is.',
          ...COMMON,
        },
        ...{ arity: 3, keys: ['2 RO'], args: 'key', reply: 'str' },
      },
      PROTOCOL: {
        ...{ summary: 'Replies with an example of a type of the protocol.', ...COMMON },
        ...{ arity: 3, args: 'type', reply: 'any' },
      },
      'QUICKLIST-PACKED-THRESHOLD': {
        ...{ summary: 'Takes a size and does nothing: no list has such nodes.', ...COMMON },
        ...{ arity: 3, args: 'size', reply: '"OK"' },
      },
      'SET-ACTIVE-EXPIRE': {
        ...{ summary: 'Whether keys expire that nobody looks at: 1 or 0.', ...COMMON },
        ...{ arity: 3, args: 'on', reply: '"OK"' },
      },
      SLEEP: {
        ...{ summary: 'Holds the commands of all clients back for a time.', ...COMMON },
        ...{ arity: 3, args: 'seconds', reply: '"OK"' },
      },
      'STRINGMATCH-LEN': {
        ...{ summary: 'Whether a glob pattern fits a text: 1 or 0.', ...COMMON },
        ...{ arity: 4, args: 'pattern string', reply: 'int' },
      },
    },
  },
} as const satisfies CommandFamily;
