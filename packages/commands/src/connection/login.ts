// Who a connection is: AUTH and HELLO. Passwords are checked by the server.

import type { ReplyWriter } from '@forgekv/protocol';
import { DEFAULT_USER } from '../acl/acl-users.ts';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { REDIS_VERSION } from '../server/versions.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { clientNameError, integerArg, shownArg } from './arguments.ts';

const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
const NO_PASSWORD_SET =
  'ERR AUTH <password> called without any password configured for the default user. ' +
  'Are you sure your configuration is correct?';
const ERR_VERSION = 'ERR Protocol version is not an integer or out of range';
const NO_PROTOCOL = 'NOPROTO unsupported protocol version';
const HELLO_BEFORE_AUTH =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH ' +
  '<user> <pass> option can be used to authenticate the client and select the RESP protocol ' +
  'version at the same time';

/** AUTH [username] password. A failed attempt leaves the connection as it was. */
export function auth(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request } = c;
  if (request.argc > 3) return c.fail(ERR_SYNTAX);
  const hasUser = request.argc === 3;
  if (!hasUser && services.users.openToAll) return c.fail(NO_PASSWORD_SET);
  const user = hasUser ? request.text(1) : DEFAULT_USER;
  const password = request.slice(hasUser ? 2 : 1);
  if (!services.users.logIn(session, user, password)) {
    return services.users.refuseLogin(c, session, user, WRONG_PASSWORD);
  }
  c.reply.ok();
  return DONE;
}

/**
 * HELLO [version [AUTH username password] [SETNAME name]].
 *
 * As in Redis 7.2, all options are looked at before the first takes effect. Redis: 7.0 works
 * through them one by one, so that a failed HELLO may have logged in or named the connection.
 */
export function hello(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request, reply } = c;
  let version: 2 | 3 = session.resp;
  if (request.argc > 1) {
    const given = integerArg(c, 1);
    if (given === null) return c.fail(ERR_VERSION);
    if (given !== 2n && given !== 3n) return c.fail(NO_PROTOCOL);
    version = given === 2n ? 2 : 3;
  }
  let authAt = 0;
  let name: string | null = null;
  for (let i = 2; i < request.argc; i++) {
    const more = request.argc - 1 - i;
    if (request.is(i, 'auth') && more >= 2) {
      authAt = i;
      i += 2;
    } else if (request.is(i, 'setname') && more >= 1) {
      name = request.text(++i);
      const problem = clientNameError(name);
      if (problem !== null) return c.fail(problem);
    } else {
      return c.fail(`ERR Syntax error in HELLO option '${shownArg(c, i)}'`);
    }
  }

  if (authAt !== 0) {
    const password = request.slice(authAt + 2);
    const user = request.text(authAt + 1);
    const known = services.users.logIn(session, user, password);
    if (!known) return services.users.refuseLogin(c, session, user, WRONG_PASSWORD);
  }
  if (!session.authenticated) return c.fail(HELLO_BEFORE_AUTH);
  if (name !== null) session.name = name;
  session.resp = version;
  reply.resp3 = version === 3;
  writeHello(reply, session);
  return DONE;
}

/** Writes the seven facts of HELLO in the protocol just agreed on. */
function writeHello(reply: ReplyWriter, session: Session): void {
  reply.map(7);
  reply.text('server');
  // Clients look for this name, so it is not ours.
  reply.text('redis');
  reply.text('version');
  reply.text(REDIS_VERSION);
  reply.text('proto');
  reply.integer(session.resp);
  reply.text('id');
  reply.integer(session.id);
  reply.text('mode');
  reply.text('standalone');
  reply.text('role');
  reply.text('master');
  reply.text('modules');
  reply.array(0);
}
