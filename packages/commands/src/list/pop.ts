// LPOP, RPOP and LMPOP.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_POSITIVE, ERR_SYNTAX, wrongArity } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { readEnd, readInteger } from './index-argument.ts';
import { list } from './list-value.ts';

const ERR_NUM_KEYS = 'ERR numkeys should be greater than 0';
const ERR_COUNT = 'ERR count should be greater than 0';

/** LPOP key [count]. */
export function lPop(c: CommandContext): Outcome {
  return pop(c, true);
}

/** RPOP key [count]. */
export function rPop(c: CommandContext): Outcome {
  return pop(c, false);
}

function pop(c: CommandContext, isLeft: boolean): Outcome {
  const { argc } = c.request;
  if (argc > 3) return c.fail(wrongArity(isLeft ? 'lpop' : 'rpop'));
  const count = argc === 3 ? readInteger(c, 2) : 1;
  if (!(count >= 0)) return c.fail(ERR_NOT_POSITIVE);

  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    if (argc === 3) c.reply.nullArray();
    else c.reply.null();
    return DONE;
  }
  const popped = Math.min(count, list.count);
  if (argc === 3) c.reply.array(popped);
  if (popped === 0) return DONE;
  const left = popReplying(c, isLeft, popped);
  if (left !== 0) c.changedAsAsked(left);
  return DONE;
}

/** Pops elements that exist, after replying them; returns the entry, 0 when none are left. */
function popReplying(c: CommandContext, isLeft: boolean, count: number): number {
  const first = isLeft ? 0 : list.count - 1;
  list.reply(c.reply, first, count, !isLeft);
  return list.removeRange(c, isLeft ? 0 : list.count - count, count);
}

/** LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]. */
export function lMPop(c: CommandContext): Outcome {
  const { request } = c;
  const keys = readInteger(c, 1);
  if (!(keys > 0)) return c.fail(ERR_NUM_KEYS);
  const options = 2 + keys;
  const isLeft = options < request.argc ? readEnd(c, options) : null;
  if (isLeft === null) return c.fail(ERR_SYNTAX);
  let count = 1;
  if (options + 1 < request.argc) {
    // COUNT comes once at most.
    const isCount = request.is(options + 1, 'count') && options + 2 < request.argc;
    if (!isCount) return c.fail(ERR_SYNTAX);
    count = readInteger(c, options + 2);
    if (!(count > 0)) return c.fail(ERR_COUNT);
    if (options + 3 < request.argc) return c.fail(ERR_SYNTAX);
  }

  for (let i = 2; i < options; i++) {
    const entry = list.open(c, i);
    if (entry < 0) return c.refuse(entry);
    if (entry !== 0) return popKeyed(c, i, isLeft, Math.min(count, list.count));
  }
  c.reply.nullArray();
  return DONE;
}

/** Pops from the list that was opened last, whose key is at an argument index. */
function popKeyed(c: CommandContext, key: number, isLeft: boolean, count: number): Outcome {
  const { request, reply } = c;
  reply.array(2);
  reply.bulk(request.bytes, request.offset(key), request.length(key));
  reply.array(count);
  const left = popReplying(c, isLeft, count);
  if (left === 0) return DONE;
  const log = c.changedAs(left, isLeft ? 'LPOP' : 'RPOP', 1);
  log?.argumentText(String(count));
  log?.endTold(left);
  return DONE;
}
