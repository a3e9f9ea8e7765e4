// Whether a command may be called as it was and now: its name, its number of arguments, who calls
// it, and whether there is room for what it may change. The checks are in Redis's order.

import { FLAG_DENYOOM, FLAG_NO_AUTH, FLAG_WRITE } from '@forgekv/catalog';
import { CAP_REFUSE, CAP_UNDER, type DatasetCap } from '@forgekv/keyspace';
import { UNKNOWN } from './batch-router.ts';
import type { CommandContext } from './context.ts';
import { NO_AUTH, OUT_OF_MEMORY, wrongArity } from './errors.ts';
import type { CommandRegistry } from './registry.ts';
import type { Request } from './request.ts';
import { unknownCommand, unknownSubcommand } from './unknown-command.ts';

/** Shorter commands bring all their bytes to the log with their effects. */
const LONG_BYTES = 64 * 1024;

/** Says of a command whether its caller may not run it: an error reply, or ''. */
export interface Permit {
  problemOf(id: number): string;
}

/**
 * Checks the command in the context's request.
 * @param id as BatchRouter found it
 * @param permit null: the caller may do everything
 * @returns true when it may run; else the error is written
 */
export function admit(
  c: CommandContext,
  registry: CommandRegistry,
  id: number,
  isAuthenticated = true,
  permit: Permit | null = null,
): boolean {
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
  const flags = table.flagBits[id]!;
  let problem = '';
  if (arity > 0 ? request.argc !== arity : request.argc < -arity) {
    problem = arityProblem(table.names[id]!, request);
  } else if (!isAuthenticated && (flags & FLAG_NO_AUTH) === 0) {
    problem = NO_AUTH;
  } else if (permit !== null) {
    problem = permit.problemOf(id);
  }
  if (problem === '') problem = roomProblem(c, flags, table.lastKey[id]!);
  if (problem === '') return true;
  reply.error(problem);
  c.stats.rejected(id);
  return false;
}

function arityProblem(name: string, request: Request): string {
  return name.startsWith('debug|') ? unknownSubcommand('debug', request) : wrongArity(name);
}

/** Why a command may not change anything now, as an error reply, or ''. */
function roomProblem(c: CommandContext, flags: number, lastKey: number): string {
  if (c.log === null || (flags & FLAG_WRITE) === 0) return '';
  const { cap } = c.table;
  if (cap.state !== CAP_UNDER && (flags & FLAG_DENYOOM) !== 0 && refuses(cap)) return OUT_OF_MEMORY;
  return logProblem(c, lastKey < 0 ? c.request.argc : 1);
}

/**
 * Checks a transaction before its first command, which were all admitted when they were queued.
 * @param flags of all commands together
 * @returns '' or an error reply
 */
export function transactionProblem(
  c: CommandContext,
  flags: number,
  bytes: number,
  commands: number,
): string {
  if (c.log === null || (flags & FLAG_WRITE) === 0) return '';
  const { cap } = c.table;
  const isFull = cap.state !== CAP_UNDER && (flags & FLAG_DENYOOM) !== 0 && refuses(cap);
  const problem = isFull ? OUT_OF_MEMORY : c.writeRefusal || c.log.refusalOf(bytes, commands);
  return problem === '' ? '' : `EXECABORT Transaction discarded because of: ${problem}`;
}

/** True when the dataset is above its cap, now, and nothing may be evicted. */
function refuses(cap: DatasetCap): boolean {
  cap.look();
  return cap.state === CAP_REFUSE;
}

/** Why a write to so many keys cannot be logged now, or ''. */
function logProblem(c: CommandContext, keys: number): string {
  const { log, request, writeRefusal } = c;
  if (writeRefusal !== '') return writeRefusal;
  const length = request.end - request.start;
  const elsewhere = length > LONG_BYTES ? c.bytesElsewhere() : 0;
  return log!.refusalOf(length - elsewhere, keys);
}
