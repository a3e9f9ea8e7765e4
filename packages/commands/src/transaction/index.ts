// The handlers of transactions, by command.

import type { HandlersOf, transactionFamily } from '@forgekv/catalog';
import { type Handler, keyed, onFront } from '../handler.ts';
import { discard, exec, multi, unwatch } from './multi.ts';
import { watch } from './watched-keys.ts';

export const transactionHandlers = {
  DISCARD: onFront(discard),
  EXEC: onFront(exec),
  MULTI: onFront(multi),
  UNWATCH: onFront(unwatch),
  WATCH: keyed(watch),
} satisfies HandlersOf<typeof transactionFamily, Handler>;
