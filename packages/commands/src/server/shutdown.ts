// SHUTDOWN. A shutdown that succeeds has no reply: the connection ends.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices, ShutdownOptions } from '../services.ts';
import type { Session } from '../session.ts';

const ERR_NO_SHUTDOWN = 'ERR No shutdown in progress.';

/** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] | ABORT. */
export function shutdown(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request } = c;
  let save: ShutdownOptions['save'] = 'default';
  let now = false;
  let force = false;
  let abort = false;
  for (let i = 1; i < request.argc; i++) {
    if (request.is(i, 'nosave') && save !== 'save') save = 'nosave';
    else if (request.is(i, 'save') && save !== 'nosave') save = 'save';
    else if (request.is(i, 'now')) now = true;
    else if (request.is(i, 'force')) force = true;
    else if (request.is(i, 'abort')) abort = true;
    else return c.fail(ERR_SYNTAX);
  }
  if (abort) {
    if (save !== 'default' || now || force) return c.fail(ERR_SYNTAX);
    if (!services.abortShutdown()) return c.fail(ERR_NO_SHUTDOWN);
    c.reply.ok();
    return DONE;
  }
  const failed = services.shutdown({ save, now, force });
  return services.later(session, failed, (reply, problem) => {
    if (problem !== null) reply.error(problem);
  });
}
