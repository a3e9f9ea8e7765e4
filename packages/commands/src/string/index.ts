// The handlers of the string family, by command.

import type { HandlersOf, stringFamily } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { decr, decrBy, incr, incrBy } from './counter.ts';
import { incrByFloat } from './float-counter.ts';
import { get, getRange, mget, strlen } from './get.ts';
import { getDel, getEx } from './get-and-change.ts';
import { append, setRange } from './grow.ts';
import { lcs } from './lcs.ts';
import { mset, msetNx } from './mset.ts';
import { getSet, pSetEx, set, setEx, setNx } from './set.ts';

export const stringHandlers = {
  APPEND: keyed(append),
  DECR: keyed(decr),
  DECRBY: keyed(decrBy),
  GET: keyed(get),
  GETDEL: keyed(getDel),
  GETEX: keyed(getEx),
  GETRANGE: keyed(getRange),
  GETSET: keyed(getSet),
  INCR: keyed(incr),
  INCRBY: keyed(incrBy),
  INCRBYFLOAT: keyed(incrByFloat),
  LCS: keyed(lcs),
  MGET: keyed(mget),
  MSET: keyed(mset),
  MSETNX: keyed(msetNx),
  PSETEX: keyed(pSetEx),
  SET: keyed(set),
  SETEX: keyed(setEx),
  SETNX: keyed(setNx),
  SETRANGE: keyed(setRange),
  STRLEN: keyed(strlen),
  SUBSTR: keyed(getRange),
} satisfies HandlersOf<typeof stringFamily, Handler>;
