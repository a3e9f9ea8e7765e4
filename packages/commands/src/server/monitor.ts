// MONITOR.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const NO_NAME = Buffer.alloc(0);
const ERR_IN_TRANSACTION = "ERR MONITOR isn't allowed for DENY BLOCKING client";

/** MONITOR: from now on the connection gets a line for each command that is executed anywhere. */
export function monitor(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { channels } = services;
  if (session.isExecuting) return c.fail(ERR_IN_TRANSACTION);
  // Redis: says nothing the second time.
  if (channels.namesOf(session, 'monitored').length > 0) return DONE;
  const problem = channels.subscribe(session, 'monitored', NO_NAME);
  if (problem !== '') return c.fail(problem);
  c.reply.ok();
  return DONE;
}
