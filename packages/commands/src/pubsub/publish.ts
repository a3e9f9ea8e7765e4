// PUBLISH and SPUBLISH. They need nothing of a connection, so that they can run wherever the
// context is: on a front, in a transaction, for a script.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

/** PUBLISH channel message. */
export function publish(c: CommandContext): Outcome {
  return send(c, false);
}

/** SPUBLISH shardchannel message. */
export function publishSharded(c: CommandContext): Outcome {
  return send(c, true);
}

function send(c: CommandContext, isSharded: boolean): Outcome {
  const { request } = c;
  c.reply.integer(c.publisher.publish(request.slice(1), request.slice(2), isSharded));
  return DONE;
}
