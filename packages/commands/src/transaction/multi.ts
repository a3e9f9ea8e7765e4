// MULTI, EXEC, DISCARD and UNWATCH. What a connection has queued and watches is kept by its front,
// which also runs the transaction.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

/** MULTI. */
export function multi(c: CommandContext, session: Session): Outcome {
  if (session.isQueueing) return c.fail('ERR MULTI calls can not be nested');
  session.beginQueue();
  c.reply.ok();
  return DONE;
}

/** EXEC. */
export function exec(c: CommandContext, session: Session, services: ServerServices): Outcome {
  if (!session.isQueueing) return c.fail('ERR EXEC without MULTI');
  return services.exec(session);
}

/** DISCARD. */
export function discard(c: CommandContext, session: Session): Outcome {
  if (!session.isQueueing) return c.fail('ERR DISCARD without MULTI');
  session.forgetTransaction();
  c.reply.ok();
  return DONE;
}

/** UNWATCH. */
export function unwatch(c: CommandContext, session: Session): Outcome {
  session.forgetWatched();
  c.reply.ok();
  return DONE;
}
