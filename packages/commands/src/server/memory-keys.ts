// MEMORY HOTKEYS and MEMORY BIGKEYS, which Redis does not have: the keys that clients ask for most,
// and those with the longest values, without a walk over all keys. See hot-keys.ts of rings and
// big-keys.ts of keyspace for how exact that is.

import { biggestKeys } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { typeName } from '../generic/type-names.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const DEFAULT_COUNT = 16;
const MOST_COUNT = 1024;
const BAD_COUNT = `ERR COUNT should be between 1 and ${MOST_COUNT}`;

/** MEMORY HOTKEYS [COUNT count]: of each the key, its database, accesses a second. */
export function memoryHotKeys(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const count = countOf(c);
  if (typeof count === 'string') return c.fail(count);
  const keys = services.diagnostics.hotKeys(count);
  c.reply.array(keys.length);
  for (const { key, db, perSecond } of keys) {
    c.reply.array(3);
    c.reply.bulk(key, 0, key.length);
    c.reply.integer(db);
    c.reply.double(Math.round(perSecond * 10) / 10);
  }
  return DONE;
}

/** MEMORY BIGKEYS [COUNT count]: of each the key, its database, type, bytes of the value. */
export function memoryBigKeys(c: CommandContext): Outcome {
  const count = countOf(c);
  if (typeof count === 'string') return c.fail(count);
  const keys = biggestKeys(c.table, c.databases, count);
  c.reply.array(keys.length);
  for (const { key, db, type, bytes } of keys) {
    c.reply.array(4);
    c.reply.bulk(key, 0, key.length);
    c.reply.integer(db);
    c.reply.text(typeName(type));
    c.reply.integer(bytes);
  }
  return DONE;
}

/** An error text when it is none. */
function countOf({ request }: CommandContext): number | string {
  if (request.argc === 2) return DEFAULT_COUNT;
  if (request.argc !== 4 || !request.is(2, 'count')) return ERR_SYNTAX;
  const count = request.int64(3);
  return count === null || count < 1n || count > MOST_COUNT ? BAD_COUNT : Number(count);
}
