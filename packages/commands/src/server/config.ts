// CONFIG GET, SET, REWRITE, RESETSTAT. Reading is local; changing concerns every thread, so it is
// answered later.

import { configSetError } from '@forgekv/config';
import type { ReplyWriter } from '@forgekv/protocol';
import { shownArg } from '../connection/arguments.ts';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** CONFIG GET pattern [pattern ...]. */
export function configGet(c: CommandContext): Outcome {
  const { config, reply, request } = c;
  const patterns: Uint8Array[] = [];
  for (let i = 2; i < request.argc; i++) patterns.push(request.slice(i));
  const found = config.get(patterns);
  reply.map(found.length);
  for (const [name, value] of found) {
    reply.utf8(name);
    reply.utf8(value);
  }
  return DONE;
}

/** CONFIG SET name value [name value ...]: all of them or none. */
export function configSet(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request } = c;
  if (request.argc % 2 !== 0) return c.fail(ERR_SYNTAX);
  const pairs: [name: string, value: string][] = [];
  for (let i = 2; i < request.argc; i += 2) {
    const value = utf8Arg(c, i + 1);
    // Redis: takes any bytes; here a value is text, and must not change on its way to a file.
    if (value === null) {
      return c.fail(configSetError(shownArg(c, i), 'argument is not UTF-8 text'));
    }
    pairs.push([request.text(i), value]);
  }
  return services.later(session, services.setConfig(pairs, session), okOrProblem);
}

/** CONFIG REWRITE. */
export function configRewrite(
  _: CommandContext,
  session: Session,
  services: ServerServices,
): Outcome {
  return services.later(session, services.rewriteConfig(), okOrProblem);
}

function okOrProblem(reply: ReplyWriter, problem: string | null): void {
  if (problem === null) reply.ok();
  else reply.error(problem);
}

function utf8Arg(c: CommandContext, index: number): string | null {
  try {
    return UTF8.decode(c.request.slice(index));
  } catch {
    return null;
  }
}

/** CONFIG RESETSTAT. */
export function configResetStat(
  _: CommandContext,
  session: Session,
  services: ServerServices,
): Outcome {
  return services.later(session, services.resetStats(), (reply) => reply.ok());
}
