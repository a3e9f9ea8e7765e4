// The handlers of the set family, by command.

import type { HandlersOf, setFamily } from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import { sadd, srem } from './add.ts';
import { sdiff, sinter, sinterCard, sunion } from './algebra.ts';
import { sdiffStore, sinterStore, sunionStore } from './algebra-store.ts';
import { scard, sIsMember, sMembers, sMIsMember } from './members.ts';
import { smove } from './move.ts';
import { spop } from './pop.ts';
import { sRandMember } from './random.ts';
import { sscan } from './scan.ts';

export const setHandlers = {
  SADD: keyed(sadd),
  SCARD: keyed(scard),
  SDIFF: keyed(sdiff),
  SDIFFSTORE: keyed(sdiffStore),
  SINTER: keyed(sinter),
  SINTERCARD: keyed(sinterCard),
  SINTERSTORE: keyed(sinterStore),
  SISMEMBER: keyed(sIsMember),
  SMEMBERS: keyed(sMembers),
  SMISMEMBER: keyed(sMIsMember),
  SMOVE: keyed(smove),
  SPOP: keyed(spop),
  SRANDMEMBER: keyed(sRandMember),
  SREM: keyed(srem),
  SSCAN: keyed(sscan),
  SUNION: keyed(sunion),
  SUNIONSTORE: keyed(sunionStore),
} satisfies HandlersOf<typeof setFamily, Handler>;
