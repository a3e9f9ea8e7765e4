// The handlers of the commands of channels.

import type { HandlersOf, pubsubFamily } from '@forgekv/catalog';
import { type Handler, onFront } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { countListeners, countPatterns, listChannels } from './listeners.ts';
import { publish, publishSharded } from './publish.ts';
import { subscribe, unsubscribe } from './subscribe.ts';

export const pubsubHandlers = {
  PSUBSCRIBE: onFront(subscribe('pattern', 'psubscribe')),
  PUBLISH: onFront(publish),
  PUNSUBSCRIBE: onFront(unsubscribe('pattern', 'punsubscribe')),
  SPUBLISH: onFront(publishSharded),
  SSUBSCRIBE: onFront(subscribe('shard-channel', 'ssubscribe')),
  SUBSCRIBE: onFront(subscribe('channel', 'subscribe')),
  SUNSUBSCRIBE: onFront(unsubscribe('shard-channel', 'sunsubscribe')),
  UNSUBSCRIBE: onFront(unsubscribe('channel', 'unsubscribe')),
  'PUBSUB|CHANNELS': onFront(listChannels('channel')),
  'PUBSUB|HELP': onFront(helpOn('pubsub')),
  'PUBSUB|NUMPAT': onFront(countPatterns),
  'PUBSUB|NUMSUB': onFront(countListeners('channel')),
  'PUBSUB|SHARDCHANNELS': onFront(listChannels('shard-channel')),
  'PUBSUB|SHARDNUMSUB': onFront(countListeners('shard-channel')),
} satisfies HandlersOf<typeof pubsubFamily, Handler>;
