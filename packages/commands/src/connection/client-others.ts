// The CLIENT subcommands about all connections: LIST, KILL, UNBLOCK, PAUSE, UNPAUSE. They may live
// on other fronts, so LIST, KILL and UNBLOCK are answered later.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { PauseMode, ServerServices } from '../services.ts';
import type { ClientFacts, ClientFilter, Session } from '../session.ts';
import { integerArg, shownArg } from './arguments.ts';
import { clientTypeArg, readKillFilter, unknownClientType } from './client-filter.ts';
import { clientLine } from './client-line.ts';

const INT64_MAX = 9223372036854775807n;
const ERR_INVALID_ID = 'ERR Invalid client ID';
const ERR_NO_SUCH_CLIENT = 'ERR No such client';
const ERR_PAUSE_MODE = 'ERR CLIENT PAUSE mode must be WRITE or ALL';
const ERR_REASON = 'ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR';
const ERR_TIMEOUT = 'ERR timeout is not an integer or out of range';
const ERR_TIMEOUT_NEGATIVE = 'ERR timeout is negative';
const ERR_TIMEOUT_RANGE = 'ERR timeout is out of range';

/** CLIENT LIST [TYPE type | ID id [id ...]]. */
export function clientList(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request } = c;
  const filter: ClientFilter = {};
  if (request.argc === 4 && request.is(2, 'type')) {
    const type = clientTypeArg(c, 3);
    if (type === null) return c.fail(unknownClientType(c, 3));
    filter.type = type;
  } else if (request.argc > 3 && request.is(2, 'id')) {
    const ids = readIds(c, 3);
    if (ids === null) return c.fail(ERR_INVALID_ID);
    filter.ids = ids;
  } else if (request.argc !== 2) {
    return c.fail(ERR_SYNTAX);
  }
  return services.later(session, services.clients(filter), (reply, clients) => {
    reply.verbatim(inOrder(clients, filter.ids).map(clientLine).join(''));
  });
}

/** Returns the ids from an argument on, each once; null when one is no integer. */
function readIds(c: CommandContext, first: number): number[] | null {
  const ids = new Set<number>();
  for (let i = first; i < c.request.argc; i++) {
    const id = integerArg(c, i);
    if (id === null) return null;
    ids.add(Number(id));
  }
  return [...ids];
}

/**
 * In the order the ids were given. Redis: a connection is listed as often as its id is given,
 * which turns a small request into any amount of reply.
 */
function inOrder(clients: ClientFacts[], ids: number[] | undefined): ClientFacts[] {
  if (ids === undefined) return clients;
  const byId = new Map(clients.map((facts) => [facts.id, facts]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** CLIENT KILL address, or CLIENT KILL option value [option value ...]. */
export function clientKill(c: CommandContext, session: Session, services: ServerServices): Outcome {
  if (c.request.argc === 3) {
    const killed = services.kill({ address: c.request.text(2) }, session);
    return services.later(session, killed, (reply, count) => {
      if (count > 0) reply.ok();
      else reply.error(ERR_NO_SUCH_CLIENT);
    });
  }
  const filter = readKillFilter(c, session, services);
  if (filter === null) return DONE;
  const killed = services.kill(filter, session);
  return services.later(session, killed, (reply, count) => reply.integer(count));
}

/** CLIENT UNBLOCK id [TIMEOUT | ERROR]. */
export function clientUnblock(
  c: CommandContext,
  session: Session,
  services: ServerServices,
): Outcome {
  const { request } = c;
  if (request.argc > 4) {
    const name = shownArg(c, 1);
    const problem = `unknown subcommand or wrong number of arguments for '${name}'`;
    return c.fail(`ERR ${problem}. Try CLIENT HELP.`);
  }
  const isError = request.argc === 4 && request.is(3, 'error');
  if (request.argc === 4 && !isError && !request.is(3, 'timeout')) return c.fail(ERR_REASON);
  const id = integerArg(c, 2);
  if (id === null) return c.fail(ERR_NOT_INTEGER);
  const unblocked = services.unblock(Number(id), isError);
  return services.later(session, unblocked, (reply, count) => reply.integer(count));
}

/** CLIENT PAUSE timeout [WRITE | ALL]. */
export function clientPause(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { request } = c;
  if (request.argc > 4) {
    const name = shownArg(c, 1);
    const problem = `unknown subcommand or wrong number of arguments for '${name}'`;
    return c.fail(`ERR ${problem}. Try CLIENT HELP.`);
  }
  let mode: PauseMode = 'all';
  if (request.argc === 4) {
    if (request.is(3, 'write')) mode = 'write';
    else if (!request.is(3, 'all')) return c.fail(ERR_PAUSE_MODE);
  }
  const timeoutMs = integerArg(c, 2);
  if (timeoutMs === null) return c.fail(ERR_TIMEOUT);
  if (timeoutMs < 0n) return c.fail(ERR_TIMEOUT_NEGATIVE);
  // Redis: 7.0 lets the sum overflow and then does not pause at all.
  if (timeoutMs > INT64_MAX - BigInt(c.nowMs)) return c.fail(ERR_TIMEOUT_RANGE);
  services.pause(mode, c.nowMs + Number(timeoutMs));
  c.reply.ok();
  return DONE;
}

/** CLIENT UNPAUSE. */
export function clientUnpause(c: CommandContext, _: Session, services: ServerServices): Outcome {
  services.unpause();
  c.reply.ok();
  return DONE;
}
