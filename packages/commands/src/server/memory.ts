// MEMORY: what keys take. Figures of the process are in INFO.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';

/**
 * MEMORY USAGE key [SAMPLES count]: bytes of the key's slot in the hot table, and of its value
 * where that is large; a cold value takes no memory. Redis: SAMPLES says how exact the answer for
 * a nested value is; here it is always known.
 */
export function memoryUsage(c: CommandContext): Outcome {
  for (let i = 3; i < c.request.argc; i += 2) {
    if (!c.request.is(i, 'samples') || i + 1 >= c.request.argc) return c.fail(ERR_SYNTAX);
    const samples = c.request.int64(i + 1);
    if (samples === null) return c.fail(ERR_NOT_INTEGER);
    if (samples < 0n) return c.fail(ERR_SYNTAX);
  }
  const entry = c.peek(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.reply.null();
    return DONE;
  }
  const { table } = c;
  const largeBytes = table.isLarge(entry) ? c.lengthOf(entry) : 0;
  c.reply.integer(table.slotBytesOf(entry) + largeBytes);
  return DONE;
}
