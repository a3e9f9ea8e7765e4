// Database numbers among the arguments of COPY and MOVE.

import type { CommandContext } from './context.ts';
import { ERR_DB_INDEX, ERR_NOT_INT32, ERR_NOT_INTEGER } from './errors.ts';

const INT32_MIN = -2147483648n;
const INT32_MAX = 2147483647n;

/** Returns the database an argument names, or -1 after writing the error reply. */
export function readDatabase(c: CommandContext, index: number): number {
  const given = c.request.int64(index);
  if (given === null) {
    c.reply.error(ERR_NOT_INTEGER);
  } else if (given < INT32_MIN || given > INT32_MAX) {
    c.reply.error(ERR_NOT_INT32);
  } else if (given < 0n || given >= BigInt(c.databases.count)) {
    c.reply.error(ERR_DB_INDEX);
  } else {
    return Number(given);
  }
  return -1;
}
