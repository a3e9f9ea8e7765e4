// The handlers of the string family, by command.

import type { HandlersOf, stringFamily } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { decr, decrBy, incr, incrBy } from './counter.ts';
import { get } from './get.ts';
import { set } from './set.ts';

type Pending =
  | 'APPEND' | 'GETDEL' | 'GETEX' | 'GETRANGE' | 'GETSET' | 'INCRBYFLOAT' | 'LCS' | 'MGET'
  | 'MSET' | 'MSETNX' | 'PSETEX' | 'SETEX' | 'SETNX' | 'SETRANGE' | 'STRLEN' | 'SUBSTR';

export const stringHandlers = {
  DECR: keyed(decr),
  DECRBY: keyed(decrBy),
  GET: keyed(get),
  INCR: keyed(incr),
  INCRBY: keyed(incrBy),
  SET: keyed(set),
} satisfies HandlersOf<typeof stringFamily, Handler, Pending>;
