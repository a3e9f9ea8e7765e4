// FLUSHDB, FLUSHALL, SWAPDB and DBSIZE: whole databases.

import { SHARD_COUNT } from '@forgekv/base';
import { NamespaceWriteError } from '@forgekv/storage';
import type { CommandContext } from '../context.ts';
import { ERR_DB_INDEX, ERR_SYNTAX } from '../errors.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';

const INT32_MIN = -2147483648n;
const INT32_MAX = 2147483647n;

/** DBSIZE: keys that have expired and wait to be removed are counted, as in Redis. */
export function dbSize(c: CommandContext): Outcome {
  c.reply.integer(c.databases.keys(c.db));
  // What other threads have changed is counted; it may not be handed over yet.
  c.log?.seesAll();
  return DONE;
}

/**
 * FLUSHDB [ASYNC | SYNC]. Redis: SYNC replies when the memory is free; here the database is empty
 * at once either way, and the memory is reclaimed in the background.
 */
export function flushDb(c: CommandContext): Outcome {
  return flush(c, c.db, c.db);
}

/** FLUSHALL [ASYNC | SYNC]. */
export function flushAll(c: CommandContext): Outcome {
  return flush(c, 0, c.databases.count - 1);
}

function flush(c: CommandContext, first: number, last: number): Outcome {
  const { argc } = c.request;
  const known = argc === 1 || c.request.is(1, 'async') || c.request.is(1, 'sync');
  if (argc > 2 || !known) return c.fail(ERR_SYNTAX);
  return changeDatabases(c, () => {
    c.stats.changes += c.databases.flush(first, last);
    c.changes.noteFlush();
  });
}

/** SWAPDB index1 index2. */
export function swapDb(c: CommandContext): Outcome {
  const first = c.request.int64(1);
  const second = c.request.int64(2);
  if (!isInt32(first)) return c.fail('ERR invalid first DB index');
  if (!isInt32(second)) return c.fail('ERR invalid second DB index');
  const { count } = c.databases;
  if (first < 0n || first >= count || second < 0n || second >= count) return c.fail(ERR_DB_INDEX);
  return changeDatabases(c, () => {
    c.databases.swap(Number(first), Number(second));
    c.blocking.turned(Number(first));
    c.blocking.turned(Number(second));
  });
}

function isInt32(value: bigint | null): value is bigint {
  return value !== null && value >= INT32_MIN && value <= INT32_MAX;
}

/** Runs a change of whole databases under every shard lock, unless a transaction owns a shard. */
function changeDatabases(c: CommandContext, change: () => void): Outcome {
  try {
    const changed = c.databases.withAllLocks(() => {
      for (let shard = 0; shard < SHARD_COUNT; shard++) if (c.isGated(shard)) return false;
      change();
      c.stats.changes++;
      return true;
    });
    if (!changed) return c.refuse(NOT_HERE);
  } catch (error) {
    if (!(error instanceof NamespaceWriteError)) throw error;
    return c.fail(`MISCONF Errors writing the map of databases: ${error.message}`);
  }
  c.reply.ok();
  return DONE;
}
