// ACL GETUSER, LIST, USERS and WHOAMI: what this thread knows of the users.

import type { ReplyWriter } from '@forgekv/protocol';
import type { AclSelector } from '../acl/acl-selector.ts';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

/** ACL WHOAMI. */
export function aclWhoAmI(c: CommandContext, session: Session): Outcome {
  c.reply.text(session.user);
  return DONE;
}

/** ACL USERS. */
export function aclUsers(c: CommandContext, _: Session, { users }: ServerServices): Outcome {
  return writeTexts(
    c,
    users.all.sorted().map(({ name }) => name),
  );
}

/** ACL LIST. */
export function aclList(c: CommandContext, _: Session, { users }: ServerServices): Outcome {
  return writeTexts(c, users.all.lines());
}

/** ACL GETUSER username. */
export function aclGetUser(c: CommandContext, _: Session, { users }: ServerServices): Outcome {
  const { reply, request } = c;
  const user = users.all.find(request.text(2));
  if (user === undefined) {
    reply.null();
    return DONE;
  }
  const [root, ...others] = user.selectors;
  reply.map(6);
  reply.text('flags');
  reply.set(user.flags.length);
  for (const flag of user.flags) reply.text(flag);
  reply.text('passwords');
  reply.array(user.passwords.length);
  for (const hash of user.passwords) reply.text(hash);
  writeSelector(reply, root!);
  reply.text('selectors');
  reply.array(others.length);
  for (const selector of others) {
    reply.map(3);
    writeSelector(reply, selector);
  }
  return DONE;
}

/** Writes the three pairs of a map. */
function writeSelector(reply: ReplyWriter, selector: AclSelector): void {
  reply.text('commands');
  reply.text(selector.commandRules);
  reply.text('keys');
  reply.text(selector.keyRules);
  reply.text('channels');
  reply.text(selector.channelRules);
}

function writeTexts(c: CommandContext, texts: readonly string[]): Outcome {
  c.reply.array(texts.length);
  for (const text of texts) c.reply.text(text);
  return DONE;
}
