// ACL SETUSER, DELUSER, LOAD and SAVE: the main thread does them, for all threads.

import type { ReplyWriter } from '@forgekv/protocol';
import { hasBlanks } from '../acl/acl-selector.ts';
import { DEFAULT_USER } from '../acl/acl-users.ts';
import type { CommandContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const BAD_NAME = "ERR Usernames can't contain spaces or null characters";
const NOT_THE_DEFAULT = "ERR The 'default' user cannot be removed";

/** ACL SETUSER username [rule ...]. */
export function aclSetUser(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const [name, ...rules] = wordsFrom(c, 2);
  if (hasBlanks(name!)) return c.fail(BAD_NAME);
  return services.later(session, services.users.setUser(name!, rules), okOr);
}

/** ACL DELUSER username [username ...]. */
export function aclDelUser(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const names = wordsFrom(c, 2);
  if (names.includes(DEFAULT_USER)) return c.fail(NOT_THE_DEFAULT);
  return services.later(session, services.users.deleteUsers(names), (reply, count) =>
    reply.integer(count),
  );
}

/** ACL LOAD. */
export function aclLoad(_: CommandContext, session: Session, services: ServerServices): Outcome {
  return services.later(session, services.users.loadUsers(), okOr);
}

/** ACL SAVE. */
export function aclSave(_: CommandContext, session: Session, services: ServerServices): Outcome {
  return services.later(session, services.users.saveUsers(), okOr);
}

function okOr(reply: ReplyWriter, problem: string): void {
  if (problem === '') reply.ok();
  else reply.error(problem);
}

/** The arguments from an index on, as latin-1. */
function wordsFrom({ request }: CommandContext, first: number): string[] {
  return Array.from({ length: request.argc - first }, (_, i) => request.text(first + i));
}
