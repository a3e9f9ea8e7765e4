// The options of CLIENT KILL and CLIENT LIST, as filters over connections.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import type { ServerServices } from '../services.ts';
import type { ClientFilter, Session } from '../session.ts';
import { integerArg, shownArg } from './arguments.ts';

type ClientType = NonNullable<ClientFilter['type']>;

const ERR_CLIENT_ID = 'ERR client-id should be greater than 0';
const ERR_MAX_AGE = 'ERR maxage is not an integer or out of range';
const ERR_MAX_AGE_POSITIVE = 'ERR maxage should be greater than 0';

/** Reads the type of connection at an argument index; null when it is none. */
export function clientTypeArg(c: CommandContext, index: number): ClientType | null {
  const { request } = c;
  if (request.is(index, 'normal')) return 'normal';
  if (request.is(index, 'master')) return 'master';
  if (request.is(index, 'pubsub')) return 'pubsub';
  return request.is(index, 'replica') || request.is(index, 'slave') ? 'replica' : null;
}

/** The error for an argument that is no type of connection. */
export function unknownClientType(c: CommandContext, index: number): string {
  return `ERR Unknown client type '${shownArg(c, index)}'`;
}

/**
 * Reads the option-value pairs of CLIENT KILL; of an option given twice the last one counts. The
 * caller itself is spared unless SKIPME says no.
 * @returns the filter, or null after an error reply
 */
export function readKillFilter(
  c: CommandContext,
  session: Session,
  services: ServerServices,
): ClientFilter | null {
  const filter: ClientFilter = { exceptId: session.id };
  for (let i = 2; i < c.request.argc; i += 2) {
    const problem =
      i + 1 < c.request.argc ? readKillOption(c, i, filter, session, services) : ERR_SYNTAX;
    if (problem !== null) {
      c.fail(problem);
      return null;
    }
  }
  return filter;
}

/** Reads one pair into the filter; returns an error text or null. */
function readKillOption(
  c: CommandContext,
  i: number,
  filter: ClientFilter,
  session: Session,
  { users }: ServerServices,
): string | null {
  const { request } = c;
  const at = i + 1;
  if (request.is(i, 'id')) {
    const id = integerArg(c, at);
    if (id === null || id <= 0n) return ERR_CLIENT_ID;
    filter.ids = [Number(id)];
  } else if (request.is(i, 'type')) {
    const type = clientTypeArg(c, at);
    if (type === null) return unknownClientType(c, at);
    filter.type = type;
  } else if (request.is(i, 'addr')) {
    filter.address = request.text(at);
  } else if (request.is(i, 'laddr')) {
    filter.localAddress = request.text(at);
  } else if (request.is(i, 'user')) {
    const user = request.text(at);
    if (users.all.find(user) === undefined) return `ERR No such user '${shownArg(c, at)}'`;
    filter.user = user;
  } else if (request.is(i, 'maxage')) {
    const seconds = integerArg(c, at);
    if (seconds === null) return ERR_MAX_AGE;
    if (seconds <= 0n) return ERR_MAX_AGE_POSITIVE;
    filter.maxAgeSeconds = Number(seconds);
  } else if (request.is(i, 'skipme')) {
    if (request.is(at, 'yes')) filter.exceptId = session.id;
    else if (request.is(at, 'no')) delete filter.exceptId;
    else return ERR_SYNTAX;
  } else {
    return ERR_SYNTAX;
  }
  return null;
}
