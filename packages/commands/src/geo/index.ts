// The handlers of the geo family, by command.

import type { geoFamily, HandlersOf } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { geoAdd, geoDist, geoHash, geoPos } from './positions.ts';
import {
  geoRadius,
  geoRadiusByMember,
  geoRadiusByMemberRo,
  geoRadiusRo,
  geoSearch,
  geoSearchStore,
} from './search.ts';

export const geoHandlers = {
  GEOADD: keyed(geoAdd),
  GEODIST: keyed(geoDist),
  GEOHASH: keyed(geoHash),
  GEOPOS: keyed(geoPos),
  GEORADIUS: keyed(geoRadius),
  GEORADIUSBYMEMBER: keyed(geoRadiusByMember),
  GEORADIUSBYMEMBER_RO: keyed(geoRadiusByMemberRo),
  GEORADIUS_RO: keyed(geoRadiusRo),
  GEOSEARCH: keyed(geoSearch),
  GEOSEARCHSTORE: keyed(geoSearchStore),
} satisfies HandlersOf<typeof geoFamily, Handler>;
