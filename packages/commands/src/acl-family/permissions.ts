// ACL CAT, DRYRUN and GENPASS.

import { randomBytes } from 'node:crypto';
import { ACL_CATEGORIES, type AclCategory, type CommandTable } from '@forgekv/catalog';
import { PERMITTED } from '../acl/acl-check.ts';
import { dryRunText } from '../acl/acl-texts.ts';
import { integerArg, shownArg } from '../connection/arguments.ts';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, wrongArity } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { Request } from '../request.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const GENPASS_BITS = 256n;
const MOST_BITS = 4096n;
const BITS_PER_DIGIT = 4n;
const ERR_BITS =
  'ERR ACL GENPASS argument must be the number of bits for the output password, a positive ' +
  `number up to ${MOST_BITS}`;
/** Where the command of ACL DRYRUN begins. */
const DRY_RUN_AT = 3;

/** ACL CAT [category]. */
export function aclCat(c: CommandContext, _: Session, { commands }: ServerServices): Outcome {
  const { request, reply } = c;
  if (request.argc > 3) return c.fail(wrongArity('acl|cat'));
  let names: string[];
  if (request.argc === 2) {
    // Those of modules only where their commands are.
    names = ACL_CATEGORIES.filter((category) => namesIn(commands, category).length > 0);
  } else {
    names = namesIn(commands, request.text(2).toLowerCase());
    if (names.length === 0) return c.fail(`ERR Unknown category '${shownArg(c, 2)}'`);
  }
  reply.array(names.length);
  for (const name of names) reply.text(name);
  return DONE;
}

function namesIn(commands: CommandTable, category: string): string[] {
  return commands.specs
    .filter(({ acl }) => acl.includes(category as AclCategory))
    .map(({ name }) => name);
}

/** ACL GENPASS [bits]: hexadecimal digits. */
export function aclGenPass(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.argc > 3) return c.fail(wrongArity('acl|genpass'));
  const bits = request.argc === 3 ? integerArg(c, 2) : GENPASS_BITS;
  if (bits === null) return c.fail(ERR_NOT_INTEGER);
  if (bits <= 0n || bits > MOST_BITS) return c.fail(ERR_BITS);
  const digits = Number((bits + BITS_PER_DIGIT - 1n) / BITS_PER_DIGIT);
  reply.text(
    randomBytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits),
  );
  return DONE;
}

/** ACL DRYRUN username command [arg ...]. */
export function aclDryRun(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { commands, users } = services;
  const { reply } = c;
  const user = users.all.find(c.request.text(2));
  if (user === undefined) return c.fail(`ERR User '${shownArg(c, 2)}' not found`);
  const request = requestFrom(c.request, DRY_RUN_AT);
  const id = identify(commands, request);
  if (id < 0) return c.fail(`ERR Command '${shownArg(c, DRY_RUN_AT)}' not found`);
  const arity = commands.arity[id]!;
  if (arity > 0 ? request.argc !== arity : request.argc < -arity) {
    return c.fail(wrongArity(commands.names[id]!));
  }
  const verdict = users.check.check(user, id, request);
  if (verdict === PERMITTED) {
    reply.ok();
  } else {
    const what = request.text(users.check.index);
    reply.text(dryRunText(verdict, user.name, commands.names[id]!, what));
  }
  return DONE;
}

/** What stands behind some arguments, as a request of its own. */
function requestFrom(outer: Request, first: number): Request {
  const request = new Request();
  request.source(outer.bytes, outer.view, outer.args);
  request.first = outer.first + first;
  request.argc = outer.argc - first;
  return request;
}

function identify(commands: CommandTable, request: Request): number {
  const { bytes, argc } = request;
  const id = commands.lookupForClients(bytes, request.offset(0), request.length(0));
  if (id < 0 || argc === 1 || commands.isContainer[id] === 0) return id;
  return commands.lookupSub(id, bytes, request.offset(1), request.length(1));
}
