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

/** What clients look for, and the version of it whose commands are served. */
const MODULES: readonly (readonly [name: string, version: number])[] = [
  ['ReJSON', 20609],
  ['bf', 20612],
];

/** MODULE LIST: nothing is loaded; these are part of the server. */
export function moduleList(c: CommandContext): Outcome {
  const { reply } = c;
  reply.array(MODULES.length);
  for (const [name, version] of MODULES) {
    reply.map(4);
    reply.text('name');
    reply.text(name);
    reply.text('ver');
    reply.integer(version);
    reply.text('path');
    reply.text('');
    reply.text('args');
    reply.array(0);
  }
  return DONE;
}
