// The handlers of the server family's commands on whole databases, by command.

import type { CommandNames, HandlersOf, serverFamily } from '@forgekv/catalog';
import { type Handler, keyed, onWorker } from '../handler.ts';
import { dbSize, flushAll, flushDb, swapDb } from './databases.ts';

/** About the server as such, so they are in `server`. */
type ServerCommand = Exclude<
  CommandNames<typeof serverFamily>,
  'DBSIZE' | 'FLUSHALL' | 'FLUSHDB' | 'SWAPDB'
>;

export const keyspaceHandlers = {
  // Reads counters only: wherever the connection is.
  DBSIZE: keyed(dbSize),
  FLUSHALL: onWorker(flushAll),
  FLUSHDB: onWorker(flushDb),
  SWAPDB: onWorker(swapDb),
} satisfies HandlersOf<typeof serverFamily, Handler, ServerCommand>;
