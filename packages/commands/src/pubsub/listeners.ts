// PUBSUB: who listens to what, over all fronts.

import { globMatchBounded } from '@forgekv/base';
import type { ListenKind } from '../channel-services.ts';
import type { CommandContext } from '../context.ts';
import type { FrontHandler } from '../handler.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

/** PUBSUB CHANNELS [pattern], SHARDCHANNELS [pattern]. */
export function listChannels(kind: ListenKind): FrontHandler['run'] {
  return (c, _, { channels }) => {
    const { request, reply } = c;
    if (request.argc > 3) {
      const given = request.text(1);
      const problem = `unknown subcommand or wrong number of arguments for '${given}'`;
      return c.fail(`ERR ${problem}. Try PUBSUB HELP.`);
    }
    const pattern = request.argc === 3 ? request.slice(2) : null;
    const names: Buffer[] = [];
    channels.figures.eachName(kind, (name) => {
      if (pattern === null || globMatchBounded(pattern, name)) names.push(name);
    });
    reply.array(names.length);
    for (const name of names) reply.bulk(name, 0, name.length);
    return DONE;
  };
}

/** PUBSUB NUMSUB [channel [channel ...]], SHARDNUMSUB. */
export function countListeners(kind: ListenKind): FrontHandler['run'] {
  return (c, _, { channels }) => {
    const { request, reply } = c;
    reply.array((request.argc - 2) * 2);
    for (let i = 2; i < request.argc; i++) {
      reply.bulk(request.bytes, request.offset(i), request.length(i));
      reply.integer(channels.figures.listeners(kind, request.slice(i)));
    }
    return DONE;
  };
}

/** PUBSUB NUMPAT. */
export function countPatterns(
  c: CommandContext,
  _: Session,
  { channels }: ServerServices,
): Outcome {
  c.reply.integer(channels.figures.names('pattern'));
  return DONE;
}
