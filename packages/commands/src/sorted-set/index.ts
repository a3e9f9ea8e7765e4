// The handlers of the sorted set families, by command.

import type { HandlersOf, sortedSetFamily, sortedSetRangeFamily } from '@forgekv/catalog';
import { type Handler, keyed, keyedWaiting } from '../handler.ts';
import {
  zdiff,
  zdiffStore,
  zinter,
  zinterCard,
  zinterStore,
  zunion,
  zunionStore,
} from './algebra.ts';
import { bzmpop, bzpopMax, bzpopMin, serveMPop, servePopMax, servePopMin } from './blocking.ts';
import { zcard, zmscore, zrank, zrevRank, zscore } from './members.ts';
import { zrandMember } from './pick.ts';
import { zmpop, zpopMax, zpopMin } from './pop.ts';
import {
  zcount,
  zlexCount,
  zrange,
  zrangeByLex,
  zrangeByScore,
  zrangeStore,
  zrevRange,
  zrevRangeByLex,
  zrevRangeByScore,
} from './range.ts';
import { zrem, zremRangeByLex, zremRangeByRank, zremRangeByScore } from './remove.ts';
import { zscan } from './scan.ts';
import { zadd, zincrBy } from './zadd.ts';

export const sortedSetHandlers = {
  BZMPOP: keyedWaiting(bzmpop, serveMPop),
  BZPOPMAX: keyedWaiting(bzpopMax, servePopMax),
  BZPOPMIN: keyedWaiting(bzpopMin, servePopMin),
  ZADD: keyed(zadd),
  ZCARD: keyed(zcard),
  ZINCRBY: keyed(zincrBy),
  ZMPOP: keyed(zmpop),
  ZMSCORE: keyed(zmscore),
  ZPOPMAX: keyed(zpopMax),
  ZPOPMIN: keyed(zpopMin),
  ZRANDMEMBER: keyed(zrandMember),
  ZRANK: keyed(zrank),
  ZREM: keyed(zrem),
  ZREVRANK: keyed(zrevRank),
  ZSCAN: keyed(zscan),
  ZSCORE: keyed(zscore),
} satisfies HandlersOf<typeof sortedSetFamily, Handler>;

export const sortedSetRangeHandlers = {
  ZCOUNT: keyed(zcount),
  ZDIFF: keyed(zdiff),
  ZDIFFSTORE: keyed(zdiffStore),
  ZINTER: keyed(zinter),
  ZINTERCARD: keyed(zinterCard),
  ZINTERSTORE: keyed(zinterStore),
  ZLEXCOUNT: keyed(zlexCount),
  ZRANGE: keyed(zrange),
  ZRANGEBYLEX: keyed(zrangeByLex),
  ZRANGEBYSCORE: keyed(zrangeByScore),
  ZRANGESTORE: keyed(zrangeStore),
  ZREMRANGEBYLEX: keyed(zremRangeByLex),
  ZREMRANGEBYRANK: keyed(zremRangeByRank),
  ZREMRANGEBYSCORE: keyed(zremRangeByScore),
  ZREVRANGE: keyed(zrevRange),
  ZREVRANGEBYLEX: keyed(zrevRangeByLex),
  ZREVRANGEBYSCORE: keyed(zrevRangeByScore),
  ZUNION: keyed(zunion),
  ZUNIONSTORE: keyed(zunionStore),
} satisfies HandlersOf<typeof sortedSetRangeFamily, Handler>;
