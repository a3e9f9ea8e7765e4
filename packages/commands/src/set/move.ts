// SMOVE.

import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { EVENT_SET } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { SetEdit } from './set-edit.ts';

const source = new SetEdit();
const target = new SetEdit();
const MEMBER = 3;

/** SMOVE source destination member: 1 when it was there. */
export function smove(c: CommandContext): Outcome {
  const { request } = c;
  const bytes = request.bytes;
  const offset = request.offset(MEMBER);
  const length = request.length(MEMBER);
  const from = c.openCollection(1, TYPE_SET);
  if (from < 0) return c.refuse(from);
  if (from === 0) return reply(c, false);
  source.open(c, from);
  const to = c.openCollection(2, TYPE_SET);
  if (to < 0) return c.refuse(to);
  if (!source.has(c, bytes, offset, length)) return reply(c, false);
  if (to === from) return reply(c, true);

  // In the order of Redis; forgotten again when the addition is refused.
  c.noteLeft(EVENT_SET, 'srem', source.count - 1);
  // The addition comes first: it is the step that can fail.
  const stored = target.open(c, to).add(c, to, MEMBER);
  if (stored < 0) return c.refuse(stored);
  if (target.added > 0 || target.isConverted) logMember(c, stored, 'SADD');
  if (target.added > 0) c.note(EVENT_SET, 'sadd', 2);
  c.select(1, c.db);
  c.loadValue(from);
  source.open(c, from).drop(c, bytes, offset, length);
  const left = source.settle(c, from);
  if (left > 0) logMember(c, left, 'SREM');
  return reply(c, true);
}

function logMember(c: CommandContext, entry: number, name: string): void {
  const { request } = c;
  const log = c.changedAs(entry, name, 1);
  log?.argument(request.bytes, request.offset(MEMBER), request.length(MEMBER));
  log?.endTold(entry);
}

function reply(c: CommandContext, isMoved: boolean): Outcome {
  source.close();
  target.close();
  c.reply.integer(isMoved ? 1 : 0);
  return DONE;
}
