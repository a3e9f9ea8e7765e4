// WAITAOF: until the writes of a connection are on the disk.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const ERR_LOCAL = 'ERR value is out of range, value must between 0 and 1';
const ERR_REPLICAS = 'ERR value is out of range, must be positive';
const ERR_TIMEOUT = 'ERR timeout is not an integer or out of range';
const ERR_TIMEOUT_NEGATIVE = 'ERR timeout is negative';

/**
 * WAITAOF numlocal numreplicas timeout: replies how many servers have synced what the connection
 * wrote, this one (1 or 0) and replicas, of which there are none. With `numlocal` 1 the logs are
 * synced, whatever wal-sync-mode is; what has not ended in `timeout` milliseconds counts as 0, as
 * does a sync that failed, and so does what nobody asked for, unless every write is synced anyway.
 * Redis: waits for replicas, too, until the timeout; here that could change nothing.
 */
export function waitAof(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request, reply, config } = c;
  const local = request.int64(1);
  const replicas = request.int64(2);
  const timeoutMs = request.int64(3);
  if (local === null || local < 0n || local > 1n) return c.fail(ERR_LOCAL);
  if (replicas === null || replicas < 0n) return c.fail(ERR_REPLICAS);
  if (timeoutMs === null) return c.fail(ERR_TIMEOUT);
  if (timeoutMs < 0n) return c.fail(ERR_TIMEOUT_NEGATIVE);
  const isAlways = config.word('wal-sync-mode') === 'Always';
  if (isAlways || local === 0n) {
    reply.array(2);
    reply.integer(isAlways ? 1 : 0);
    reply.integer(0);
    return DONE;
  }
  return services.later(session, services.syncWrites(Number(timeoutMs)), (writer, isSynced) => {
    writer.array(2);
    writer.integer(isSynced ? 1 : 0);
    writer.integer(0);
  });
}
