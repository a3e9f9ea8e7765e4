// Whom a server follows: nobody, in this version.
import type { CommandFamily } from '../command-spec.ts';

const ADMINISTRATION = {
  complexity: 'O(1)',
  acl: ['admin', 'slow', 'dangerous'],
  reply: '"OK"',
} as const;
const OF_A_MASTER = {
  ...ADMINISTRATION,
  arity: 3,
  flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
  args: '<host port:int|NO ONE>',
} as const;

export const replicationFamily = {
  REPLICAOF: {
    ...{ summary: 'Makes the server follow a master, or NO ONE.', ...OF_A_MASTER },
    since: '5.0.0',
  },
  SLAVEOF: {
    ...{ summary: 'Makes the server a replica, or with NO ONE a master.', ...OF_A_MASTER },
    ...{ since: '1.0.0', deprecated: '5.0.0', replacedBy: 'REPLICAOF' },
  },
} as const satisfies CommandFamily;
