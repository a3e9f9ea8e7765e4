// The handlers of the stream families, by command.

import type { HandlersOf, streamFamily, streamGroupFamily } from '@forgekv/catalog';
import { type Handler, keyed, keyedWaiting, onFront } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { xAdd } from './add.ts';
import { xAutoClaim, xClaim } from './claim.ts';
import { xDel, xLen, xSetId, xTrim } from './edit.ts';
import {
  xGroupCreate,
  xGroupCreateConsumer,
  xGroupDelConsumer,
  xGroupDestroy,
  xGroupSetId,
} from './group.ts';
import { xInfoConsumers, xInfoGroups, xInfoStream } from './info.ts';
import { xAck, xPending } from './pending.ts';
import { xRange, xRevRange } from './range.ts';
import { isReadReady, serveRead, xRead } from './read.ts';
import { isReadGroupReady, serveReadGroup, xReadGroup } from './read-group.ts';

export const streamHandlers = {
  XADD: keyed(xAdd),
  XDEL: keyed(xDel),
  'XINFO|CONSUMERS': keyed(xInfoConsumers),
  'XINFO|GROUPS': keyed(xInfoGroups),
  'XINFO|HELP': onFront(helpOn('xinfo')),
  'XINFO|STREAM': keyed(xInfoStream),
  XLEN: keyed(xLen),
  XRANGE: keyed(xRange),
  XREAD: keyedWaiting(xRead, serveRead, isReadReady),
  XREVRANGE: keyed(xRevRange),
  XSETID: keyed(xSetId),
  XTRIM: keyed(xTrim),
} satisfies HandlersOf<typeof streamFamily, Handler>;

export const streamGroupHandlers = {
  XACK: keyed(xAck),
  XAUTOCLAIM: keyed(xAutoClaim),
  XCLAIM: keyed(xClaim),
  'XGROUP|CREATE': keyed(xGroupCreate),
  'XGROUP|CREATECONSUMER': keyed(xGroupCreateConsumer),
  'XGROUP|DELCONSUMER': keyed(xGroupDelConsumer),
  'XGROUP|DESTROY': keyed(xGroupDestroy),
  'XGROUP|HELP': onFront(helpOn('xgroup')),
  'XGROUP|SETID': keyed(xGroupSetId),
  XPENDING: keyed(xPending),
  XREADGROUP: keyedWaiting(xReadGroup, serveReadGroup, isReadGroupReady),
} satisfies HandlersOf<typeof streamGroupFamily, Handler>;
