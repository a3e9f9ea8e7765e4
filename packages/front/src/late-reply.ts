// The reply of a command that was deferred, written in a later tick than the command was read.

import { endReply, type ThreadStats } from '@forgekv/commands';
import type { ReplyWriter } from '@forgekv/protocol';
import type { ClientBounds } from './client-bounds.ts';
import type { Connection } from './connection.ts';
import type { TickOutput } from './tick-output.ts';

export interface LateReplyModules {
  readonly writer: ReplyWriter;
  readonly bounds: ClientBounds;
  readonly output: TickOutput;
  readonly stats: ThreadStats;
}

/** Has `write` make the reply; false: it was too large, and the connection is closed. */
export function writeLate(
  { writer, bounds, output, stats }: LateReplyModules,
  connection: Connection,
  write: (reply: ReplyWriter) => void,
): boolean {
  const start = writer.position;
  writer.floor = start;
  writer.resp3 = connection.resp === 3;
  const errors = writer.errorCount;
  write(writer);
  if (writer.overflowed) {
    writer.overflowed = false;
    bounds.dropTooLarge(connection);
    return false;
  }
  if (writer.errorCount !== errors) stats.errorReply(writer.lastError);
  if (connection.replyMode === 'on' || endReply(connection)) output.add(connection, start);
  else writer.position = start;
  return true;
}
