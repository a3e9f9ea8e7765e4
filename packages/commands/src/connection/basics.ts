// The small commands of a connection: PING, ECHO, SELECT, QUIT, RESET.

import type { CommandContext } from '../context.ts';
import { ERR_DB_INDEX, ERR_NOT_INTEGER, wrongArity } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { integerArg } from './arguments.ts';

const INT32_MIN = -2147483648n;
const INT32_MAX = 2147483647n;
const ERR_NOT_INT32 = 'ERR value is out of range, value must between -2147483648 and 2147483647';

/** PING [message]. A RESP2 connection that listens gets it in the form of a message. */
export function ping(c: CommandContext, session: Session): Outcome {
  const { request, reply } = c;
  if (request.argc > 2) return c.fail(wrongArity('ping'));
  if (session.resp === 2 && session.isListening) {
    reply.array(2);
    reply.text('pong');
    if (request.argc === 1) reply.text('');
    else reply.bulk(request.bytes, request.offset(1), request.length(1));
    return DONE;
  }
  if (request.argc === 1) reply.simple('PONG');
  else reply.bulk(request.bytes, request.offset(1), request.length(1));
  return DONE;
}

/** ECHO message. */
export function echo(c: CommandContext): Outcome {
  const { request, reply } = c;
  reply.bulk(request.bytes, request.offset(1), request.length(1));
  return DONE;
}

/** SELECT index. */
export function select(c: CommandContext, session: Session): Outcome {
  const db = selectedDatabase(c);
  if (typeof db === 'string') return c.fail(db);
  selectDatabase(c, session, db);
  c.reply.ok();
  return DONE;
}

/** The database that the SELECT in the request asks for, or an error reply. */
export function selectedDatabase(c: CommandContext): number | string {
  const index = integerArg(c, 1);
  if (index === null) return ERR_NOT_INTEGER;
  if (index < INT32_MIN || index > INT32_MAX) return ERR_NOT_INT32;
  if (index < 0n || index >= BigInt(c.databases.count)) return ERR_DB_INDEX;
  return Number(index);
}

/** The context's too: the next command of the same batch must see it. */
function selectDatabase(c: CommandContext, session: Session, db: number): void {
  session.db = db;
  c.db = db;
}

/** QUIT. Further arguments are ignored, as in Redis. */
export function quit(c: CommandContext, session: Session): Outcome {
  session.closeAfterReply = true;
  c.reply.ok();
  return DONE;
}

/**
 * RESET: a connection as it was after being accepted. The library's name and version stay: it is
 * still the same library that is connected.
 */
export function reset(c: CommandContext, session: Session, services: ServerServices): Outcome {
  session.forgetTransaction();
  selectDatabase(c, session, 0);
  session.resp = 2;
  c.reply.resp3 = false;
  session.name = '';
  session.noEvict = false;
  session.noTouch = false;
  services.channels.leaveAll(session);
  services.tracking.end(session);
  // A RESET behind CLIENT REPLY SKIP gets no reply; after CLIENT REPLY OFF it does.
  if (session.replyMode === 'off') session.replyMode = 'on';
  services.users.logOut(session);
  c.reply.simple('RESET');
  return DONE;
}
