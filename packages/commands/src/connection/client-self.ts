// The CLIENT subcommands that read or change the connection they come from.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { clientNameError, isPlain, shownArg, switchArg } from './arguments.ts';
import { clientLine } from './client-line.ts';

/** CLIENT ID. */
export function clientId(c: CommandContext, session: Session): Outcome {
  c.reply.integer(session.id);
  return DONE;
}

/** CLIENT INFO. */
export function clientInfo(c: CommandContext, session: Session, services: ServerServices): Outcome {
  c.reply.verbatim(clientLine(services.factsOf(session)));
  return DONE;
}

/** CLIENT GETNAME. */
export function clientGetName(c: CommandContext, session: Session): Outcome {
  if (session.name === '') c.reply.null();
  else c.reply.text(session.name);
  return DONE;
}

/** CLIENT SETNAME name; the empty name takes it away. */
export function clientSetName(c: CommandContext, session: Session): Outcome {
  const name = c.request.text(2);
  const problem = clientNameError(name);
  if (problem !== null) return c.fail(problem);
  session.name = name;
  c.reply.ok();
  return DONE;
}

/** CLIENT SETINFO LIB-NAME name | LIB-VER version. */
export function clientSetInfo(c: CommandContext, session: Session): Outcome {
  const { request } = c;
  const isName = request.is(2, 'lib-name');
  const option = shownArg(c, 2);
  if (!isName && !request.is(2, 'lib-ver')) {
    return c.fail(`ERR Unrecognized option '${option}'`);
  }
  const value = request.text(3);
  if (!isPlain(value)) {
    return c.fail(`ERR ${option} cannot contain spaces, newlines or special characters.`);
  }
  if (isName) session.libName = value;
  else session.libVersion = value;
  c.reply.ok();
  return DONE;
}

/** CLIENT NO-EVICT ON | OFF. */
export function clientNoEvict(c: CommandContext, session: Session): Outcome {
  const on = switchArg(c, 2);
  if (on === null) return c.fail(ERR_SYNTAX);
  session.noEvict = on;
  c.reply.ok();
  return DONE;
}

/** CLIENT NO-TOUCH ON | OFF. */
export function clientNoTouch(c: CommandContext, session: Session): Outcome {
  const on = switchArg(c, 2);
  if (on === null) return c.fail(ERR_SYNTAX);
  session.noTouch = on;
  c.reply.ok();
  return DONE;
}

/** CLIENT REPLY ON | OFF | SKIP. Only ON is answered. */
export function clientReply(c: CommandContext, session: Session): Outcome {
  const on = switchArg(c, 2);
  if (on === true) {
    session.replyMode = 'on';
    c.reply.ok();
  } else if (on === false) {
    session.replyMode = 'off';
  } else if (!c.request.is(2, 'skip')) {
    return c.fail(ERR_SYNTAX);
  } else if (session.replyMode !== 'off') {
    session.replyMode = 'skip';
  }
  return DONE;
}
