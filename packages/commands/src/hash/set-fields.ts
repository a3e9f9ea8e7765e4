// HSET, HMSET and HSETNX.

import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_HASH } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { hash } from './hash-value.ts';

/** HSET key field value [field value ...]: how many fields are new. */
export function hSet(c: CommandContext): Outcome {
  const created = setPairs(c, 'hset');
  if (created >= 0) c.reply.integer(created);
  return settle(c, created);
}

/** HMSET key field value [field value ...]. */
export function hMSet(c: CommandContext): Outcome {
  const created = setPairs(c, 'hmset');
  if (created >= 0) c.reply.ok();
  return settle(c, created);
}

const WRONG_ARITY = -100;

/** Returns how many fields are new, or a reason for `settle`. */
function setPairs(c: CommandContext, name: string): number {
  const { argc } = c.request;
  if (argc % 2 !== 0) {
    c.reply.error(wrongArity(name));
    return WRONG_ARITY;
  }
  let entry = hash.open(c, 1);
  if (entry >= 0) entry = hash.beginSet(c, entry, 2, (argc - 2) / 2);
  if (entry < 0) return entry;
  let created = 0;
  for (let i = 2; i < argc; i += 2) if (hash.set(c, i, i + 1)) created++;
  c.changedAsAsked(hash.end(c, entry));
  c.note(EVENT_HASH, 'hset');
  return created;
}

function settle(c: CommandContext, created: number): Outcome {
  return created >= 0 || created === WRONG_ARITY ? DONE : c.refuse(created);
}

/** HSETNX key field value. */
export function hSetNx(c: CommandContext): Outcome {
  let entry = hash.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry !== 0 && hash.find(c, 2)) {
    c.reply.integer(0);
    return DONE;
  }
  entry = hash.beginSet(c, entry, 2, 1);
  if (entry < 0) return c.refuse(entry);
  hash.set(c, 2, 3);
  c.changedAsAsked(hash.end(c, entry));
  c.note(EVENT_HASH, 'hset');
  c.reply.integer(1);
  return DONE;
}
