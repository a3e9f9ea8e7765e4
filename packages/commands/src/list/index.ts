// The handlers of the list family, by command.

import type { HandlersOf, listFamily } from '@forgekv/catalog';
import { type Handler, keyed, keyedWaiting } from '../handler.ts';
import {
  bLMove,
  bLMPop,
  bLPop,
  bRPop,
  bRPopLPush,
  serveLPop,
  serveMove,
  serveMPop,
  serveRPop,
  serveRPopLPush,
} from './blocking.ts';
import { lInsert, lRem, lSet, lTrim } from './edit.ts';
import { lMove, rPopLPush } from './move.ts';
import { lMPop, lPop, rPop } from './pop.ts';
import { lPos } from './positions.ts';
import { lPush, lPushX, rPush, rPushX } from './push.ts';
import { lIndex, lLen, lRange } from './read.ts';

export const listHandlers = {
  BLMOVE: keyedWaiting(bLMove, serveMove),
  BLMPOP: keyedWaiting(bLMPop, serveMPop),
  BLPOP: keyedWaiting(bLPop, serveLPop),
  BRPOP: keyedWaiting(bRPop, serveRPop),
  BRPOPLPUSH: keyedWaiting(bRPopLPush, serveRPopLPush),
  LINDEX: keyed(lIndex),
  LINSERT: keyed(lInsert),
  LLEN: keyed(lLen),
  LMOVE: keyed(lMove),
  LMPOP: keyed(lMPop),
  LPOP: keyed(lPop),
  LPOS: keyed(lPos),
  LPUSH: keyed(lPush),
  LPUSHX: keyed(lPushX),
  LRANGE: keyed(lRange),
  LREM: keyed(lRem),
  LSET: keyed(lSet),
  LTRIM: keyed(lTrim),
  RPOP: keyed(rPop),
  RPOPLPUSH: keyed(rPopLPush),
  RPUSH: keyed(rPush),
  RPUSHX: keyed(rPushX),
} satisfies HandlersOf<typeof listFamily, Handler>;
