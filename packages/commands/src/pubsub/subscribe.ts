// SUBSCRIBE and its like. Each name is confirmed by a message of its own, which CLIENT REPLY does
// not hold back.

import type { ReplyWriter } from '@forgekv/protocol';
import type { ListenKind } from '../channel-services.ts';
import type { CommandContext } from '../context.ts';
import type { FrontHandler } from '../handler.ts';
import { DONE } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

/** SUBSCRIBE channel [channel ...], PSUBSCRIBE, SSUBSCRIBE. */
export function subscribe(kind: ListenKind, word: string): FrontHandler['run'] {
  return (c, session, { channels }) => {
    session.replyIsPush = session.replyMode !== 'on';
    for (let i = 1; i < c.request.argc; i++) {
      const name = c.request.copy(i);
      const problem = channels.subscribe(session, kind, name);
      if (problem !== '') return c.fail(problem);
      confirm(c.reply, word, name, channels.countOf(session, kind));
    }
    return DONE;
  };
}

/** UNSUBSCRIBE [channel [channel ...]], PUNSUBSCRIBE, SUNSUBSCRIBE. */
export function unsubscribe(kind: ListenKind, word: string): FrontHandler['run'] {
  return (c, session, services) => {
    const { channels } = services;
    session.replyIsPush = session.replyMode !== 'on';
    const names = namesGiven(c) ?? channels.namesOf(session, kind);
    const drained = channels.leave(session, kind, names);
    const write = (reply: ReplyWriter): void => {
      confirmLeft(reply, word, session, services, kind, names);
    };
    if (drained !== null) return services.later(session, drained, write);
    write(c.reply);
    return DONE;
  };
}

/** Copies of the names, since the reply may come later; null: none is given. */
function namesGiven({ request }: CommandContext): Buffer[] | null {
  if (request.argc === 1) return null;
  return Array.from({ length: request.argc - 1 }, (_, i) => request.copy(i + 1));
}

function confirmLeft(
  reply: ReplyWriter,
  word: string,
  session: Session,
  { channels }: ServerServices,
  kind: ListenKind,
  names: readonly Buffer[],
): void {
  for (const name of names) {
    channels.forget(session, kind, name);
    confirm(reply, word, name, channels.countOf(session, kind));
  }
  if (names.length === 0) confirm(reply, word, null, channels.countOf(session, kind));
}

function confirm(reply: ReplyWriter, word: string, name: Buffer | null, count: number): void {
  reply.push(3);
  reply.text(word);
  if (name === null) reply.null();
  else reply.bulk(name, 0, name.length);
  reply.integer(count);
}
