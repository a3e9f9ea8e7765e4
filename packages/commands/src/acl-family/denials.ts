// ACL LOG: what was refused lately.

import type { ReplyWriter } from '@forgekv/protocol';
import type { AclLogEntry } from '../acl/acl-log.ts';
import { integerArg } from '../connection/arguments.ts';
import { clientLine } from '../connection/client-line.ts';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, wrongArity } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const DEFAULT_COUNT = 10n;
const MOST = BigInt(Number.MAX_SAFE_INTEGER);

/** ACL LOG [count | RESET]. */
export function aclLog(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const { request } = c;
  if (request.argc > 3) return c.fail(wrongArity('acl|log'));
  if (request.argc === 3 && request.is(2, 'reset')) {
    return services.later(session, services.users.forgetDenials(), (reply) => reply.ok());
  }
  let count = DEFAULT_COUNT;
  if (request.argc === 3) {
    const given = integerArg(c, 2);
    if (given === null) return c.fail(ERR_NOT_INTEGER);
    count = given < 0n ? 0n : given > MOST ? MOST : given;
  }
  const answer = services.users.denials(Number(count));
  return services.later(session, answer, (reply, entries) => {
    reply.array(entries.length);
    for (const entry of entries) writeEntry(reply, entry, Date.now());
  });
}

function writeEntry(reply: ReplyWriter, entry: AclLogEntry, nowMs: number): void {
  const { denial, count, id, createdAtMs, updatedAtMs } = entry;
  const { client } = denial;
  reply.map(10);
  reply.text('count');
  reply.integer(count);
  reply.text('reason');
  reply.text(denial.reason);
  reply.text('context');
  reply.text(denial.context);
  reply.text('object');
  reply.text(denial.object);
  reply.text('username');
  reply.text(denial.user);
  reply.text('age-seconds');
  reply.double(Math.max(0, nowMs - updatedAtMs) / 1000);
  reply.text('client-info');
  // A client that has gone since.
  reply.text(typeof client === 'number' ? `id=${client}` : clientLine(client).trimEnd());
  reply.text('entry-id');
  reply.integer(id);
  reply.text('timestamp-created');
  reply.integer(createdAtMs);
  reply.text('timestamp-last-updated');
  reply.integer(updatedAtMs);
}
