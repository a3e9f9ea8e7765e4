// WAIT: there are no replicas to wait for.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';

const ERR_TIMEOUT = 'ERR timeout is not an integer or out of range';
const ERR_TIMEOUT_NEGATIVE = 'ERR timeout is negative';

/**
 * WAIT numreplicas timeout. Redis: sits out the timeout when it has fewer replicas; nothing that
 * happens in that time could change the answer here.
 */
export function wait(c: CommandContext): Outcome {
  const timeoutMs = c.request.int64(2);
  if (c.request.int64(1) === null) return c.fail(ERR_NOT_INTEGER);
  if (timeoutMs === null) return c.fail(ERR_TIMEOUT);
  if (timeoutMs < 0n) return c.fail(ERR_TIMEOUT_NEGATIVE);
  c.reply.integer(0);
  return DONE;
}
