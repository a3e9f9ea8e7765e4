// FUNCTION STATS: on fronts, which answer while workers are busy.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

/** FUNCTION STATS. Redis: shows any function that runs; here one that has become busy. */
export function functionStats(c: CommandContext, _: Session, { scripts }: ServerServices): Outcome {
  const { reply } = c;
  const busy = scripts.busyFunction();
  const { libraries, functions } = scripts.figures();
  // How many there are may be news of another thread, which it has not handed over.
  c.log?.seesAll();
  reply.map(2);
  reply.text('running_script');
  if (busy === null) {
    reply.null();
  } else {
    reply.map(3);
    reply.text('name');
    reply.text(busy.name);
    reply.text('command');
    reply.array(busy.words.length);
    for (const word of busy.words) reply.bulk(word, 0, word.length);
    reply.text('duration_ms');
    reply.integer(Math.max(0, Math.round(c.nowMs - busy.startedAtMs)));
  }
  reply.text('engines');
  reply.map(1);
  reply.text('LUA');
  reply.map(2);
  reply.text('libraries_count');
  reply.integer(libraries);
  reply.text('functions_count');
  reply.integer(functions);
  return DONE;
}
