// What this server is part of: ROLE and MODULE LIST.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

/** ROLE: a master without replicas, since there is no replication yet. */
export function role(c: CommandContext): Outcome {
  c.reply.array(3);
  c.reply.text('master');
  c.reply.integer(0);
  c.reply.array(0);
  return DONE;
}

/** MODULE LIST: no command of a module is served yet. */
export function moduleList(c: CommandContext): Outcome {
  c.reply.array(0);
  return DONE;
}
