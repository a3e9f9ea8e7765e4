// XTRIM, XDEL, XSETID, XLEN.

import { StreamId } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NO_SUCH_KEY, ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { EVENT_STREAM } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { ERR_STREAM_ID, readCount, readId, readIds } from './id-argument.ts';
import { stream } from './stream-value.ts';
import { trimOptions } from './trim-options.ts';

const ERR_ADDED = 'ERR entries_added must be positive';
const ERR_BELOW_GIVEN =
  'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id';
const ERR_BELOW_DELETED =
  'ERR The ID specified in XSETID is smaller than current max_deleted_entry_id';
const ERR_BELOW_TOP = 'ERR The ID specified in XSETID is smaller than the target stream top item';
const ERR_BELOW_LENGTH =
  'ERR The entries_added specified in XSETID is smaller than the target stream length';

/** XLEN key. */
export function xLen(c: CommandContext): Outcome {
  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  c.reply.integer(entry === 0 ? 0 : stream.value.length);
  return DONE;
}

/** XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]. */
export function xTrim(c: CommandContext): Outcome {
  const problem = trimOptions.read(c, false);
  if (problem !== '') return c.fail(problem);
  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { rule } = trimOptions;
  const removed = entry === 0 || rule === null ? 0 : stream.value.trim(rule);
  if (removed > 0) {
    stream.touch(c);
    const log = c.changedAs(entry, 'XTRIM', 3);
    log?.argumentWord('MAXLEN');
    log?.argumentWord('=');
    log?.argumentText(String(stream.value.length));
    log?.endTold(entry);
    c.note(EVENT_STREAM, 'xtrim');
  }
  c.reply.integer(removed);
  return DONE;
}

/** XDEL key id [id ...]. */
export function xDel(c: CommandContext): Outcome {
  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.reply.integer(0);
    return DONE;
  }
  const ids = readIds(c, 2);
  if (ids === null) return c.fail(ERR_STREAM_ID);
  let removed = 0;
  for (const id of ids) if (stream.value.delete(id)) removed++;
  if (removed > 0) {
    stream.touch(c);
    c.changedAsAsked(entry);
    c.note(EVENT_STREAM, 'xdel');
  }
  c.reply.integer(removed);
  return DONE;
}

/** XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]. */
export function xSetId(c: CommandContext): Outcome {
  const { request } = c;
  const id = new StreamId();
  const deleted = new StreamId();
  let added = -1;
  if (!readId(c, 2, id)) return c.fail(ERR_STREAM_ID);
  for (let i = 3; i < request.argc; i += 2) {
    const hasMore = i + 1 < request.argc;
    if (hasMore && request.is(i, 'entriesadded')) {
      added = readCount(c, i + 1);
      if (Number.isNaN(added)) return c.fail(ERR_NOT_INTEGER);
      if (added < 0) return c.fail(ERR_ADDED);
    } else if (hasMore && request.is(i, 'maxdeletedid')) {
      if (!readId(c, i + 1, deleted)) return c.fail(ERR_STREAM_ID);
      if (id.compare(deleted) < 0) return c.fail(ERR_BELOW_GIVEN);
    } else {
      return c.fail(ERR_SYNTAX);
    }
  }

  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_SUCH_KEY);
  const { value } = stream;
  if (id.compare(value.maxDeletedId) < 0) return c.fail(ERR_BELOW_DELETED);
  if (value.length > 0) {
    const last = new StreamId();
    if (value.lastEntry(last) && id.compare(last) < 0) return c.fail(ERR_BELOW_TOP);
    if (added !== -1 && value.length > added) return c.fail(ERR_BELOW_LENGTH);
  }
  value.setLastId(id, added === -1 ? null : added, deleted.isZero ? null : deleted);
  stream.touch(c);
  c.changedAsAsked(entry);
  c.note(EVENT_STREAM, 'xsetid');
  c.reply.ok();
  return DONE;
}
