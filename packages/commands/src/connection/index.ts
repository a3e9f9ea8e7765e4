// The handlers of the connection family and of CLIENT, by command.

import type { clientFamily, connectionFamily, HandlersOf } from '@forgekv/catalog';
import { type Handler, onFront } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { echo, ping, quit, reset, select } from './basics.ts';
import {
  clientKill,
  clientList,
  clientPause,
  clientUnblock,
  clientUnpause,
} from './client-others.ts';
import {
  clientGetName,
  clientId,
  clientInfo,
  clientNoEvict,
  clientNoTouch,
  clientReply,
  clientSetInfo,
  clientSetName,
} from './client-self.ts';
import {
  clientCaching,
  clientGetRedir,
  clientTracking,
  clientTrackingInfo,
} from './client-tracking.ts';
import { auth, hello } from './login.ts';

export const connectionHandlers = {
  AUTH: onFront(auth),
  ECHO: onFront(echo),
  HELLO: onFront(hello),
  PING: onFront(ping),
  QUIT: onFront(quit),
  RESET: onFront(reset),
  SELECT: onFront(select),
} satisfies HandlersOf<typeof connectionFamily, Handler>;

export const clientHandlers = {
  'CLIENT|CACHING': onFront(clientCaching),
  'CLIENT|GETNAME': onFront(clientGetName),
  'CLIENT|GETREDIR': onFront(clientGetRedir),
  'CLIENT|HELP': onFront(helpOn('client')),
  'CLIENT|ID': onFront(clientId),
  'CLIENT|INFO': onFront(clientInfo),
  'CLIENT|KILL': onFront(clientKill),
  'CLIENT|LIST': onFront(clientList),
  'CLIENT|NO-EVICT': onFront(clientNoEvict),
  'CLIENT|NO-TOUCH': onFront(clientNoTouch),
  'CLIENT|PAUSE': onFront(clientPause),
  'CLIENT|REPLY': onFront(clientReply),
  'CLIENT|SETINFO': onFront(clientSetInfo),
  'CLIENT|SETNAME': onFront(clientSetName),
  'CLIENT|TRACKING': onFront(clientTracking),
  'CLIENT|TRACKINGINFO': onFront(clientTrackingInfo),
  'CLIENT|UNBLOCK': onFront(clientUnblock),
  'CLIENT|UNPAUSE': onFront(clientUnpause),
} satisfies HandlersOf<typeof clientFamily, Handler>;
