// Whether a command may be called as it was: its name and its number of arguments.

import { FLAG_WRITE } from '@forgekv/catalog';
import { UNKNOWN } from './batch-router.ts';
import type { CommandContext } from './context.ts';
import { wrongArity } from './errors.ts';
import type { CommandRegistry } from './registry.ts';
import { unknownCommand, unknownSubcommand } from './unknown-command.ts';

/**
 * Checks the command in the context's request.
 * @param id as BatchRouter found it
 * @returns true when it may run; else the error is written
 */
export function admit(c: CommandContext, registry: CommandRegistry, id: number): boolean {
  const { request, reply } = c;
  const { table } = registry;
  if (id === UNKNOWN) {
    reply.error(unknownCommand(request));
    return false;
  }
  if (id < 0) {
    reply.error(unknownSubcommand(table.names[-2 - id]!, request));
    return false;
  }
  const arity = table.arity[id]!;
  let problem = '';
  if (arity > 0 ? request.argc !== arity : request.argc < -arity) {
    problem = wrongArity(table.names[id]!);
  } else if (c.log !== null && (table.flagBits[id]! & FLAG_WRITE) !== 0) {
    problem = logProblem(c);
  }
  if (problem === '') return true;
  reply.error(problem);
  c.stats.rejected(id);
  return false;
}

/** Why a write cannot be logged now, or ''. */
function logProblem({ log, request, writeRefusal }: CommandContext): string {
  return writeRefusal || log!.refusalOf(request.end - request.start);
}
