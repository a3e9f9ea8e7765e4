// SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF: a backup directory instead of a dump file, a checkpoint
// instead of a rewriting of the log. Made by the main thread; here are the arguments and replies.

import type { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { SaveAnswer } from '../save-figures.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

function write(reply: ReplyWriter, { isError, text }: SaveAnswer): void {
  if (isError) reply.error(text);
  else reply.simple(text);
}

/** SAVE: answered when the backup is there. Redis: serves nobody meanwhile; here others go on. */
export function save(_: CommandContext, session: Session, services: ServerServices): Outcome {
  return services.later(session, services.save(), write);
}

/** BGSAVE [SCHEDULE]. */
export function bgSave(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request } = c;
  const isScheduled = request.argc === 2 && request.is(1, 'schedule');
  if (request.argc > 1 && !isScheduled) return c.fail(ERR_SYNTAX);
  return services.later(session, services.backgroundSave(isScheduled), write);
}

/** LASTSAVE. Redis: before the first backup, the start of the server. */
export function lastSave(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { lastSaveAtMs } = services.process().saves;
  c.reply.integer(Math.floor((lastSaveAtMs || services.facts.startedAtMs) / 1000));
  return DONE;
}

/** BGREWRITEAOF. */
export function rewriteLog(_: CommandContext, session: Session, services: ServerServices): Outcome {
  return services.later(session, services.rewriteLog(), write);
}
