// CLUSTER, ASKING, READONLY and READWRITE: there is no cluster, which is what Redis says, too, when
// it runs without one. And whom this server follows: nobody.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

const NO_CLUSTER = 'ERR This instance has cluster support disabled';
const NO_REPLICATION =
  'ERR this version of ForgeKV cannot follow a master: it has no replication. Use REPLICAOF NO ' +
  'ONE, or move the data with forgekv import.';
const ERR_PORT = 'ERR Invalid master port';
const MOST_PORT = 65535n;

export function noCluster(c: CommandContext): Outcome {
  return c.fail(NO_CLUSTER);
}

/** REPLICAOF host port | NO ONE. Redis: follows the master. */
export function replicaOf(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.is(1, 'no') && request.is(2, 'one')) {
    reply.ok();
    return DONE;
  }
  const port = request.int64(2);
  if (port === null || port < 0n || port > MOST_PORT) return c.fail(ERR_PORT);
  return c.fail(NO_REPLICATION);
}
