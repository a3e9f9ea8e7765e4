// Geospatial indexes: sorted sets whose scores are coordinates.
import type { CommandFamily } from '../command-spec.ts';

export const geoFamily = {
  GEOADD: {
    summary: 'Puts members with their coordinates into a geospatial index.',
    complexity: 'O(log(N)) for each member, N = members of the index',
    since: '3.2.0',
    arity: -5,
    flags: ['write', 'denyoom'],
    acl: ['write', 'geo', 'slow'],
    keys: ['1 RW update'],
    args:
      'key [NX|XX] [CH] longitude:float latitude:float member [longitude:float latitude:float ' +
      'member ...]',
    reply: 'int',
  },
  GEODIST: {
    summary: 'Measures the distance between two members.',
    complexity: 'O(1)',
    since: '3.2.0',
    arity: -4,
    flags: ['readonly'],
    acl: ['read', 'geo', 'slow'],
    keys: ['1 RO access'],
    args: 'key member1 member2 [M|KM|FT|MI]',
    reply: 'nil|str',
  },
  GEOHASH: {
    summary: "Gives members' positions as standard Geohash texts.",
    complexity: 'O(N), N = members given',
    since: '3.2.0',
    arity: -2,
    flags: ['readonly'],
    acl: ['read', 'geo', 'slow'],
    keys: ['1 RO access'],
    args: 'key [member [member ...]]',
    reply: '[str]',
  },
  GEOPOS: {
    summary: 'Reads the longitude and latitude of members.',
    complexity: 'O(N), N = members given',
    since: '3.2.0',
    arity: -2,
    flags: ['readonly'],
    acl: ['read', 'geo', 'slow'],
    keys: ['1 RO access'],
    args: 'key [member [member ...]]',
    reply: '[nil|(double,double)]',
  },
  GEORADIUS: {
    summary: 'Finds members within a distance of a point, and optionally stores them.',
    complexity: 'O(N+M*log(M)), N = members in the box around the circle, M = found',
    since: '3.2.0',
    arity: -6,
    flags: ['write', 'denyoom'],
    acl: ['write', 'geo', 'slow'],
    keys: ['1 RO access', 'STORE@6 OW update', 'STOREDIST@6 OW update'],
    args:
      'key longitude:float latitude:float radius:float <M|KM|FT|MI> [WITHCOORD] ' +
      '[WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [ASC|DESC] [STORE key|STOREDIST key]',
    reply: '[str]|[(str)]|int',
    deprecated: '6.2.0',
    replacedBy: 'GEOSEARCH or GEOSEARCHSTORE with BYRADIUS',
  },
  GEORADIUSBYMEMBER: {
    summary: 'Finds members within a distance of a member, and optionally stores them.',
    complexity: 'O(N+M*log(M)), N = members in the box around the circle, M = found',
    since: '3.2.0',
    arity: -5,
    flags: ['write', 'denyoom'],
    acl: ['write', 'geo', 'slow'],
    keys: ['1 RO access', 'STORE@5 OW update', 'STOREDIST@5 OW update'],
    args:
      'key member radius:float <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT ' +
      'count:int [ANY]] [ASC|DESC] [STORE key|STOREDIST key]',
    reply: '[str]|[(str)]|int',
    deprecated: '6.2.0',
    replacedBy: 'GEOSEARCH or GEOSEARCHSTORE with FROMMEMBER and BYRADIUS',
  },
  GEORADIUSBYMEMBER_RO: {
    summary: 'Finds members within a distance of a member.',
    complexity: 'O(N+M*log(M)), N = members in the box around the circle, M = found',
    since: '3.2.10',
    arity: -5,
    flags: ['readonly'],
    acl: ['read', 'geo', 'slow'],
    keys: ['1 RO access'],
    args:
      'key member radius:float <M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT ' +
      'count:int [ANY]] [ASC|DESC]',
    reply: '[str]|[(str)]',
    deprecated: '6.2.0',
    replacedBy: 'GEOSEARCH with FROMMEMBER and BYRADIUS',
  },
  GEORADIUS_RO: {
    summary: 'Finds members within a distance of a point.',
    complexity: 'O(N+M*log(M)), N = members in the box around the circle, M = found',
    since: '3.2.10',
    arity: -6,
    flags: ['readonly'],
    acl: ['read', 'geo', 'slow'],
    keys: ['1 RO access'],
    args:
      'key longitude:float latitude:float radius:float <M|KM|FT|MI> [WITHCOORD] ' +
      '[WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [ASC|DESC]',
    reply: '[str]|[(str)]',
    deprecated: '6.2.0',
    replacedBy: 'GEOSEARCH with BYRADIUS',
  },
  GEOSEARCH: {
    summary: 'Finds members inside a circle or a box.',
    complexity: 'O(N+M*log(M)), N = members in the box around the area, M = found',
    since: '6.2.0',
    arity: -7,
    flags: ['readonly'],
    acl: ['read', 'geo', 'slow'],
    keys: ['1 RO access'],
    args:
      'key <FROMMEMBER member|FROMLONLAT longitude:float latitude:float> <BYRADIUS radius:float ' +
      '<M|KM|FT|MI>|BYBOX width:float height:float <M|KM|FT|MI>> [ASC|DESC] ' +
      '[COUNT count:int [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]',
    reply: '[str]|[(str)]',
  },
  GEOSEARCHSTORE: {
    summary: 'Stores the members inside a circle or a box under another key.',
    complexity: 'O(N+M*log(M)), N = members in the box around the area, M = stored',
    since: '6.2.0',
    arity: -8,
    flags: ['write', 'denyoom'],
    acl: ['write', 'geo', 'slow'],
    keys: ['1 OW update', '2 RO access'],
    args:
      'destination source <FROMMEMBER member|FROMLONLAT longitude:float latitude:float> ' +
      '<BYRADIUS radius:float <M|KM|FT|MI>|BYBOX width:float height:float <M|KM|FT|' +
      'MI>> [ASC|DESC] [COUNT count:int [ANY]] [STOREDIST]',
    reply: 'int',
  },
} as const satisfies CommandFamily;
