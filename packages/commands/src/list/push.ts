// LPUSH, RPUSH and their variants for lists that exist.

import { MAX_ELEMENT_BYTES } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE } from '../errors.ts';
import { EVENT_LIST } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { list } from './list-value.ts';

/** LPUSH key element [element ...]. */
export function lPush(c: CommandContext): Outcome {
  return push(c, true, false);
}

/** RPUSH key element [element ...]. */
export function rPush(c: CommandContext): Outcome {
  return push(c, false, false);
}

/** LPUSHX key element [element ...]. */
export function lPushX(c: CommandContext): Outcome {
  return push(c, true, true);
}

/** RPUSHX key element [element ...]. */
export function rPushX(c: CommandContext): Outcome {
  return push(c, false, true);
}

/** True when an argument from an index on is longer than an element can be. */
export function isElementTooLong(c: CommandContext, first: number): boolean {
  const { request } = c;
  if (request.end - request.start <= MAX_ELEMENT_BYTES) return false;
  for (let i = first; i < request.argc; i++) {
    if (request.length(i) > MAX_ELEMENT_BYTES) return true;
  }
  return false;
}

function push(c: CommandContext, isLeft: boolean, mustExist: boolean): Outcome {
  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0 && mustExist) {
    c.reply.integer(0);
    return DONE;
  }
  if (isElementTooLong(c, 2)) return c.fail(ERR_STRING_SIZE);
  const stored = list.push(c, isLeft, 2);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_LIST, isLeft ? 'lpush' : 'rpush');
  c.reply.integer(list.count);
  return DONE;
}
