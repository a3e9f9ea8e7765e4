// COMMAND and its subcommands: the catalog's view of the commands this version has.

import {
  commandCount,
  commandDocs,
  commandGetKeys,
  commandGetKeysAndFlags,
  commandInfo,
  commandList,
  type ListFilter,
  type ReplyTree,
} from '@forgekv/catalog';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { writeTree } from './reply-tree.ts';

/** COMMAND. */
export function command(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  return answer(c, commandInfo(commands, null));
}

/** COMMAND COUNT. */
export function count(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  return answer(c, commandCount(commands));
}

/** COMMAND INFO [name ...]. */
export function info(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  return answer(c, commandInfo(commands, namesFrom(c, 2)));
}

/** COMMAND DOCS [name ...]. */
export function docs(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  return answer(c, commandDocs(commands, namesFrom(c, 2)));
}

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]. */
export function list(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  const { request } = c;
  let filter: ListFilter | null = null;
  if (request.argc !== 2) {
    if (request.argc !== 5 || !request.is(2, 'filterby')) return c.fail(ERR_SYNTAX);
    if (request.is(3, 'module')) filter = { module: request.text(4) };
    else if (request.is(3, 'aclcat')) filter = { aclCategory: request.text(4) };
    else if (request.is(3, 'pattern')) filter = { pattern: request.slice(4) };
    else return c.fail(ERR_SYNTAX);
  }
  return answer(c, commandList(commands, filter));
}

/** COMMAND GETKEYS command [arg ...]. */
export function getKeys(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  const { request } = c;
  const reader = (index: number): Uint8Array => request.slice(index + 2);
  return answer(c, commandGetKeys(commands, request.argc - 2, reader));
}

/** COMMAND GETKEYSANDFLAGS command [arg ...]. */
export function getKeysAndFlags(
  c: CommandContext,
  _: Session,
  { commands }: ServerServices,
): Outcome {
  const { request } = c;
  const reader = (index: number): Uint8Array => request.slice(index + 2);
  return answer(c, commandGetKeysAndFlags(commands, request.argc - 2, reader));
}

/** The arguments from an index on, or null when there are none. */
function namesFrom(c: CommandContext, first: number): string[] | null {
  if (c.request.argc <= first) return null;
  const names: string[] = [];
  for (let i = first; i < c.request.argc; i++) names.push(c.request.text(i));
  return names;
}

function answer(c: CommandContext, tree: ReplyTree): Outcome {
  writeTree(c.reply, tree);
  return DONE;
}
