// SINTER, SINTERCARD, SUNION and SDIFF: what several sets make together, as a reply. Storing it is
// in algebra-store.ts.

import { LargeSet } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { MemberList } from './member-list.ts';
import { SetGroup } from './set-group.ts';

const ERR_NUMKEYS = 'ERR numkeys should be greater than 0';
const ERR_TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";
const ERR_LIMIT = "ERR LIMIT can't be negative";

const group = new SetGroup();
const found = new MemberList();

/** SINTER key [key ...]. */
export function sinter(c: CommandContext): Outcome {
  const opened = group.open(c, 1, c.request.argc - 1);
  if (opened < 0) return c.refuse(opened);
  group.countReads(c);
  found.clear();
  group.inCommon(c, listFound);
  return replyFound(c);
}

/** SDIFF key [key ...]. */
export function sdiff(c: CommandContext): Outcome {
  const opened = group.open(c, 1, c.request.argc - 1);
  if (opened < 0) return c.refuse(opened);
  group.countReads(c);
  found.clear();
  group.onlyInFirst(c, listFound);
  return replyFound(c);
}

function listFound(bytes: Buffer, offset: number, length: number): boolean {
  found.add(bytes, offset, length);
  return true;
}

function replyFound(c: CommandContext): Outcome {
  group.close();
  c.reply.set(found.count);
  for (let i = 0; i < found.count; i++) {
    c.reply.bulk(found.bytes, found.offset(i), found.length(i));
  }
  found.clear();
  return DONE;
}

/** SUNION key [key ...]. */
export function sunion(c: CommandContext): Outcome {
  const opened = group.open(c, 1, c.request.argc - 1);
  if (opened < 0) return c.refuse(opened);
  group.countReads(c);
  found.clear();
  if (group.sets.length - group.misses <= 1) {
    group.all(listFound);
    return replyFound(c);
  }
  const seen = new LargeSet(c.largeOptions);
  group.all((bytes, offset, length) => {
    if (seen.insert(bytes, offset, length)) found.add(bytes, offset, length);
    return true;
  });
  return replyFound(c);
}

/** SINTERCARD numkeys key [key ...] [LIMIT limit]. */
export function sinterCard(c: CommandContext): Outcome {
  const { request } = c;
  const keys = request.int64(1);
  if (keys === null || keys < 1n) return c.fail(ERR_NUMKEYS);
  if (keys > request.argc - 2) return c.fail(ERR_TOO_MANY_KEYS);
  let limit = 0n;
  for (let i = 2 + Number(keys); i < request.argc; i++) {
    if (!request.is(i, 'limit') || i + 1 >= request.argc) return c.fail(ERR_SYNTAX);
    const given = request.int64(++i);
    if (given === null || given < 0n) return c.fail(ERR_LIMIT);
    limit = given;
  }
  const opened = group.open(c, 2, Number(keys));
  if (opened < 0) return c.refuse(opened);
  group.countReads(c);
  let count = 0;
  const enough = limit === 0n ? Infinity : Number(limit);
  group.inCommon(c, () => ++count < enough);
  group.close();
  c.reply.integer(count);
  return DONE;
}
