// SADD and SREM.

import { MAX_ELEMENT_BYTES } from '@forgekv/datatypes';
import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE } from '../errors.ts';
import { EVENT_SET } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { SetEdit } from './set-edit.ts';

const set = new SetEdit();

/** SADD key member [member ...]: how many were new. */
export function sadd(c: CommandContext): Outcome {
  const { request } = c;
  for (let i = 2; i < request.argc; i++) {
    // Redis: as long as proto-max-bulk-len says, which may be up to 2 GB.
    if (request.length(i) > MAX_ELEMENT_BYTES) return c.fail(ERR_STRING_SIZE);
  }
  const entry = c.openCollection(1, TYPE_SET);
  if (entry < 0) return c.refuse(entry);
  const stored = set.open(c, entry).add(c, entry, 2);
  if (stored < 0) return c.refuse(stored);
  if (set.added > 0 || set.isConverted) c.changedAsAsked(stored);
  if (set.added > 0) c.note(EVENT_SET, 'sadd');
  c.reply.integer(set.added);
  return DONE;
}

/** SREM key member [member ...]: how many were there. */
export function srem(c: CommandContext): Outcome {
  const entry = c.openCollection(1, TYPE_SET);
  if (entry < 0) return c.refuse(entry);
  let removed = 0;
  if (entry !== 0) {
    const { request } = c;
    set.open(c, entry);
    for (let i = 2; i < request.argc && set.count > 0; i++) {
      if (set.drop(c, request.bytes, request.offset(i), request.length(i))) removed++;
    }
  }
  if (removed > 0) {
    const stored = set.settle(c, entry);
    if (stored > 0) c.changedAsAsked(stored);
    c.noteLeft(EVENT_SET, 'srem', stored);
  }
  c.reply.integer(removed);
  return DONE;
}
